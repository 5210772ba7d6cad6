"""The counterparts in the Agents API of other platforms' tools.

``PersistedAgentToolConfigParamWebSearch`` of openai 3.57.0; the others are those of azure-ai-agents 1.1.0 and of
mistralai 3.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.model.counterpart import Counterpart
from assistctl.platforms.web_search import counterpart_of_search

_BING = (
    "It is the platform's own web search there, which has no connection: what the connection chose, and its "
    "market, language and freshness, are not taken over."
)
_WAYS_ON: Mapping[str, str] = {
    "azure_ai_search": "Declare a function or an MCP server that searches the index.",
    "openapi": "Declare a function for each operation, or an MCP server in front of the service.",
    "document_library": "Declare the library's documents as `files`, which code reads there.",
    "connector": "Declare the server behind the connector as a document (kind: mcp_server), and use it by key.",
    "connected_agent": "Subagents are made by the agent itself there (multi_agent: {enabled: true}), from its own "
    "instructions: write into them what that agent does, or call both from your application.",
}


def counterpart(tool: Mapping[str, Json], _resources: Mapping[str, Json]) -> Counterpart | None:
    """A search with Bing as a web search, and the way on for other tools; ``None`` for what is not known."""
    kind = str(tool.get("type"))
    if kind == "bing_grounding":
        return Counterpart(_BING, {"tools": [{"type": "web_search"}]})
    return Counterpart(_WAYS_ON[kind]) if kind in _WAYS_ON else counterpart_of_search(tool, "openai-agents")
