"""The setting ``multiagent``, whose newer kind an update merges into what is there, level by level.

``BetaManagedAgentsMultiagent20261001Params`` of anthropic 2.14.0: a key that is left out keeps its value, and one
that is null takes its default.
"""

from __future__ import annotations

from assistctl.json_value import Json
from assistctl.platforms.translation import Object, as_object, without_nulls

_MERGED = "multiagent_20261001"
# What each part may have when it is enabled; disabled, it has nothing but its type.
_MEMBERS = {
    "subagents": ("inline_agents", "predefined_agents"),
    "workflows": ("inline_agents", "predefined_agents"),
}
_SELF: Object = {"type": "self"}


def to_wire_multiagent(value: Json) -> Json:
    """The setting as it is sent: where it is merged, with null for what a part no longer has."""
    if not isinstance(value, dict):
        return value
    if value.get("type") != _MERGED:
        return without_nulls(value) or None
    return {name: _whole(name, part) for name, part in value.items()}


def multiagent_from_wire(value: Json, agent_id: Json) -> Json:
    """The setting of an answer, in which the agent with ``agent_id`` is ``self`` again."""
    if isinstance(value, list):
        return [multiagent_from_wire(item, agent_id) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "agent" and value.get("id") == agent_id:
        return dict(_SELF)
    return {name: multiagent_from_wire(part, agent_id) for name, part in value.items()}


def _whole(name: str, part: Json) -> Json:
    if name not in _MEMBERS or as_object(part).get("type") != "enabled":
        return part
    return {**dict.fromkeys(_MEMBERS[name]), **as_object(part)}
