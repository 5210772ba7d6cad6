"""Search in the web, which several platforms have as a tool of their own, with settings of their own.

``PersistedAgentToolConfigParamWebSearch`` of openai 3.57.0, ``WebSearchTool`` and ``WebSearchPreviewTool`` of
azure-ai-projects 2.10.0, ``WebSearchTool`` and ``WebSearchPremiumTool`` of mistralai 3.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.model.counterpart import Counterpart

TYPES = ("web_search", "web_search_preview", "web_search_premium")
"""The types of such tools."""

# As they are where nothing was set.
_USUAL: Mapping[str, Json] = {
    "context_size": "medium",
    "external_web_access": True,
    "mode": "live",
    "search_context_size": "medium",
}
_OWN_SEARCH = "It is the platform's own web search there."


def counterpart_of_search(tool: Mapping[str, Json], platform: str) -> Counterpart | None:
    """The web search of ``platform`` for that of another one, if it has no settings; ``None`` for another tool.

    With settings there is advice alone: one that keeps a search within bounds must not be lost on the way.
    """
    if tool.get("type") not in TYPES:
        return None
    given = sorted(
        name
        for name, value in tool.items()
        if name != "type" and value not in (None, [], {}) and value != _USUAL.get(name)
    )
    if not given:
        return Counterpart(_OWN_SEARCH, {"tools": [{"type": "web_search"}]})
    place = f"platforms.{platform}.tools"
    return Counterpart(
        f"Declare {{type: web_search}} under {place}, with what it has there for {', '.join(given)}."
    )
