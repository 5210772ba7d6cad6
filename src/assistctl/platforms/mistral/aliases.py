"""Aliases of an agent's versions: those that a manifest names stand for the version that was applied last.

``PUT /v1/agents/{id}/aliases`` (``AgentAliasResponse`` of mistralai 3.7.0). Only those are asked for whose names
an agent's metadata has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistctl.errors import NotFoundError, PlatformError
from assistctl.model.json_value import Json
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.mistral.alias_names import names_in
from assistctl.platforms.mistral.wire import MistralWire
from assistctl.platforms.translation import as_text, objects_in


@dataclass(frozen=True, slots=True)
class Aliases:
    """The aliases of the agents of one server."""

    wire: MistralWire

    async def current(self, agent: Mapping[str, Json]) -> list[str] | None:
        """Those of the names in an agent's metadata that stand for its current version; ``None`` without names."""
        names = names_in(agent.get("metadata"))
        if not names:
            return None
        try:
            told = await self.wire.get(_path(agent))
        except NotFoundError:  # the agent was deleted meanwhile
            return []
        there = {as_text(one.get("alias")) for one in objects_in(told) if one.get("version") == agent["version"]}
        return [name for name in names if name in there]

    async def moved(self, agent: Mapping[str, Json], gone: Sequence[str]) -> list[str] | None:
        """The same once they were moved to the current version of ``agent``, and those that are ``gone`` deleted.

        One that could not be moved is missing: the agent itself was changed all the same.
        """
        try:
            for name in names_in(agent.get("metadata")):
                await self.wire.put(_path(agent), {"alias": name, "version": agent["version"]})
            for name in gone:
                await self.wire.remove(_path(agent), {"alias": name})
            return await self.current(agent)
        except PlatformError:
            return []


def _path(agent: Mapping[str, Json]) -> str:
    return path_of("/v1/agents", as_text(agent.get("id")), "aliases")
