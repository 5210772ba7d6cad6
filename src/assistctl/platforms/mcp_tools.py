"""MCP servers among a manifest's tools (``model/mcp_server.py``), for platforms to put into their own shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assistctl.json_value import Json
from assistctl.model.capabilities import Finding
from assistctl.platforms.translation import Object, left_out

KIND = "mcp"
"""The type of such a tool."""


def servers_in(tools: Json) -> Iterator[tuple[int, Object]]:
    """The MCP servers among ``tools``, each with its place."""
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        if isinstance(tool, dict) and is_server(tool):
            yield place, tool


def is_server(tool: Json) -> bool:
    """Whether a tool is an MCP server as manifests declare it."""
    return isinstance(tool, dict) and tool.get("type") == KIND


def with_servers_as(tools: Json, translate: Callable[[Object], Object]) -> Json:
    """``tools`` with each MCP server in the shape of a platform."""
    if not isinstance(tools, list):
        return tools
    return [translate(tool) if isinstance(tool, dict) and is_server(tool) else tool for tool in tools]


def inexpressible_in_servers(tools: Json, platform: str, advice: dict[str, str]) -> Iterator[Finding]:
    """An error for each part of a server that ``platform`` has no place for; ``advice`` is by the part's name."""
    for place, server in servers_in(tools):
        for name, way in advice.items():
            if name in server:
                where = f"tools[{place}].{name}"
                yield Finding(where, f"{platform} cannot express {where}", way)


def left_out_of_servers(tools: Json, platform: str, notes: dict[str, str]) -> Iterator[Finding]:
    """A word about each part of a server that ``platform`` has nothing for and does without."""
    for place, server in servers_in(tools):
        for name, note in notes.items():
            if name in server:
                yield left_out(f"tools[{place}].{name}", platform, note)


def renamed(server: Object, names: dict[str, str]) -> Object:
    """The fields of ``server`` in ``names`` (ours to theirs), under their names."""
    return {theirs: server[ours] for ours, theirs in names.items() if ours in server}
