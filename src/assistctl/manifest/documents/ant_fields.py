"""Front matter as ``ant`` writes it: fields of Claude's agents on the top level.

An agent of ``ant`` is Markdown whose front matter has the fields of the API's agent and whose body is its system
prompt (https://platform.claude.com/docs/en/cli-sdks-libraries/cli/apply). ``name``, ``description``, ``model`` and
``metadata`` mean what they mean here. The rest only Claude's agents have: it belongs under their platform.
"""

from __future__ import annotations

from dataclasses import replace

from assistctl.manifest.syntax.node import Node, merged
from assistctl.platforms.anthropic.ant_files import FIELDS, PLATFORM, TOOLSETS


def under_its_platform(root: Node) -> Node:
    """``root`` with what only Claude's agents have under ``platforms`` and their name, places kept.

    What is written under ``platforms`` wins over what is moved there.
    """
    if not isinstance(root.value, dict):
        return root
    moved = {name: root.value[name] for name in FIELDS if name in root.value and not _names_keys(root.value[name])}
    own, others = _tools(root)
    if own:
        moved["tools"] = replace(root.value["tools"], value=own)
    if not moved:
        return root
    keys = {name: root.keys[name] for name in moved}
    rest = {name: child for name, child in root.value.items() if name not in moved}
    if own and others:
        rest["tools"] = replace(root.value["tools"], value=others)
    under = Node({PLATFORM: Node(dict(moved), root.place, keys)}, root.place, {PLATFORM: root.place})
    platforms = root.value.get("platforms")
    rest["platforms"] = merged(under, platforms) if platforms else under
    return replace(root, value=rest, keys={"platforms": root.place, **root.keys})


def _names_keys(declared: Node) -> bool:
    """Whether a list names things of the project: ``skills`` has keys here, and objects with a type there."""
    items = declared.value if isinstance(declared.value, list) else []
    return any(isinstance(item.value, str) or item.child("skill") is not None for item in items)


def _tools(root: Node) -> tuple[list[Node], list[Node]]:
    """The toolsets of Claude's agents among the document's tools, and its other tools."""
    tools = root.child("tools")
    declared = tools.value if tools and isinstance(tools.value, list) else []
    own = [tool for tool in declared if _is_toolset(tool)]
    return own, [tool for tool in declared if not _is_toolset(tool)]


def _is_toolset(tool: Node) -> bool:
    kind = tool.child("type")
    return kind is not None and isinstance(kind.value, str) and kind.value.startswith(TOOLSETS)
