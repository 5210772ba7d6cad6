"""The code interpreter, which is a part of the agent toolset of Anthropic's managed agents.

``BetaManagedAgentsAgentToolset20260401Params`` of anthropic 2.14.0: a tool that ``configs`` do not name is as
``default_config`` says, and on where that says nothing. An agent has the toolset once.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.platforms.translation import Object, as_object, objects_in

INTERPRETER = "code_interpreter"
TOOLSET = "agent_toolset_20260401"
NOTE = (
    "It is the agent toolset there, with those of its tools that run code and handle files: bash runs it in the "
    "environment of the session, which has to have the packages. A toolset that is declared takes its place."
)

# A code interpreter reads and writes files and runs code; it has no way into the web.
_LIKE_AN_INTERPRETER = ("bash", "read", "write", "edit", "glob", "grep")
_NEEDED = ("bash", "read")
_INTERPRETER: Mapping[str, Json] = {
    "type": TOOLSET,
    "default_config": {"enabled": False},
    "configs": [{"name": name, "enabled": True} for name in _LIKE_AN_INTERPRETER],
}


def with_toolset(tools: Json) -> Json:
    """``tools`` with the toolset in the place of the code interpreter."""
    if not isinstance(tools, list):
        return tools
    return [dict(_INTERPRETER) if as_object(tool).get("type") == INTERPRETER else tool for tool in tools]


def without_code(tools: Json, own: Json) -> int | None:
    """The place in ``own`` of a toolset that runs no code, where ``tools`` have a code interpreter."""
    if not any(tool.get("type") == INTERPRETER for tool in objects_in(tools)):
        return None
    for place, tool in enumerate(objects_in(own)):
        if tool.get("type") == TOOLSET and not all(_is_enabled(tool, name) for name in _NEEDED):
            return place
    return None


def _is_enabled(toolset: Object, name: str) -> bool:
    said = [config for config in objects_in(toolset.get("configs")) if config.get("name") == name]
    default = as_object(toolset.get("default_config")).get("enabled")
    enabled = next((config.get("enabled") for config in said), None)
    return (default is not False) if enabled is None else enabled is True
