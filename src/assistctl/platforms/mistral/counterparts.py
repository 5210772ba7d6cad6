"""The counterparts in Mistral's agents of other platforms' tools.

``CreateAgentRequest`` and its tools of mistralai 3.7.0: ``WebSearchTool``, ``ImageGenerationTool``,
``DocumentLibraryTool``, ``CustomConnector``, and ``handoffs``
(https://docs.mistral.ai/agents/handoffs). Functions and the code interpreter are the same there. The others are
those of azure-ai-agents 1.1.0, azure-ai-projects 2.10.0, openai 3.57.0 and anthropic 2.14.0.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.model.counterpart import Counterpart
from assistctl.platforms.translation import as_object
from assistctl.platforms.web_search import counterpart_of_search

NAME = "mistral-agents"

LIBRARY = f"{{type: document_library, library_ids: [ID]}} under platforms.{NAME}.tools"
"""How an agent is given a library."""
CONNECTOR = f"{{type: connector, connector_id: ID}} under platforms.{NAME}.tools"
"""How an agent is given a connector."""

_BING = (
    "It is the platform's own web search there, which has no connection: what the connection chose, and its "
    "market, language and freshness, are not taken over."
)
_IMAGES = "It is the platform's own there, which has no settings."
_HANDED_OFF = (
    "It is one of handoffs there: that agent goes on with the conversation, where a connected one only answers."
)
_NOT_MOVED = (
    f"That agent is not among those that are moved: move it too, and name it under platforms.{NAME}.handoffs."
)
_WAYS_ON: Mapping[str, str] = {
    "file_search": f"Make a library of the documents and declare {LIBRARY}: it is searched.",
    "mcp": f"Make a connector of the server and declare {CONNECTOR}.",
    "mcp_toolset": f"Make a connector of the server and declare {CONNECTOR}.",
    "azure_ai_search": f"Make a library of the documents and declare {LIBRARY}, or a function that searches them.",
    "openapi": "Declare a function for each operation, or make a connector of an MCP server in front of the "
    f"service and declare {CONNECTOR}.",
    "agent_toolset_20260401": "Declare {type: code_interpreter} for what runs code and handles files, and "
    f"{{type: web_search}} under platforms.{NAME}.tools for what reads the web.",
}


def counterpart(tool: Mapping[str, Json], _resources: Mapping[str, Json]) -> Counterpart | None:
    """A web search, an image generation or a connected agent as it is here, and the way on for other tools.

    ``None`` for what is not known.
    """
    kind = str(tool.get("type"))
    if kind == "bing_grounding":
        return Counterpart(_BING, {"tools": [{"type": "web_search"}]})
    if kind == "image_generation":
        return Counterpart(_IMAGES, {"tools": [{"type": kind}]})
    if kind == "connected_agent":
        named = as_object(tool.get(kind)).get("id")
        return (
            Counterpart(_HANDED_OFF, {"handoffs": [named]}) if isinstance(named, dict) else Counterpart(_NOT_MOVED)
        )
    if kind in _WAYS_ON:
        return Counterpart(_WAYS_ON[kind])
    return counterpart_of_search(tool, NAME)
