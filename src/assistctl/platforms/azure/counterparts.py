"""The counterparts in Foundry's agents of other platforms' tools: of the classic service, and of all others.

``ImageGenTool`` of azure-ai-projects 2.10.0; ``ImageGenerationTool``, ``DocumentLibraryTool`` and
``CustomConnector`` are those of mistralai 3.7.0. The classic Agent Service's are the tool definitions of
azure-ai-agents 1.1.0 and 1.2.0b6 (``ToolDefinition`` and ``ToolResources``), to the ``Tool`` models of
azure-ai-projects 2.10.0; each line of those tables is one of both.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.model.counterpart import Counterpart
from assistctl.platforms.translation import Object, as_object
from assistctl.platforms.web_search import counterpart_of_search

_IMAGES = "It is the platform's own there, and needs a deployment of a model that draws."
_WAYS_ON: Mapping[str, str] = {
    "document_library": "Declare the library's documents as `files` of the tool file_search.",
    "connector": "Declare the server behind the connector as a document (kind: mcp_server), and use it by key.",
}

# AzureAISearchToolDefinition -> AzureAISearchTool, and so on; what was a preview is called one now.
_TYPES: Mapping[str, str] = {
    "azure_ai_search": "azure_ai_search",
    "azure_function": "azure_function",
    "bing_grounding": "bing_grounding",
    "bing_custom_search": "bing_custom_search_preview",
    "browser_automation": "browser_automation",
    "fabric_dataagent": "fabric_dataagent_preview",
    "openapi": "openapi",
    "sharepoint_grounding": "sharepoint_grounding_preview",
}
# AISearchIndexResource.index_connection_id, BingGroundingSearchConfiguration.connection_id,
# OpenApiConnectionSecurityScheme.connection_id, ToolConnection.connection_id -> project_connection_id;
# FabricDataAgentToolParameters.connections and SharepointGroundingToolParameters.connections.
_NAMES: Mapping[str, str] = {
    "connection_id": "project_connection_id",
    "index_connection_id": "project_connection_id",
    "connections": "project_connections",
}
_CONNECTED = "connection"
# What a model or a user says, and no place for connections.
_VERBATIM = frozenset({"spec", "parameters"})
_CONNECTION = "Its connection is a project_connection_id there: name a connection of that project."
_NOTES: Mapping[str, str] = {
    "azure_ai_search": f"Its indexes are in the tool there. {_CONNECTION}",
    "azure_function": "It is as it was.",
}
_LOST: Mapping[str, str] = {
    "connected_agent": "Give the agent an a2a tool with a connection to the other one's endpoint, or call both "
    "from a workflow agent.",
    "deep_research": "Name a deep research model as `model`, and declare {type: web_search} under "
    "platforms.azure-foundry.tools.",
}


def counterpart(tool: Mapping[str, Json], resources: Mapping[str, Json]) -> Counterpart | None:
    """A tool as it is here, or the way on; ``None`` for one that is not known."""
    kind = str(tool.get("type"))
    if kind == "image_generation":
        return Counterpart(_IMAGES, {"tools": [{"type": kind}]})
    if kind in _WAYS_ON:
        return Counterpart(_WAYS_ON[kind])
    return _classic(tool, resources) or counterpart_of_search(tool, "azure-foundry")


def _classic(tool: Mapping[str, Json], resources: Mapping[str, Json]) -> Counterpart | None:
    """A classic tool as Foundry has it; ``None`` for one that is not known."""
    kind = str(tool.get("type"))
    if kind in _LOST:
        return Counterpart(_LOST[kind])
    if kind == "computer_use_preview":
        # ComputerUseToolParameters are the tool's own fields in ComputerUsePreviewTool.
        settings = {**as_object(tool.get(kind)), "type": kind}
        return Counterpart("Its settings are the tool's own there.", _tools(settings))
    if kind not in _TYPES:
        return None
    settings = as_object(resources.get(kind) if kind == "azure_ai_search" else tool.get(kind))
    moved: Object = {"type": _TYPES[kind], _TYPES[kind]: _moved(settings, kind)}
    note = _NOTES.get(kind, _CONNECTION)
    return Counterpart(note, _tools(moved), "azure_ai_search" if kind == "azure_ai_search" else "")


def _tools(tool: Object) -> dict[str, Json]:
    return {"tools": [tool]}


def _moved(value: Json, inside: str) -> Json:
    """``value`` with the connections by their names there."""
    if isinstance(value, list):
        return [_moved(item, inside) for item in value]
    if not isinstance(value, dict):
        return value
    moved: Object = {}
    for name, part in value.items():
        if part is None or (inside, name) == ("openapi", "functions"):
            continue  # OpenApiFunctionDefinition.functions is the service's own reading of the specification
        moved[_NAMES.get(name, name)] = part if name in _VERBATIM else _moved(part, name)
    if inside == "auth" and moved.get("type") == _CONNECTED:
        moved["type"] = "project_connection"  # OpenApiAuthType
    if inside == _CONNECTED and "id" in moved:
        moved["project_connection_id"] = moved.pop("id")  # BrowserAutomationToolConnectionParameters
    return moved
