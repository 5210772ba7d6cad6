"""What a platform answers on a tool of the Assistants API beside what that API has.

APIs grow: ``async`` came to functions within weeks, and a container to the code interpreter. What a manifest says
nothing of is the platform's affair; what the Assistants API has of a tool is compared whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json

# FunctionObject, AssistantToolsFileSearch and AssistantToolsCode in OpenAI's API description.
# What others changed in an environment that we made is told as ``environment`` (``platforms.openai.agent_link``).
_NAMES = frozenset({"type", "function", "file_search", "environment"})
_INNER: Mapping[str, frozenset[str]] = {
    "function": frozenset({"name", "description", "parameters", "strict"}),
    "file_search": frozenset({"max_num_results", "ranking_options"}),
}


def without_extras(tool: Json, want: Json = None) -> Json:
    """``tool`` (canonical) without what the Assistants API has no name for and ``want`` does not mention."""
    if not isinstance(tool, dict):
        return tool
    wanted = want if isinstance(want, dict) else {}
    kept: dict[str, Json] = {}
    for name, part in tool.items():
        if name in _INNER and isinstance(part, dict):
            inner = _picked(part, _INNER[name], wanted.get(name))
            if inner:
                kept[name] = inner
        elif name in _NAMES or name in wanted:
            kept[name] = part
    return kept


def _picked(part: Mapping[str, Json], known: frozenset[str], want: Json) -> dict[str, Json]:
    wanted = want if isinstance(want, dict) else {}
    return {name: value for name, value in part.items() if name in known or name in wanted}
