"""Tools in what people read: by their identity, as diffs and ``ignore_changes`` have it, not by their place."""

from __future__ import annotations

import re
from collections.abc import Collection

from assistctl.json_value import Json
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS, ToolNames

# Not the tools of one platform, which have no identity: those are `platforms.NAME.tools[0]`.
_NAME = re.compile(r"[\w.:-]{1,100}(?:#\d+)?")
# A name that is wrong names nothing: there the place stays.
_BY_PLACE = re.compile(r"(?<![\w.\]])tools\[(\d+)\](?!\.(?:type|function\.name)\b)")


def tools_by_name(
    text: str, tools: Json, hidden: Collection[str] = (), names: ToolNames = ASSISTANTS_API_TOOLS
) -> str:
    """``text`` with ``tools[order_status]`` for each ``tools[1]`` that ``tools`` has a name for.

    A tool has none while it is not what a tool must be, or when one of the ``hidden`` paths is part of its name.
    """
    if "tools[" not in text or not isinstance(tools, list):
        return text
    identities = names.identities(tools)

    def named(found: re.Match[str]) -> str:
        place = int(found[1])
        if place >= len(tools) or not _has_name(tools[place]) or _is_hidden(found[0], hidden, names):
            return found[0]
        return f"tools[{identities[place]}]" if _NAME.fullmatch(identities[place]) else found[0]

    return _BY_PLACE.sub(named, text)


def _has_name(tool: Json) -> bool:
    if not isinstance(tool, dict) or not isinstance(tool.get("type"), str) or not tool["type"]:
        return False
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    return tool["type"] != "function" or (isinstance(name, str) and bool(name))


def _is_hidden(tool: str, hidden: Collection[str], names: ToolNames) -> bool:
    steps = {step for path in names.parts for step in path}
    return any(path.startswith(f"{tool}.") and path.rpartition(".")[2] in steps for path in hidden)
