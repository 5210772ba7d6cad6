"""What managed agents have in the place of tools of other platforms.

``BetaManagedAgentsMultiagent20261001Params`` of anthropic 2.14.0; a connected agent is
``ConnectedAgentToolDefinition`` of azure-ai-agents 1.1.0, a library and a connector are ``DocumentLibraryTool``
and ``CustomConnector`` of mistralai 3.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.model.counterpart import Counterpart
from assistctl.platforms.translation import as_object
from assistctl.platforms.web_search import TYPES as SEARCHES

_CONNECTED = "It is one of multiagent.subagents there; its own description says what it is for."
_NOT_MOVED = (
    "That agent is not among those that are moved: move it too, and name it under "
    "platforms.anthropic-agents.multiagent."
)
# The toolset may be there only once, so that what it stands for is not added to it unasked.
_SEARCH = "Enable web_search in {type: agent_toolset_20260401} under platforms.anthropic-agents.tools."
_WAYS_ON: Mapping[str, str] = {
    **dict.fromkeys(("bing_grounding", *SEARCHES), _SEARCH),
    "document_library": "Declare a function or an MCP server that searches the documents.",
    "connector": "Declare the server behind the connector as a document (kind: mcp_server), and use it by key.",
    "azure_ai_search": "Declare a function or an MCP server that searches the index.",
    "openapi": "Declare a function for each operation, or an MCP server in front of the service.",
}


def counterpart(tool: Mapping[str, Json], _resources: Mapping[str, Json]) -> Counterpart | None:
    """A connected agent as it is here, or the way on from another tool; ``None`` where none is known."""
    kind = str(tool.get("type"))
    if kind in _WAYS_ON:
        return Counterpart(_WAYS_ON[kind])
    if kind != "connected_agent":
        return None
    named = as_object(tool.get("connected_agent")).get("id")
    if not isinstance(named, dict):
        return Counterpart(_NOT_MOVED)
    subagents: Json = {"type": "enabled", "inline_agents": {"type": "disabled"}, "predefined_agents": [named]}
    roster: Json = {"type": "multiagent_20261001", "subagents": subagents, "workflows": {"type": "disabled"}}
    return Counterpart(_CONNECTED, {"multiagent": roster})
