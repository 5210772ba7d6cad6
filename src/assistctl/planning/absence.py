"""Declared things that are not there with this project's mark, and why, as far as anything tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.change import Absence, Action, Change, Missing
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedStore
from assistctl.ownership.mark import is_marked
from assistctl.ownership.placeholders import store_ids
from assistctl.planning.identity.inventory import Inventory

_COMING = frozenset({Action.CREATE, Action.ADOPT})
Thing = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class PastIds:
    """The ids of things in past applies, by kind and key.

    ``last`` has the id that each had when it was last applied, ``None`` where that is not known or it was deleted
    or let go. ``is_whole``: what is not in it was never applied.
    """

    last: Mapping[Thing, str | None] = field(default_factory=dict)
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
    former = _FormerStores(wanted, inventory, stores)
    for change in changes:
        if change.action not in _COMING:
            continue
        inventory_of_kind = inventory if change.kind is Kind.ASSISTANT else others.get(change.kind)
        if inventory_of_kind is not None:
            yield Missing(
                change.kind, change.key, change.id or _look_alike(change, inventory_of_kind), Absence.NOT_THERE
            )
        elif change.kind is Kind.VECTOR_STORE:
            yield former.of(change)


def explained(missing: Iterable[Missing], past: PastIds, present: Collection[str]) -> tuple[Missing, ...]:
    """The same with what the record tells; ``present`` are the ids of all that is on the platform."""
    return tuple(_explained(absent_thing, past, present) for absent_thing in missing)


def _explained(absent_thing: Missing, past: PastIds, present: Collection[str]) -> Missing:
    thing = (absent_thing.kind, absent_thing.key)
    if absent_thing.reason is not Absence.NOT_THERE:
        return absent_thing
    last = past.last.get(thing)
    if absent_thing.kind is Kind.FILE:
        # An upload's mark stands where it is attached, and goes with that.
        return absent_thing if last is None else _found(absent_thing, last, present)
    if last is not None:
        return _found(absent_thing, last, present)
    never = past.is_whole and thing not in past.last
    return replace(absent_thing, reason=Absence.NEVER_APPLIED) if never else absent_thing


def _found(absent_thing: Missing, last: str, present: Collection[str]) -> Missing:
    reason = Absence.MARK_REMOVED if last in present else Absence.DELETED_OUTSIDE
    return replace(absent_thing, id=last, reason=reason)


def _look_alike(change: Change, inventory: Inventory[Observed]) -> str | None:
    named = inventory.free.get(change.name, ()) if change.name else ()
    return named[0].id if len(named) == 1 else None


@dataclass(frozen=True)
class _FormerStores:
    """The vector stores that may have preceded those to be created."""

    wanted: Mapping[str, Desired]
    inventory: Inventory[Observed]
    stores: Sequence[ObservedStore]

    def of(self, change: Change) -> Missing:
        """The missing store: whatever became of it, the assistant that searched it still names its last id."""
        for named in sorted(self._searched.get(change.key, ())):
            if named not in self._by_id:
                return Missing(change.kind, change.key, named, Absence.DELETED_OUTSIDE)
            named_thing = self._by_id[named]
            if not is_marked(named_thing.metadata) and named_thing.fields.get("name") == change.name:
                return Missing(change.kind, change.key, named, Absence.MARK_REMOVED)
        alike = self._unmarked.get(change.name, ())
        return Missing(change.kind, change.key, alike[0] if len(alike) == 1 else None, Absence.NOT_THERE)

    @cached_property
    def _by_id(self) -> Mapping[str, ObservedStore]:
        return {store.id: store for store in self.stores}

    @cached_property
    def _searched(self) -> Mapping[str, set[str]]:
        """The ids that the assistants of each vector store's key search."""
        found: dict[str, set[str]] = {}
        for key, desired in self.wanted.items():
            for owned in self.inventory.owned.get(key, ()) if desired.store is not None else ():
                found.setdefault(desired.store or "", set()).update(store_ids(owned.fields))
        return found

    @cached_property
    def _unmarked(self) -> Mapping[Json, Sequence[str]]:
        """The ids of the vector stores that nobody owns, by name."""
        found: dict[Json, list[str]] = {}
        for store in self.stores:
            name = store.fields.get("name")
            if not is_marked(store.metadata) and (name is None or isinstance(name, str)):
                found.setdefault(name, []).append(store.id)
        return found
