"""A list that the server says it does not have, and what shows that it has: then nothing is decided upon that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from assistctl.applying.files.upload_log import UploadLog
from assistctl.errors import AssistctlError, JournalError, PlatformError
from assistctl.journal import Journal, JournalTarget, past_ids
from assistctl.manifest import Loaded
from assistctl.model.kind import Kind
from assistctl.model.plan import TargetName

_AGAIN = "A server that is out of order for a moment answers like that: try again. Is the base_url right?"


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

    That assistants name some proves nothing: a server may keep the names and not the things.
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
