"""Aliases of an agent's versions: those that a manifest names stand for the version that was applied last.

``PUT /v1/agents/{id}/aliases`` (``AgentAliasResponse`` of mistralai 3.7.0). Agents are listed without them, so
that those of each agent are asked for: of agents that carry a mark of ours, and no others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from assistctl.errors import LeftBehindError, NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.ownership.mark import is_marked
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.mistral.counterparts import NAME
from assistctl.platforms.mistral.serving import ALIASES, names_in
from assistctl.platforms.mistral.wire import MistralWire
from assistctl.platforms.translation import as_object, as_text, objects_in

# How many agents are asked about at once for advice alone: that slows no other request down.
_ASKED_AT_ONCE = 20


@dataclass(slots=True)
class Aliases:
    """The aliases of the agents of one server."""

    wire: MistralWire
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_ASKED_AT_ONCE))
    _is_silent: bool = False

    async def of(self, agent: Mapping[str, Json]) -> Mapping[str, str] | None:
        """The version that each alias of ``agent`` stands for; ``None`` where that was not asked, or is not told.

        Where its metadata names none of them, it is for advice alone. Raises ``PlatformError`` where it does.
        """
        if names_in(agent.get("metadata")):
            try:
                return _versions_in(await self.wire.get(_path(agent)))
            except NotFoundError:  # the agent was deleted meanwhile
                return {}
        return await self._advised(agent) if is_marked(as_object(agent.get("metadata"))) else None

    async def _advised(self, agent: Mapping[str, Json]) -> Mapping[str, str] | None:
        """The same for advice alone: the platform is not asked again once it has refused."""
        async with self._slots:
            if self._is_silent:
                return None
            try:
                return _versions_in(await self.wire.get_once(_path(agent)))
            except NotFoundError:  # there are no aliases, or the agent was deleted meanwhile
                return None
            except PlatformError:
                self._is_silent = True
                return None

    async def moved(self, agent: Mapping[str, Json], gone: Sequence[str]) -> Mapping[str, str] | None:
        """The same once those in its metadata were moved to the current version, and those ``gone`` deleted.

        Raises ``LeftBehindError`` where that failed: the agent itself was changed all the same.
        """
        names = names_in(agent.get("metadata"))
        if not names and not gone:
            return None
        for name in names:
            with _told(agent, f"{name} was not moved", "The next apply tries again."):
                await self.wire.put(_path(agent), {"alias": name, "version": agent.get("version")})
        for name in gone:
            # What no metadata names is nothing that an apply would look for.
            with _told(agent, f"{name} was not deleted", "Delete it there: no apply will."):
                await self.wire.remove(_path(agent), {"alias": name})
        with _told(agent, "it cannot be read", "The next apply tries again."):
            return await self.of(agent)


@contextmanager
def _told(agent: Mapping[str, Json], failed: str, way_on: str) -> Iterator[None]:
    """Says of a failure that the agent was changed, and not its aliases."""
    try:
        yield
    except PlatformError as error:
        agent_id = as_text(agent.get("id"))
        raise LeftBehindError(
            agent_id,
            f"{agent_id} was changed, and platforms.{NAME}.{ALIASES} was not: {failed}: {error.summary}",
            f"{error.hint} {way_on}".lstrip(),
            status=error.status,
        ) from error


def _versions_in(told: Json) -> dict[str, str]:
    found = {as_text(alias.get("alias")): str(alias.get("version")) for alias in objects_in(told)}
    return {name: version for name, version in found.items() if name}


def _path(agent: Mapping[str, Json]) -> str:
    return path_of("/v1/agents", as_text(agent.get("id")), "aliases")
