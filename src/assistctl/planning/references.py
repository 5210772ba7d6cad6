"""Which ids are named, and go on being named once a plan is carried out: nothing of those is deleted.

The one place for that rule. Whatever deletes something asks here: the planner, for apply, destroy and rollback,
and ``planning.garbage`` for gc.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from assistctl.model.assistant import Desired, Lifecycle, Observed
from assistctl.model.change import QualifiedKey
from assistctl.model.json_value import Json
from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource
from assistctl.ownership.baseline import read_baseline
from assistctl.ownership.canonical import PLATFORMS, canonical_units
from assistctl.ownership.field_paths import Path, covers, parse
from assistctl.ownership.mark import BASELINE, Mark, users_pairs
from assistctl.planning.identity.inventory import Inventory
from assistctl.planning.identity.moves import Transfers
from assistctl.planning.options import PlanOptions
from assistctl.planning.rosters import Naming, named_in

if TYPE_CHECKING:
    from assistctl.planning.things_of_kind import ThingsOfKind

_PROSE = frozenset({"name", "description", "model", "instructions", "response_format", "metadata"})
# What a tool says of itself to the model.
_PROSE_OF_TOOLS = frozenset({"function", "description", "instructions", "parameters", "input_schema"})
_LONGEST_ID = 256
_BETWEEN_IDS = re.compile(r"[\s,;]+")

NamingT = TypeVar("NamingT", bound=Naming)


def ids_named(fields: Mapping[str, Json], metadata: Mapping[str, Json]) -> frozenset[str]:
    """Everything in an assistant's fields, and in the pairs that are not ours, that may be the id of something.

    That is any text of its own outside of prose: which fields hold ids differs from platform to platform, and
    what is no id of anything does no harm here.
    """
    found = {text for name, value in fields.items() if name not in _PROSE for text in _texts(value)}
    pairs = (str(value) for value in users_pairs(dict(metadata)).values())
    return frozenset(found).union(*(_BETWEEN_IDS.split(text) for text in pairs if len(text) <= 2 * _LONGEST_ID))


def ids_declared(desired: Naming, platform: str) -> frozenset[str]:
    """The same of a manifest, with its fields for ``platform``."""
    pairs = desired.fields.get("metadata")
    own: Json = dict(desired.platform_fields.get(platform, {}))
    return ids_named({**desired.fields, PLATFORMS: own}, pairs if isinstance(pairs, dict) else {})


def _as_declared(desired: Naming) -> Mapping[str, Json]:
    return desired.fields


@dataclass(frozen=True)
class Outlook(Generic[NamingT]):
    """What becomes of the things of a ``kind`` when a plan is carried out, as far as that is known beforehand.

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
        return _ids_left(observed, self.given(desired), desired.lifecycle)

    def shown(self, observed: Observed) -> str:
        """What a thing is called: an assistant of ours by its key, everything else by its id."""
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


_AnyOutlook: TypeAlias = Outlook[Desired] | Outlook[DesiredResource]


@dataclass(frozen=True, slots=True)
class References:
    """The ids that are named, each with one that names it: a key of ours, or the id of somebody else's."""

    named_by: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, object_id: str) -> bool:
        return object_id in self.named_by

    @property
    def ids(self) -> Collection[str]:
        """All of them."""
        return self.named_by.keys()


def references(
    declared: Iterable[Desired],
    assistants: Outlook[Desired],
    kinds: Mapping[Kind, ThingsOfKind] | None = None,
) -> References:
    """What is named by id once the plan is carried out. ``kinds`` is what is there beside the ``assistants``.

    ``declared`` are all manifests of these, also where the plan is not about them: what a declared assistant names
    is needed when that is applied again. What names something and is named itself stays, and what it names.
    """
    manifests: list[tuple[_AnyOutlook, Iterable[Naming]]] = [
        *((of_kind.outlook, of_kind.declared) for of_kind in (kinds or {}).values()),
        (assistants, declared),
    ]
    inventories = {outlook.kind: outlook.inventory for outlook, _ in manifests}
    named = dict(assistants.plan_options.named_by_targets)
    for outlook, of_its_kind in manifests:
        for desired in of_its_kind:
            by = desired.key if outlook.kind is Kind.ASSISTANT else str(QualifiedKey(outlook.kind, desired.key))
            for object_id in _ids_in_manifest(desired, outlook, inventories):
                named.setdefault(object_id, by)
    _add_ids_kept(named, [outlook for outlook, _ in manifests])
    return References(named)


def _add_ids_kept(named: dict[str, str], outlooks: Iterable[_AnyOutlook]) -> None:
    """Add the ids in what stays, because the plan does not delete it or because it is ``named`` itself."""
    there = [(outlook, observed) for outlook in outlooks for observed in outlook.observed]
    ending = {observed.id: (outlook, observed) for outlook, observed in there if outlook.ends(observed)}
    staying = [(outlook, observed) for outlook, observed in there if observed.id not in ending]
    while staying := [*staying, *(ending.pop(object_id) for object_id in sorted(ending.keys() & named.keys()))]:
        for outlook, observed in staying:
            for object_id in outlook.ids_kept(observed) - {observed.id}:
                named.setdefault(object_id, outlook.shown(observed))
        staying = []


def _ids_in_manifest(
    desired: Naming,
    outlook: _AnyOutlook,
    inventories: Mapping[Kind, Inventory[Observed]],
) -> frozenset[str]:
    """The ids that a manifest names, and of what it names by key as long as what it declares is to stay itself."""
    platform = outlook.plan_options.target.platform
    by_id = ids_declared(desired, platform)
    if not outlook.undoes(desired):
        keys = {named.about for _, named in named_in(desired, platform)}
        by_id |= {
            owned.id for kind, key in keys if kind in inventories for owned in inventories[kind].owned.get(key, ())
        }
    return by_id - {owned.id for owned in outlook.inventory.owned.get(desired.key, ())}


def _ids_left(observed: Observed, given: Mapping[str, Json], lifecycle: Lifecycle) -> frozenset[str]:
    """The ids in what nobody of ours manages of a thing that is to be as ``given``."""
    declared = _units(given, given.get("metadata"))
    baseline = read_baseline(observed.metadata.get(BASELINE))
    ignored = tuple(map(parse, lifecycle.ignore_changes))
    return frozenset[str]().union(
        *(
            _ids_in_unit(unit, value)
            for unit, value in _units(observed.fields, users_pairs(dict(observed.metadata))).items()
            if covers(ignored, unit) or not (unit in declared or baseline.has(unit))
        )
    )


def _units(fields: Mapping[str, Json], pairs: Json) -> dict[Path, Json]:
    """The canonical units of what may hold ids."""
    told = {name: value for name, value in fields.items() if name not in _PROSE}
    return canonical_units(told, pairs if isinstance(pairs, dict) else {})


def _ids_in_unit(unit: Path, value: Json) -> frozenset[str]:
    field = str(unit[0])
    return ids_named({}, {str(unit[1]): value}) if field == "metadata" else ids_named({field: value}, {})


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if 0 < len(value) <= _LONGEST_ID:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in _PROSE_OF_TOOLS:
                yield from _texts(part)
