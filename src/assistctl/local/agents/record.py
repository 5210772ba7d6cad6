"""Agents: changes merged, and the agent as it is answered, with every default resolved.

What was asked for is kept as it was, and resolved only in the answer: an effort that nobody chose follows the
model. Whether an update merges ``reasoning`` and ``text`` is not written; like ``compaction``, they are replaced.
"""

from __future__ import annotations

import time

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored
from assistctl.model.model_catalog import takes_sampling

Fields = dict[str, Json]

MAX_SUBAGENTS = 6
"""How many subagents run at once when they are enabled and nobody says."""

_TOOL_DEFAULTS: dict[str, Fields] = {
    "function": {"defer_loading": False},
    "programmatic_tool_calling": {"enabled": True},
    "mcp": {
        "allowed_tools": None,
        "connection_origin": "service",
        "credential_id": None,
        "request_metadata": {},
        "required": False,
    },
    "web_search": {"allowed_domains": None, "context_size": "medium", "location": None, "mode": "live"},
    "computer_use": {"include_screenshots": False},
}
_TRANSPORT_DEFAULTS: dict[str, Fields] = {"http": {"headers": {}}, "stdio": {"args": [], "env_vars": []}}
_LOCATION: Fields = dict.fromkeys(("city", "country", "region", "timezone"))


def created(sent: Fields) -> Fields:
    """The fields of a new agent. ``sent`` fits ``fields.CREATE``."""
    return {**sent, "updated_at": int(time.time())}


def updated(stored: Stored, sent: Fields) -> Fields:
    """The fields after an update: what is not sent is kept, null goes back to the default.

    ``experimental`` is merged by key, everything else replaced. ``sent`` fits ``fields.UPDATE``.
    """
    merged = {**stored.body, **sent}
    if "experimental" in sent:
        merged["experimental"] = {**_object(stored.body.get("experimental")), **_object(sent["experimental"])}
    merged["updated_at"] = max(int(time.time()), stored.created_at)
    return merged


def view(stored: Stored) -> Fields:
    """The ``Agent``."""
    fields = stored.body
    return {
        "id": stored.id,
        "object": "agent",
        "created_at": stored.created_at,
        "updated_at": max(stored.created_at, _seconds(fields["updated_at"])),
        "name": fields.get("name"),
        "model": fields["model"],
        "instructions": fields.get("instructions"),
        "metadata": _object(fields.get("metadata")),
        "tools": [_tool(tool) for tool in _objects(fields.get("tools"))],
        "reasoning": _reasoning(fields),
        "text": _text(_object(fields.get("text"))),
        "service_tier": fields.get("service_tier") or "auto",
        "multi_agent": _multi_agent(_object(fields.get("multi_agent"))),
        "compaction": {"async": bool(_object(fields.get("compaction")).get("async"))},
        "experimental": {"time_awareness": bool(_object(fields.get("experimental")).get("time_awareness"))},
    }


def _reasoning(fields: Fields) -> Fields:
    asked = _object(fields.get("reasoning"))
    default = None if takes_sampling(str(fields["model"])) else "medium"
    return {"effort": asked.get("effort") or default, "summary": asked.get("summary")}


def _text(asked: Fields) -> Fields:
    return {"format": asked.get("format") or {"type": "text"}, "verbosity": asked.get("verbosity") or "medium"}


def _multi_agent(asked: Fields) -> Fields:
    if not asked.get("enabled"):
        return {"enabled": False, "max_concurrent_subagents": None}
    return {"enabled": True, "max_concurrent_subagents": asked.get("max_concurrent_subagents", MAX_SUBAGENTS)}


def _tool(asked: Fields) -> Fields:
    tool = _filled_in(asked, _TOOL_DEFAULTS.get(str(asked["type"]), {}))
    if "transport" in tool:
        transport = _object(tool["transport"])
        tool["transport"] = _filled_in(transport, _TRANSPORT_DEFAULTS[str(transport["type"])])
    if isinstance(tool.get("location"), dict):
        tool["location"] = {**_LOCATION, **_object(tool["location"])}
    return tool


def _filled_in(asked: Fields, defaults: Fields) -> Fields:
    return {**defaults, **{name: value for name, value in asked.items() if value is not None}}


def _seconds(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _objects(value: Json) -> list[Fields]:
    return [_object(item) for item in value] if isinstance(value, list) else []


def _object(value: Json) -> Fields:
    return value if isinstance(value, dict) else {}
