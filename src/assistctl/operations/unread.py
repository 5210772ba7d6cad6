"""Things made of files whose contents cannot be read, so that nobody can tell whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Protocol

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.kind import Kind
from assistctl.model.plan import PlanOptions
from assistctl.model.resource import DesiredResource
from assistctl.operations.not_listed import Project, ids_in_journal
from assistctl.ownership.mark import is_marked, read_mark
from assistctl.planning.identity.inventory import classify
from assistctl.planning.named_ids import ids_declared
from assistctl.platforms.base import Platform
from assistctl.platforms.skill_upload import SkillUpload

_AGAIN = "Nothing was changed. Try again; if it stays like that, delete it on the platform, and apply."


class Lists(Protocol):
    """The lists of a platform that can be asked for (``Listings``)."""

    platform: Platform

    async def of_kind(self, kind: Kind) -> Sequence[Observed]:
        """All things of a kind beside assistants."""


async def check_unread(lists: Lists, project: Project, kind: Kind, unread: Sequence[Observed]) -> None:
    """Raise ``PlatformError`` if one of ``unread`` is the project's: without its contents nothing is known of it.

    Neither what is to be changed about it nor whether it is protected: nothing is decided upon that.
    """
    for thing in unread:
        mark = read_mark(thing.metadata)
        if mark is not None and mark.owned_by(project.owner, project.target_name.name):
            raise _unreadable(kind, thing, f"it is {mark.key} of this project")
    nobodys = {thing.id: thing for thing in unread if not is_marked(thing.metadata)}
    if not nobodys:
        return
    for key, object_id in (await ids_in_journal(project, kind)).items():
        if object_id in nobodys:
            raise _unreadable(kind, nobodys[object_id], f"an earlier apply made it for {key}")
    async for shown, object_id in _named_by_ours(lists, project, kind):
        if object_id in nobodys:
            raise _unreadable(kind, nobodys[object_id], f"{shown} of this project names it")


def told_of_unread(
    listed: Mapping[Kind, Sequence[Observed]], declared: Sequence[DesiredResource], plan_options: PlanOptions
) -> Iterator[Diagnostic]:
    """A warning about each thing in ``listed`` that could not be read and says not whose it is.

    Raises ``PlatformError`` where one may be what is ``declared`` and not there with our mark.
    """
    for kind, things in listed.items():
        unread = [thing for thing in things if thing.unread and not is_marked(thing.metadata)]
        if not unread:
            continue
        owned = classify(things, plan_options.project, plan_options.target.name).owned
        wanted = [
            desired
            for desired in declared
            if desired.kind is kind and desired.key not in owned and plan_options.includes(kind, desired.key)
        ]
        for thing in unread:
            _check_is_none_of(wanted, kind, thing, plan_options)
            yield _nobodys(kind, thing)


async def _named_by_ours(lists: Lists, project: Project, kind: Kind) -> AsyncIterator[tuple[str, str]]:
    """The ids of things of ``kind`` that the project's own things name, but not by their ids in a manifest."""
    target = project.target_name
    by_id = frozenset[str]().union(
        *(ids_declared(declared, target.platform) for declared in project.keys_only().resources)
    )
    async for other, table, thing in _things_that_may_name(lists, kind):
        mark = read_mark(thing.metadata)
        if mark is not None and mark.owned_by(project.owner, target.name):
            for object_id in _ids_in_entries(thing, kind, table) - by_id:
                yield f"the {other.noun} {_shown_as(thing)}", object_id


async def _things_that_may_name(lists: Lists, kind: Kind) -> AsyncIterator[tuple[Kind, Capabilities, Observed]]:
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


def _ids_in_entries(thing: Observed, kind: Kind, capabilities: Capabilities) -> frozenset[str]:
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


def _shown_as(thing: Observed) -> str:
    """The key and the id of a thing, where it has a mark; else its id."""
    mark = read_mark(thing.metadata)
    return f"{mark.key} ({thing.id})" if mark is not None else thing.id


def _check_is_none_of(
    wanted: Sequence[DesiredResource], kind: Kind, thing: Observed, plan_options: PlanOptions
) -> None:
    """Raise ``PlatformError`` where ``thing`` may be one of those that are ``wanted`` and not there."""
    for desired in wanted:
        # To destroy, no folder is read.
        if plan_options.destroy or SkillUpload(desired.files).slug == thing.name:
            raise _unreadable(kind, thing, f"it may be {desired.key}, which a manifest declares")


def _unreadable(kind: Kind, thing: Observed, shown: str) -> PlatformError:
    return PlatformError(
        f"what is in the {kind.noun} {thing.id} cannot be read, and {shown}: {thing.unread}", _AGAIN
    )


def _nobodys(kind: Kind, thing: Observed) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        f"nobody can tell whose the {kind.noun} {thing.name or ''} ({thing.id}) is: {thing.unread}",
        "It is left alone. If it is this project's, plan again, or delete it on the platform.",
    )
