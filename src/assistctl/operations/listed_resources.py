"""The things that a platform keeps beside its assistants, as they are there; vector stores' files, and uploads."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import PlatformError
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.knowledge import StoreFile
from assistctl.platforms.base import Platform, UploadPlatform, VectorStorePlatform
from assistctl.platforms.resource_platform import ResourcePlatform, resources_of

# How many vector stores are listed, and how many uploads that were not listed are asked for, side by side.
_SIDE_BY_SIDE = 8
_CANNOT_LIST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


@dataclass(frozen=True, slots=True)
class VisibleResources:
    """``things`` are all of them, whoever owns them, by kind; ``hidden`` the kinds that the key may not see."""

    things: Mapping[Kind, Sequence[Observed]] = field(default_factory=dict)
    hidden: Mapping[Kind, PlatformError] = field(default_factory=dict)

    def diagnostics(self, target: str) -> Iterator[Diagnostic]:
        """A word about each kind that was not looked at."""
        for kind, error in self.hidden.items():
            yield Diagnostic(
                Severity.INFO,
                f"this key may not see {kind.noun}s on {target}: {error.summary}",
                "None is declared, so they are not looked at; one of this project that is there stays as it is.",
            )


async def listed_resources(platform: Platform) -> dict[Kind, Sequence[Observed]]:
    """All of them, whoever owns them, by kind. Raises ``PlatformError``."""
    kinds = resources_of(platform)
    listed = await asyncio.gather(*(one.list() for one in kinds.values()))
    return dict(zip(kinds, listed, strict=True))


async def visible_resources(platform: Platform, needed: Collection[Kind]) -> VisibleResources:
    """The same, without the kinds that the key may not see and that nobody needs.

    Kinds whose things may name others are always needed, for what is named stays. Raises ``PlatformError``.
    """
    tables = platform.capabilities.resources
    kinds = resources_of(platform)
    free = {kind for kind in kinds if kind not in needed and kind in tables and tables[kind].names_nothing}
    found = await asyncio.gather(*(_visible(one, may_be_hidden=kind in free) for kind, one in kinds.items()))
    return VisibleResources(
        {kind: things for kind, things in zip(kinds, found, strict=True) if not isinstance(things, PlatformError)},
        {kind: things for kind, things in zip(kinds, found, strict=True) if isinstance(things, PlatformError)},
    )


async def list_contents(platform: VectorStorePlatform, store_ids: Iterable[str]) -> dict[str, Sequence[StoreFile]]:
    """The files of each vector store, by its id. Raises ``PlatformError`` when one cannot be listed."""
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def listed(store_id: str) -> tuple[str, Sequence[StoreFile]]:
        async with slots:
            return store_id, await platform.list_store_files(store_id)

    return dict(await asyncio.gather(*map(listed, store_ids)))


class UploadReferences:
    """The uploads of a platform, listed once, and only when something refers to any.

    References are looked at, not trusted.
    """

    def __init__(self, platform: UploadPlatform) -> None:
        self._platform = platform
        self._listed: frozenset[str] | None = None

    async def gone(self, file_ids: Collection[str]) -> frozenset[str]:
        """Those of ``file_ids`` that are not there.

        One that is not listed is asked for by itself, for a list may leave out what is there. A server that has
        no list is believed.
        """
        if not file_ids:
            return frozenset()
        if self._listed is None:
            self._listed = await self._all(file_ids)
        suspected = sorted(set(file_ids) - self._listed)
        slots = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def is_gone(file_id: str) -> bool:
            async with slots:
                return await self._platform.find_file(file_id) is None

        answers = await asyncio.gather(*map(is_gone, suspected))
        return frozenset(file_id for file_id, gone in zip(suspected, answers, strict=True) if gone)

    async def _all(self, file_ids: Collection[str]) -> frozenset[str]:
        try:
            return frozenset(file.id for file in await self._platform.list_files())
        except PlatformError as error:
            if error.status in _CANNOT_LIST:
                return frozenset(file_ids)
            raise


async def _visible(things: ResourcePlatform, *, may_be_hidden: bool) -> Sequence[Observed] | PlatformError:
    try:
        return await things.list()
    except PlatformError as error:
        if may_be_hidden and error.status == HTTPStatus.FORBIDDEN:
            return error
        raise
