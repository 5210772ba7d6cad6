"""An MCP server as a document declares it, and as a tool of assistants before a platform translates that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.diagnostics import Position
from assistctl.json_value import Json

# The document's fields -> those of a tool of the Responses API, which most platforms follow
# (https://platform.openai.com/docs/guides/tools-remote-mcp). It has nothing for `credential`.
_AS_TOOL = {
    "url": "server_url",
    "description": "server_description",
    "headers": "headers",
    "allowed_tools": "allowed_tools",
    "credential": "credential",
    "require_approval": "require_approval",
}


@dataclass(frozen=True, slots=True)
class McpServer:
    """One declared server: its ``fields`` are those of its document, with variables filled, and hold no secret."""

    key: str
    fields: Mapping[str, Json]
    position: Position
    positions: Mapping[str, Position] = field(default_factory=dict)

    def as_tool(self, use: Mapping[str, Json]) -> dict[str, Json]:
        """The tool of an assistant that uses it, which may allow fewer of its tools."""
        own = {name: use[name] for name in ("allowed_tools",) if name in use}
        declared = {theirs: self.fields[ours] for ours, theirs in _AS_TOOL.items() if ours in self.fields}
        return {"type": "mcp", "server_label": self.key, **declared, **own}

    def positions_in_tool(self) -> dict[str, Position]:
        """The positions of that tool's fields."""
        return {theirs: self.positions[ours] for ours, theirs in _AS_TOOL.items() if ours in self.positions}
