"""Rosters as Anthropic's API answers them: every entry resolved to one version of an agent.

By the words of ``BetaManagedAgentsMultiagentCoordinatorParams`` and
``BetaManagedAgentsMultiagent20261001Params`` an entry without a version is the newest one of then; agents must
exist, not be archived, and have no roster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]

_LISTS = ("agents", "predefined_agents")


class UnresolvedError(Exception):
    """An entry that names nothing which can be used."""


def resolved(
    multiagent: Object | None, agents: Mapping[str, Object], own_id: str, own_version: int
) -> Object | None:
    """``multiagent`` as it is answered. Raises ``UnresolvedError``."""
    if multiagent is None:
        return None
    return _with_versions(multiagent, agents, {"type": "agent", "id": own_id, "version": own_version})


def _with_versions(value: Object, agents: Mapping[str, Object], own: Object) -> Object:
    changed = dict(value)
    for name, part in value.items():
        if name in _LISTS and isinstance(part, list):
            changed[name] = [_entry(entry, agents, own) for entry in part]
        elif isinstance(part, dict):
            changed[name] = _with_versions(part, agents, own)
    return changed


def _entry(entry: Any, agents: Mapping[str, Object], own: Object) -> Object:
    entry = {"type": "agent", "id": entry} if isinstance(entry, str) else entry
    if entry["type"] != "agent":
        return own if entry["type"] == "self" else dict(entry)
    if entry["id"] == own["id"]:
        return dict(entry)  # stored before, for ``self``
    named = agents.get(entry["id"])
    if named is None or named["archived_at"] is not None or named["multiagent"] is not None:
        raise UnresolvedError(f"multiagent: {entry['id']} cannot be used")
    if entry.get("version", 1) > named["version"]:
        raise UnresolvedError(f"multiagent: {entry['id']} has no version {entry['version']}")
    return {"type": "agent", "id": entry["id"], "version": entry.get("version") or named["version"]}
