"""The files on a platform: those that its vector stores hold, and which of its uploads are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from assistctl.errors import NotFoundError, PlatformError
from assistctl.model.assistant import Desired, Observed
from assistctl.model.knowledge import ObservedStore, StoreFile
from assistctl.model.plan import PlanOptions
from assistctl.ownership.placeholders import store_ids, uploads_read
from assistctl.planning.identity.inventory import Knowledge
from assistctl.planning.vector_stores.inventory import stores_beside_plan, stores_to_look_into
from assistctl.platforms.base import Platform, UploadPlatform, VectorStorePlatform

# How many vector stores are listed, and how many things that were not listed are asked for, side by side.
_SIDE_BY_SIDE = 8
# What is wrong with the one thing that is asked for, and not with all or for now.
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})


async def list_contents(platform: VectorStorePlatform, store_ids: Iterable[str]) -> dict[str, Sequence[StoreFile]]:
    """The files of each vector store, by its id. Raises ``PlatformError`` when one cannot be listed."""
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def listed(store_id: str) -> tuple[str, Sequence[StoreFile]]:
        async with slots:
            return store_id, await platform.list_store_files(store_id)

    return dict(await asyncio.gather(*map(listed, store_ids)))


def dangling(assistants: Iterable[Observed], stores: Iterable[ObservedStore]) -> set[str]:
    """The ids of vector stores that ``assistants`` search, and that are not among ``stores``."""
    searched = {store_id for assistant in assistants for store_id in store_ids(assistant.fields)}
    return searched - {store.id for store in stores} if searched else searched


async def unlisted_stores(
    platform: Platform, assistants: Iterable[Observed], stores: Iterable[ObservedStore]
) -> Sequence[ObservedStore]:
    """The vector stores that ``assistants`` search, and that the list of ``stores`` leaves out.

    Raises ``PlatformError`` when one of them cannot be asked for.
    """
    there = platform.vector_stores
    if there is None:
        return ()
    slots = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def found(store_id: str) -> ObservedStore | None:
        async with slots:
            return await there.find_store(store_id)

    answers = await asyncio.gather(*map(found, sorted(dangling(assistants, stores))))
    return [store for store in answers if store is not None]


@dataclass(slots=True)
class ListedFiles:
    """The files on ``platform`` at one moment: each list is asked for once, and only when something needs it."""

    platform: Platform
    _contents: dict[str, Sequence[StoreFile]] = field(default_factory=dict)
    _closed: dict[str, PlatformError] = field(default_factory=dict)
    _uploads: frozenset[str] | None = None
    _lists_uploads: bool = True

    async def contents(self, store_ids: Iterable[str]) -> dict[str, Sequence[StoreFile]]:
        """The files of each of these vector stores, by its id; none where the platform has no such thing."""
        wanted, there = sorted(store_ids), self.platform.vector_stores
        unread = [store_id for store_id in wanted if store_id not in self._contents]
        if there is not None and unread:
            self._contents |= await list_contents(there, unread)
        return {store_id: self._contents[store_id] for store_id in wanted if store_id in self._contents}

    async def contents_of_others(
        self, store_ids: Iterable[str]
    ) -> tuple[dict[str, Sequence[StoreFile]], dict[str, PlatformError]]:
        """The same of vector stores that are none of ours, and why some of them could not be looked into.

        Those may go at any moment, and what the server refuses about them must not stop anybody.
        """
        there, wanted, slots = self.platform.vector_stores, sorted(store_ids), asyncio.Semaphore(_SIDE_BY_SIDE)
        unread = [store_id for store_id in wanted if store_id not in {*self._contents, *self._closed}]
        if there is None:
            return {}, {}

        async def look(store_id: str) -> None:
            async with slots:
                try:
                    self._contents[store_id] = await there.list_store_files(store_id)
                except PlatformError as error:
                    if error.status not in _REFUSALS:
                        raise
                    if isinstance(error, NotFoundError) and await there.find_store(store_id) is None:
                        self._contents[store_id] = ()
                    else:
                        self._closed[store_id] = error

        await asyncio.gather(*map(look, unread))
        return await self.contents({*wanted} - {*self._closed}), {
            store_id: error for store_id, error in self._closed.items() if store_id in wanted
        }

    async def gone(self, file_ids: Collection[str]) -> frozenset[str]:
        """Those of the uploads ``file_ids`` that are not there: references are looked at, not trusted.

        One that is not listed is asked for by itself, for a list may leave out what is there. A server that has
        no list is believed.
        """
        there = self.platform.uploads
        if there is None or not file_ids:
            return frozenset()
        if self._uploads is None and self._lists_uploads:
            self._uploads = await _all_uploads(there)
            self._lists_uploads = self._uploads is not None
        if self._uploads is None:
            return frozenset()
        suspected = sorted(set(file_ids) - self._uploads)
        slots = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def is_gone(file_id: str) -> bool:
            async with slots:
                return await there.find_file(file_id) is None

        answers = await asyncio.gather(*map(is_gone, suspected))
        return frozenset(file_id for file_id, gone in zip(suspected, answers, strict=True) if gone)


@dataclass(frozen=True, slots=True)
class FilesOfPlan:
    """The files that a plan depends on, looked at after everything was listed.

    ``owned`` are those of the assistants ``observed`` that read uploads and that the project owns, by key.
    """

    files: ListedFiles
    owned: Mapping[str, Sequence[Observed]]
    observed: Sequence[Observed]
    plan_options: PlanOptions

    async def looked_into(self, knowledge: Knowledge, desired: Sequence[Desired], *, thorough: bool) -> Knowledge:
        """``knowledge`` with the contents of the vector stores that matter, without uploads that are gone."""
        destroy = self.plan_options.destroy
        if not destroy:
            knowledge = knowledge.without(await self.files.gone(self._read()))
        # Some vector stores only matter for what is in others.
        while knowledge.observed.stores and (
            wanted := stores_to_look_into(knowledge, desired, self.observed, self.plan_options, thorough=thorough)
        ):
            contents = {**knowledge.observed.files, **await self.files.contents(wanted)}
            knowledge = replace(knowledge, observed=replace(knowledge.observed, files=contents))
        return knowledge if destroy else knowledge.without(await self.files.gone(knowledge.observed.held()))

    async def looked_elsewhere(
        self, knowledge: Knowledge, desired: Sequence[Desired], uploads: Collection[str]
    ) -> Knowledge:
        """``knowledge`` with what else holds any of ``uploads``, which the plan would delete."""
        ours, others = stores_beside_plan(knowledge, desired, self.observed, self.plan_options)
        contents, (theirs, closed) = await asyncio.gather(
            self.files.contents(ours), self.files.contents_of_others(others)
        )
        # What has expired can be searched by nobody.
        expired = {store.id for store in knowledge.observed.stores if store.expired}
        unknown = next((_closed(store_id, closed[store_id]) for store_id in sorted(closed.keys() - expired)), "")
        held = dict.fromkeys(uploads, unknown)
        held |= {
            file.id: f"the vector store {store_id} holds it"
            for store_id in sorted(theirs, reverse=True)
            for file in theirs[store_id]
            if file.id in held
        }
        observed = replace(
            knowledge.observed,
            files={**knowledge.observed.files, **contents},
            elsewhere={upload: why for upload, why in held.items() if why},
        )
        return replace(knowledge, observed=observed)

    def _read(self) -> frozenset[str]:
        """The ids of the uploads that the project's assistants read themselves."""
        assistants = [assistant for same_key in self.owned.values() for assistant in same_key]
        return frozenset(held.file_id for held in uploads_read(assistants))


def _closed(store_id: str, error: PlatformError) -> str:
    """A sentence on an upload that a vector store may hold which cannot be looked into."""
    return f"whether the vector store {store_id} holds it is not known ({error.summary})"


async def _all_uploads(platform: UploadPlatform) -> frozenset[str] | None:
    """The ids of all uploads; ``None`` where the server has no list of them."""
    try:
        return frozenset(file.id for file in await platform.list_files())
    except PlatformError as error:
        if error.is_about_route:
            return None
        raise
