"""A list that the server says it does not have, and what shows that it has: then nothing is decided upon that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol

from assistctl.errors import AssistctlError, JournalError, PlatformError
from assistctl.journal import Journal, JournalTarget, past_ids
from assistctl.json_value import Json
from assistctl.manifest import Loaded
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities, RosterEntry
from assistctl.model.kind import Kind
from assistctl.ownership.mark import read_mark
from assistctl.ownership.placeholders import store_ids
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

    def keys_only(self) -> Loaded:
        """As much of its manifests as can be read."""

    def journal(self) -> Journal:
        """The record of its applies."""

    def journal_target(self) -> JournalTarget:
        """The target as that names it."""


async def check_not_listed(lists: Lists, project: Project, kind: Kind, refused: PlatformError) -> None:
    """Raise ``PlatformError`` if anything shows that there are things of ``kind``, whose list was ``refused``."""
    async for shown in _shown(lists, project, kind):
        summary = f"the platform said that it has no {kind.noun}s, and {shown}: {refused.summary}"
        raise PlatformError(summary, _AGAIN)


async def _shown(lists: Lists, project: Project, kind: Kind) -> AsyncIterator[str]:
    """Sentences on what shows it, the cheapest to know first."""
    for assistant in await lists.assistants():
        if _names_one(assistant, kind, lists.platform.capabilities):
            yield f"the assistant {_shown_as(assistant)} names one"
    for other, table in lists.platform.capabilities.resources.items():
        if other is not kind and kind in table.resource_entries:
            for thing in await _others(lists, other):
                if _names_one(thing, kind, table):
                    yield f"the {other.noun} {_shown_as(thing)} names one"
    for key in _declared(project, kind):
        yield f"a manifest declares {key}"
    for key, object_id in (await _in_journal(project, kind)).items():
        yield f"an earlier apply made {key} ({object_id})"


async def _others(lists: Lists, kind: Kind) -> Sequence[Observed]:
    try:
        return await lists.of_kind(kind)
    except PlatformError:
        # That is told by whoever needs those.
        return ()


def _names_one(thing: Observed, kind: Kind, capabilities: Capabilities) -> bool:
    if kind is Kind.VECTOR_STORE:
        return bool(store_ids(thing.fields))
    entry = capabilities.resource_entries.get(kind)
    return entry is not None and any(_is_entry(value, entry) for value in _objects(dict(thing.fields)))


def _is_entry(value: dict[str, Json], entry: RosterEntry) -> bool:
    return isinstance(value.get(entry.id), str) and entry.fixed.items() <= value.items()


def _objects(value: Json) -> Iterator[dict[str, Json]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(part)


def _shown_as(thing: Observed) -> str:
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


async def _in_journal(project: Project, kind: Kind) -> dict[str, str]:
    """The ids of those that were made here and not deleted since, by key; none where there is no telling."""
    try:
        journal = project.journal()
    except JournalError:
        return {}
    past = await past_ids(journal, project.journal_target(), ())
    return {key: object_id for (of_kind, key), object_id in past.last.items() if of_kind is kind and object_id}
