"""The future of the things of a kind once a plan is carried out, as far as it is known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Generic, TypeAlias, TypeVar

from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.kind import Kind
from assistctl.model.plan import PlanOptions
from assistctl.model.resource import DesiredResource
from assistctl.ownership.mark import Mark
from assistctl.planning.identity.inventory import Inventory
from assistctl.planning.identity.moves import Transfers
from assistctl.planning.named_ids import ids_left, ids_named
from assistctl.planning.rosters import Naming

NamingT = TypeVar("NamingT", bound=Naming)


def _as_declared(desired: Naming) -> Mapping[str, Json]:
    return desired.fields


@dataclass(frozen=True)
class Outlook(Generic[NamingT]):
    """The future of the things of a ``kind`` once a plan is carried out, as far as it is known beforehand.

    ``wanted`` are those that it is to bring about, by key, and ``given`` has what the platform is given of one.
    """

    kind: Kind
    wanted: Mapping[str, NamingT]
    inventory: Inventory[Observed]
    moving: Transfers
    plan_options: PlanOptions
    given: Callable[[NamingT], Mapping[str, Json]] = _as_declared

    @property
    def observed(self) -> Iterator[Observed]:
        """All that is there, whoever owns it."""
        return chain(self.inventory.others.values(), self.inventory.free_by_id.values())

    def ends(self, observed: Observed) -> bool:
        """Whether the plan deletes a thing, unless something names it."""
        key = self._key(observed)
        if key is None or key in self.wanted or key in self.moving.forgotten:
            return False
        return self.plan_options.includes(self.kind, key) and self.plan_options.may_delete(observed.id)

    def undoes(self, desired: Naming) -> bool:
        """Whether what a manifest declares is to end, or to be as it was before that."""
        is_wanted = self.wanted.get(desired.key) is desired
        return not is_wanted and self.plan_options.includes(self.kind, desired.key)

    def ids_kept(self, observed: Observed) -> frozenset[str]:
        """The ids that a thing has, and that the plan does not take from it."""
        key = self._key(observed)
        desired = self.wanted.get(key) if key is not None else None
        if desired is None or key is None or not self.plan_options.includes(self.kind, key):
            return ids_named(observed.fields, observed.metadata)
        return ids_left(observed, self.given(desired), desired.lifecycle)

    def shown(self, observed: Observed) -> str:
        """The name of a thing: an assistant of ours by its key, everything else by its id."""
        mark = self._mark(observed) if self.kind is Kind.ASSISTANT else None
        return mark.key if mark is not None else observed.id

    def _key(self, observed: Observed) -> str | None:
        """The key that a thing has once it is ours, the new one if it moves."""
        if observed.id in self._taken_over:
            return self._taken_over[observed.id]
        mark = self._mark(observed)
        return self._new_keys.get(mark.key, mark.key) if mark is not None else None

    def _mark(self, observed: Observed) -> Mark | None:
        """The mark of a thing that is ours: others have keys like it."""
        mark = self.inventory.marks.get(observed.id)
        is_ours = mark is not None and mark.owned_by(self.plan_options.project, self.plan_options.target.name)
        return mark if is_ours else None

    @cached_property
    def _new_keys(self) -> Mapping[str, str]:
        return {old: new for new, old in self.moving.moved.items()}

    @cached_property
    def _taken_over(self) -> Mapping[str, str]:
        """The keys of what is taken over, by its id."""
        takes = {**self.moving.imported, **self.moving.chosen}
        return {**{object_id: key for key, object_id in takes.items()}, **dict(self._adopted())}

    def _adopted(self) -> Iterator[tuple[str, str]]:
        """Those that are taken over by their name, where that is not decided against."""
        if self.plan_options.adopt is False:
            return
        imported = set(self.moving.imported.values())
        newcomers = {key: desired for key, desired in self.wanted.items() if key not in self.inventory.owned}
        for key, desired in newcomers.items():
            named = [
                observed
                for observed in self.inventory.free.get(desired.name or "", ())
                if observed.id not in imported
            ]
            if len(named) == 1 and key not in self.moving.imported and key not in self.moving.moved:
                yield named[0].id, key


AnyOutlook: TypeAlias = Outlook[Desired] | Outlook[DesiredResource]
