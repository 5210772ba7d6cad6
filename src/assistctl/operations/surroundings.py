"""Conversations with what their assistants' manifests name by key: an environment, and memory stores."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from assistctl.errors import PlatformError
from assistctl.model.assistant import Desired, Observed, Use
from assistctl.model.change import QualifiedKey
from assistctl.model.conversation import Surroundings
from assistctl.model.kind import SURROUNDINGS, Kind
from assistctl.operations.deployment import Deployment, Listings
from assistctl.ownership.mark import read_mark
from assistctl.platforms.conversation import Conversation, Converses, SupportsSurroundings
from assistctl.platforms.resource_platform import resources_of


def with_surroundings(
    converses: Converses, deployment: Deployment, listings: Listings, desired: Iterable[Desired]
) -> Converses:
    """``converses``, in which conversations of ``desired`` have what these name by key and ``listings`` show."""
    uses = {assistant.key: [use for use in assistant.uses if use.kind in SURROUNDINGS] for assistant in desired}
    if not any(uses.values()) or not isinstance(converses, SupportsSurroundings):
        return converses
    return _Surrounded(converses, deployment, listings, uses)


async def surroundings_on(
    deployment: Deployment, listings: Listings, desired: Iterable[Desired]
) -> dict[QualifiedKey, Observed]:
    """The project's things of the kinds that manifests of ``desired`` name for conversations, by kind and key."""
    named = {use.kind for assistant in desired for use in assistant.uses if use.kind in SURROUNDINGS}
    found: dict[QualifiedKey, Observed] = {}
    for kind in resources_of(listings.platform):
        if kind in named:
            owned = deployment.owned(await listings.of_kind(kind))
            found |= {QualifiedKey(kind, key): same_key[0] for key, same_key in owned.items()}
    return found


async def deployed_surroundings(
    deployment: Deployment, listings: Listings, desired: Iterable[Desired]
) -> list[Desired]:
    """``desired`` without what they name for conversations and what is not deployed yet."""
    wanted = [*desired]
    present = await surroundings_on(deployment, listings, wanted)
    return [
        replace(assistant, uses=tuple(use for use in assistant.uses if _is_there(use, present)))
        for assistant in wanted
    ]


def _is_there(use: Use, present: Mapping[QualifiedKey, Observed]) -> bool:
    return use.kind not in SURROUNDINGS or QualifiedKey(use.kind, use.key) in present


@dataclass(slots=True)
class _Surrounded:
    """``uses`` are those of each assistant by its key.

    Conversations begin side by side: the first of them looks, and the others wait for what it finds.
    """

    converses: Converses
    deployment: Deployment
    listings: Listings
    uses: Mapping[str, list[Use]]
    _ids: dict[QualifiedKey, str] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> Conversation:
        """A conversation with all that its assistant names. Raises ``PlatformError`` where that is not there."""
        async with self._looking:
            uses = self.uses.get(await self._key_of(assistant_id), ())
        if thread_id is not None or not uses or not isinstance(self.converses, SupportsSurroundings):
            return await self.converses.start(assistant_id, thread_id=thread_id)
        environment: str | None = None
        stores = {}
        async with self._looking:
            for use in uses:
                object_id = await self._id_of(use)
                if use.kind is Kind.ENVIRONMENT:
                    environment = object_id
                else:
                    stores[object_id] = use.settings
        return await self.converses.within(Surroundings(environment, stores)).start(assistant_id)

    async def _key_of(self, assistant_id: str) -> str:
        if assistant_id not in self._keys:
            owned = self.deployment.owned(await self.listings.assistants())
            self._keys |= {assistant.id: key for key, same_key in owned.items() for assistant in same_key}
        return self._keys.get(assistant_id, "")

    async def _id_of(self, use: Use) -> str:
        about = QualifiedKey(use.kind, use.key)
        if about not in self._ids and use.kind in resources_of(self.listings.platform):
            for observed in await self.listings.of_kind(use.kind):
                mark = read_mark(observed.metadata)
                if mark is not None and mark.owned_by(self.deployment.owner, self.deployment.target.name):
                    self._ids[QualifiedKey(use.kind, mark.key)] = observed.id
        if about not in self._ids:
            target = self.deployment.target.name
            raise PlatformError(
                f"the {use.kind.noun} {use.key} is not deployed on {target}", "`assistctl apply` deploys it."
            )
        return self._ids[about]
