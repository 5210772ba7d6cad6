"""Aliases of an agent's versions: those that a manifest names stand for the version that was applied last.

``PUT /v1/agents/{id}/aliases`` (``AgentAliasResponse`` of mistralai 3.7.0). Agents are listed without them, so
that those of each agent are asked for: of agents that carry a mark of ours, and no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistctl.errors import NotFoundError, PlatformError
from assistctl.model.json_value import Json
from assistctl.ownership.mark import is_marked
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.mistral.alias_names import names_in
from assistctl.platforms.mistral.wire import MistralWire
from assistctl.platforms.translation import as_object, as_text, objects_in


@dataclass(frozen=True, slots=True)
class Aliases:
    """The aliases of the agents of one server."""

    wire: MistralWire

    async def of(self, agent: Mapping[str, Json]) -> Mapping[str, str] | None:
        """The version that each alias of ``agent`` stands for; ``None`` where that was not asked, or is not told.

        Where its metadata names none of them, it is for advice alone. Raises ``PlatformError`` where it does.
        """
        if names_in(agent.get("metadata")):
            try:
                return _versions_in(await self.wire.get(_path(agent)))
            except NotFoundError:  # the agent was deleted meanwhile
                return {}
        if not is_marked(as_object(agent.get("metadata"))):
            return None
        try:
            return _versions_in(await self.wire.get_once(_path(agent)))
        except PlatformError:
            return None

    async def moved(self, agent: Mapping[str, Json], gone: Sequence[str]) -> Mapping[str, str] | None:
        """The same once those in its metadata were moved to the current version, and those ``gone`` deleted.

        Nothing where one could not be moved: the agent itself was changed all the same.
        """
        names = names_in(agent.get("metadata"))
        if not names and not gone:
            return None
        try:
            for name in names:
                await self.wire.put(_path(agent), {"alias": name, "version": agent["version"]})
            for name in gone:
                await self.wire.remove(_path(agent), {"alias": name})
            return await self.of(agent)
        except PlatformError:
            return {}


def _versions_in(told: Json) -> dict[str, str]:
    found = {as_text(one.get("alias")): str(one.get("version")) for one in objects_in(told)}
    return {name: version for name, version in found.items() if name}


def _path(agent: Mapping[str, Json]) -> str:
    return path_of("/v1/agents", as_text(agent.get("id")), "aliases")
