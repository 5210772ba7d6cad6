"""A list that the server says it does not have, and what shows that it has: then nothing is decided upon that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol

from assistctl.applying.files.upload_log import UploadLog
from assistctl.errors import AssistctlError, JournalError, PlatformError
from assistctl.journal import Journal, JournalTarget, past_ids
from assistctl.json_value import Json
from assistctl.manifest import Loaded
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.kind import Kind
from assistctl.model.plan import TargetName
from assistctl.ownership.mark import read_mark
from assistctl.platforms.base import Platform

_AGAIN = "A server that is out of order for a moment answers like that: try again. Is the base_url right?"


class Lists(Protocol):
    """The lists of a platform that can be asked for (``Listings``)."""

    platform: Platform

    async def assistants(self) -> Sequence[Observed]:
        """All assistants."""

    async def of_kind(self, kind: Kind) -> Sequence[Observed]:
        """All things of a kind beside them."""


class Project(Protocol):
    """A project on one of its targets (``Deployment``)."""

    @property
    def owner(self) -> str:
        """The project's name."""

    @property
    def target_name(self) -> TargetName:
        """The target as plans name it."""

    def keys_only(self) -> Loaded:
        """As much of its manifests as can be read."""

    def upload_log(self) -> UploadLog:
        """The record of its uploads."""

    def journal(self) -> Journal:
        """The record of its applies."""

    def journal_target(self) -> JournalTarget:
        """The target as that names it."""


async def check_not_listed(project: Project, kind: Kind, refused: PlatformError) -> None:
    """Raise ``PlatformError`` if the project has things of ``kind``, whose list was ``refused``.

    That others name some shows nothing of the kind: a server may have their names alone.
    """
    async for shown in _shown(project, kind):
        summary = f"the platform said that it has no {kind.noun}s, and {shown}: {refused.summary}"
        raise PlatformError(summary, _AGAIN)


async def _shown(project: Project, kind: Kind) -> AsyncIterator[str]:
    """Sentences on what shows it, the cheapest to know first."""
    for key in _declared(project, kind):
        yield f"a manifest declares {key}"
    if kind is Kind.VECTOR_STORE:
        for upload in sorted(project.upload_log().left_in_stores()):
            yield f"an earlier apply left {upload} in one"
    for key, object_id in (await ids_in_journal(project, kind)).items():
        yield f"an earlier apply made {key} ({object_id})"


async def things_that_may_name(lists: Lists, kind: Kind) -> AsyncIterator[tuple[Kind, Capabilities, Observed]]:
    """All things beside assistants that may name those of ``kind``, each with its own and the table of that."""
    for other, table in lists.platform.capabilities.resources.items():
        if other is not kind and kind in table.resource_entries:
            try:
                things = await lists.of_kind(other)
            except PlatformError:
                # That is told by whoever needs those.
                continue
            for thing in things:
                yield other, table, thing


def ids_in_entries(thing: Observed, kind: Kind, capabilities: Capabilities) -> frozenset[str]:
    """The ids of things of ``kind`` that a thing names in entries as ``capabilities`` has them."""
    entry = capabilities.resource_entries.get(kind)
    if entry is None:
        return frozenset()
    entries = (value for value in _objects(dict(thing.fields)) if entry.fixed.items() <= value.items())
    return frozenset(named for value in entries if isinstance(named := value.get(entry.id), str))


def _objects(value: Json) -> Iterator[dict[str, Json]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(part)


def shown_as(thing: Observed) -> str:
    """The key and the id of a thing, where it has a mark; else its id."""
    mark = read_mark(thing.metadata)
    return f"{mark.key} ({thing.id})" if mark is not None else thing.id


def _declared(project: Project, kind: Kind) -> list[str]:
    try:
        loaded = project.keys_only()
    except AssistctlError:
        return []
    if kind is Kind.VECTOR_STORE:
        return [store.key for store in loaded.stores]
    return [resource.key for resource in loaded.resources if resource.kind is kind]


async def ids_in_journal(project: Project, kind: Kind) -> dict[str, str]:
    """The ids of those that were made here and not deleted since, by key; none where there is no telling."""
    try:
        journal = project.journal()
    except JournalError:
        return {}
    past = await past_ids(journal, project.journal_target(), ())
    return {key: object_id for (of_kind, key), object_id in past.last.items() if of_kind is kind and object_id}
