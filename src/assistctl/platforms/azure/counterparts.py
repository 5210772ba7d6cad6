"""What Foundry's agents have in the place of tools of other platforms: of the classic service, and of all others.

``ImageGenTool`` of azure-ai-projects 2.10.0; ``ImageGenerationTool``, ``DocumentLibraryTool`` and
``CustomConnector`` are those of mistralai 3.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.model.counterpart import Counterpart
from assistctl.platforms.azure import classic_tools
from assistctl.platforms.web_search import counterpart_of_search

_IMAGES = "It is the platform's own there, and needs a deployment of a model that draws."
_WAYS_ON: Mapping[str, str] = {
    "document_library": "Declare the library's documents as `files` of the tool file_search.",
    "connector": "Declare the server behind the connector as a document (kind: mcp_server), and use it by key.",
}


def counterpart(tool: Mapping[str, Json], resources: Mapping[str, Json]) -> Counterpart | None:
    """A tool as it is here, or the way on; ``None`` for one that is not known."""
    kind = str(tool.get("type"))
    if kind == "image_generation":
        return Counterpart(_IMAGES, {"tools": [{"type": kind}]})
    if kind in _WAYS_ON:
        return Counterpart(_WAYS_ON[kind])
    return classic_tools.counterpart(tool, resources) or counterpart_of_search(tool, "azure-foundry")
