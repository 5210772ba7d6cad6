"""Which ids assistants name, and go on naming once a plan is carried out: nothing of those is deleted.

The one place for that rule. Whatever deletes something asks here: the planner, for apply, destroy and rollback,
and ``planning.garbage`` for gc.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistctl.model.assistant import Desired, Lifecycle, Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import QualifiedKey
from assistctl.model.json_value import Json
from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource
from assistctl.ownership.baseline import read_baseline
from assistctl.ownership.canonical import PLATFORMS, canonical_units
from assistctl.ownership.field_paths import Path, covers, parse
from assistctl.ownership.mark import BASELINE, users_pairs
from assistctl.ownership.placeholders import with_tokens
from assistctl.planning.capability_check import to_platform
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


def ids_named(fields: Mapping[str, Json], metadata: Mapping[str, Json]) -> frozenset[str]:
    """Everything in an assistant's fields, and in the pairs that are not ours, that may be the id of something.

    That is any text of its own outside of prose: which fields hold ids differs from platform to platform, and
    what is no id of anything does no harm here.
    """
    found = {text for name, value in fields.items() if name not in _PROSE for text in _texts(value)}
    pairs = (str(value) for value in users_pairs(dict(metadata)).values())
    return frozenset(found).union(*(_BETWEEN_IDS.split(text) for text in pairs if len(text) <= 2 * _LONGEST_ID))


def ids_declared(desired: Desired, platform: str) -> frozenset[str]:
    """The same of a manifest, with its fields for ``platform``."""
    pairs = desired.fields.get("metadata")
    own: Json = dict(desired.platform_fields.get(platform, {}))
    return ids_named({**desired.fields, PLATFORMS: own}, pairs if isinstance(pairs, dict) else {})


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of assistants when a plan is carried out, as far as it is known before the plan is made.

    ``wanted`` are the assistants it is to bring about, by key.
    """

    wanted: Mapping[str, Desired]
    inventory: Inventory[Observed]
    moving: Transfers
    plan_options: PlanOptions
    capabilities: Capabilities
    _taken_over: dict[str, str] = field(default_factory=dict)
    _new_keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._new_keys.update({old: new for new, old in self.moving.moved.items()})
        takes = {**self.moving.imported, **self.moving.chosen}
        self._taken_over.update({object_id: key for key, object_id in takes.items()})
        self._taken_over.update(self._adopted())

    def ends(self, observed: Observed) -> bool:
        """Whether the plan deletes an assistant, unless something names it."""
        key = self._key(observed)
        if key is None or key in self.wanted or key in self.moving.forgotten:
            return False
        return self.plan_options.includes(Kind.ASSISTANT, key) and self.plan_options.may_delete(observed.id)

    def ids_kept(self, observed: Observed) -> frozenset[str]:
        """The ids that an assistant has, and that the plan does not take from it."""
        key = self._key(observed)
        desired = self.wanted.get(key) if key is not None else None
        if desired is None or key is None or not self.plan_options.includes(Kind.ASSISTANT, key):
            return ids_named(observed.fields, observed.metadata)
        given = to_platform(with_tokens(desired), self.plan_options.target.platform, self.capabilities).fields
        return _ids_left(observed, given, desired.lifecycle)

    def _key(self, observed: Observed) -> str | None:
        """The key that an assistant has once it is ours, the new one if it moves."""
        if observed.id in self._taken_over:
            return self._taken_over[observed.id]
        mark = self.inventory.marks.get(observed.id)
        if mark is None or not mark.owned_by(self.plan_options.project, self.plan_options.target.name):
            return None
        return self._new_keys.get(mark.key, mark.key)

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
    observed: Sequence[Observed],
    declared: Iterable[Desired],
    outlook: Outlook,
    kinds: Mapping[Kind, ThingsOfKind] | None = None,
) -> References:
    """What is named by id once the plan is carried out. ``kinds`` is what is there beside the assistants.

    ``declared`` are all manifests, also where the plan is not about them: what a declared assistant names is
    needed when that is applied again. What names something and is named itself stays, and what it names.
    """
    things = kinds or {}
    named = {**dict(_named_by_things(things, outlook)), **outlook.plan_options.named_by_targets}
    for desired in declared:
        itself = {assistant.id for assistant in outlook.inventory.owned.get(desired.key, ())}
        by_key = _ids_of_keys(Kind.ASSISTANT, desired, outlook, things)
        for object_id in (ids_declared(desired, outlook.plan_options.target.platform) | by_key) - itself:
            named.setdefault(object_id, desired.key)
    ending = {assistant.id: assistant for assistant in observed if outlook.ends(assistant)}
    staying = [assistant for assistant in observed if assistant.id not in ending]
    while staying:
        for assistant in staying:
            for object_id in outlook.ids_kept(assistant) - {assistant.id}:
                named.setdefault(object_id, _shown(assistant, outlook))
        staying = [ending.pop(object_id) for object_id in sorted(ending.keys() & named.keys())]
    return References(named)


def _ids_of_keys(
    kind: Kind, desired: Naming, outlook: Outlook, things: Mapping[Kind, ThingsOfKind]
) -> frozenset[str]:
    """The ids of what a manifest names by key, as long as what it declares is to stay itself."""
    plan_options = outlook.plan_options
    if plan_options.destroy and plan_options.includes(kind, desired.key):
        return frozenset()
    inventories = {known_kind: of_kind.inventory for known_kind, of_kind in things.items()} | {
        Kind.ASSISTANT: outlook.inventory
    }
    keys = {named.about for _, named in named_in(desired, plan_options.target.platform)}
    return frozenset(
        owned.id
        for named_kind, key in keys
        if named_kind in inventories
        for owned in inventories[named_kind].owned.get(key, ())
    )


def _named_by_things(things: Mapping[Kind, ThingsOfKind], outlook: Outlook) -> Iterator[tuple[str, str]]:
    """The ids that go on being named by what is beside the assistants, each with what names it."""
    for kind, of_kind in things.items():
        for desired in of_kind.declared:
            by_key = _ids_of_keys(kind, desired, outlook, things)
            by_id = ids_named(desired.fields, {})
            yield from ((object_id, str(QualifiedKey(kind, desired.key))) for object_id in by_key | by_id)
        for observed in of_kind.observed:
            if not of_kind.ends(observed, outlook.plan_options):
                mark = of_kind.inventory.marks.get(observed.id)
                wanted = of_kind.wanted.get(mark.key) if mark is not None and of_kind.includes(mark.key) else None
                left = (
                    ids_named(observed.fields, observed.metadata)
                    if wanted is None
                    else _ids_left_in(observed, wanted)
                )
                yield from ((object_id, observed.id) for object_id in left - {observed.id})


def _ids_left_in(observed: Observed, wanted: DesiredResource) -> frozenset[str]:
    return _ids_left(observed, wanted.fields, wanted.lifecycle)


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


def _shown(observed: Observed, outlook: Outlook) -> str:
    mark = outlook.inventory.marks.get(observed.id)
    ours = mark is not None and mark.owned_by(outlook.plan_options.project, outlook.plan_options.target.name)
    return mark.key if ours and mark is not None else observed.id


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
