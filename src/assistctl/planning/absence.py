"""What is declared and not there with this project's mark, and why, as far as anything tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.model.knowledge import ObservedStore
from assistctl.model.plan import Absence, Action, Change, Desired, Kind, Missing, Observed
from assistctl.ownership.mark import is_marked
from assistctl.ownership.placeholders import store_ids
from assistctl.planning.identity.inventory import Inventory

_COMING = frozenset({Action.CREATE, Action.ADOPT})
Thing = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class PastIds:
    """What the record of past applies tells of things, by kind and key.

    ``last`` has the id that each had when it was last applied, ``None`` where that is not known or it was deleted
    or let go. ``is_whole``: what is not in it was never applied.
    """

    last: Mapping[Thing, str | None] = field(default_factory=dict)
    ended: frozenset[Thing] = frozenset()
    is_whole: bool = False


def absent(
    changes: Iterable[Change],
    wanted: Mapping[str, Desired],
    inventory: Inventory[Observed],
    stores: Sequence[ObservedStore],
    others: Mapping[Kind, Inventory[Observed]],
) -> Iterator[Missing]:
    """Each thing that is declared and would be created or taken over.

    ``others`` is what there is of the kinds beside assistants and vector stores.
    """
    for change in changes:
        if change.action not in _COMING:
            continue
        there = inventory if change.kind is Kind.ASSISTANT else others.get(change.kind)
        if there is not None:
            yield Missing(change.kind, change.key, change.id or _look_alike(change, there), Absence.NOT_THERE)
        elif change.kind is Kind.VECTOR_STORE:
            yield _absent_store(change, wanted, inventory, stores)


def explained(missing: Iterable[Missing], past: PastIds, there: Collection[str]) -> tuple[Missing, ...]:
    """The same with what the record tells; ``there`` are the ids of all that is on the platform."""
    return tuple(_explained(one, past, there) for one in missing)


def _explained(one: Missing, past: PastIds, there: Collection[str]) -> Missing:
    thing = (one.kind, one.key)
    if one.reason is not Absence.NOT_THERE:
        return one
    last = past.last.get(thing)
    if one.kind is Kind.FILE:
        gone = last is not None and last not in there
        return replace(one, id=last, reason=Absence.DELETED_OUTSIDE if gone else one.reason)
    if last is not None:
        return replace(one, id=last, reason=Absence.MARK_REMOVED if last in there else Absence.DELETED_OUTSIDE)
    never = thing in past.ended or (past.is_whole and thing not in past.last)
    return replace(one, reason=Absence.NEVER_APPLIED) if never else one


def _look_alike(change: Change, inventory: Inventory[Observed]) -> str | None:
    named = inventory.free.get(change.name, ()) if change.name else ()
    return named[0].id if len(named) == 1 else None


def _absent_store(
    change: Change, wanted: Mapping[str, Desired], inventory: Inventory[Observed], stores: Sequence[ObservedStore]
) -> Missing:
    """What searched it names its last id still, whatever became of that."""
    by_id = {store.id: store for store in stores}
    keys = [key for key, one in wanted.items() if one.store == change.key]
    searching = [one for key in keys for one in inventory.owned.get(key, ())]
    for named in sorted({store_id for one in searching for store_id in store_ids(one.fields)}):
        if named not in by_id:
            return Missing(change.kind, change.key, named, Absence.DELETED_OUTSIDE)
        if not is_marked(by_id[named].metadata) and by_id[named].fields.get("name") == change.name:
            return Missing(change.kind, change.key, named, Absence.MARK_REMOVED)
    alike = [one.id for one in stores if not is_marked(one.metadata) and one.fields.get("name") == change.name]
    return Missing(change.kind, change.key, alike[0] if len(alike) == 1 else None, Absence.NOT_THERE)
