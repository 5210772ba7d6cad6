"""The garbage that somebody agreed to delete, and what has become of it while they were asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.model.counting import first_named
from assistctl.model.kind import Kind
from assistctl.planning.garbage import Everything, Garbage
from assistctl.planning.named_ids import ids_named

# A reason names so many users.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class AgreedGarbage:
    """The things that may be deleted still, and those ``kept`` by id, each with why. The rest is gone."""

    deletable: tuple[Garbage, ...]
    kept: Mapping[str, str] = field(default_factory=dict)


def agreed_garbage(agreed: Sequence[Garbage], now: Sequence[Garbage], everything: Everything) -> AgreedGarbage:
    """What was ``agreed`` to, sorted by what may be deleted ``now`` and by what is there now."""
    still = {(item.kind, item.id) for item in now}
    there = set(_things(everything)) - still
    leaving = {item.id for item in agreed if (item.kind, item.id) in still}
    return AgreedGarbage(
        tuple(item for item in agreed if (item.kind, item.id) in still),
        {item.id: _why(item, everything, leaving) for item in agreed if (item.kind, item.id) in there},
    )


def _things(everything: Everything) -> Iterator[tuple[Kind, str]]:
    yield from ((Kind.VECTOR_STORE, store.id) for store in everything.stores)
    yield from ((Kind.FILE, upload.id) for upload in everything.uploads)
    yield from ((Kind.ENVIRONMENT, environment.id) for environment in everything.environments)
    yield from ((kind, thing.id) for kind, things in everything.resources.items() for thing in things)


def _why(item: Garbage, everything: Everything, leaving: Collection[str]) -> str:
    users = sorted({*_users(item, everything)} - {*leaving})
    if users:
        return f"{first_named(users, _NAMED)} {'refers' if len(users) == 1 else 'refer'} to it by now"
    if any(environment.in_use for environment in everything.environments if environment.id == item.id):
        return "an assistant refers to it by now"
    return "it is no longer as it was listed; another gc says how it is"


def _users(item: Garbage, everything: Everything) -> Iterator[str]:
    """The ids of what refers to it."""
    beside = (thing for things in everything.resources.values() for thing in things)
    for thing in (*everything.assistants, *beside):
        if thing.id != item.id and item.id in ids_named(thing.fields, thing.metadata):
            yield thing.id
    if item.kind is Kind.FILE:
        yield from (store for store, files in everything.contents.items() if any(f.id == item.id for f in files))
        yield from (each.id for each in everything.environments if item.id in each.file_ids)
