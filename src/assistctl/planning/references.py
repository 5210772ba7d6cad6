"""Ids that are still named once a plan is carried out: nothing of those is deleted.

The one place for that rule. Whatever deletes something asks here: the planner, for apply, destroy and rollback,
and ``planning.garbage`` for gc.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assistctl.model.assistant import Desired, Observed
from assistctl.model.change import QualifiedKey
from assistctl.model.kind import Kind
from assistctl.planning.identity.inventory import Inventory
from assistctl.planning.named_ids import ids_declared
from assistctl.planning.outlook import AnyOutlook, Outlook
from assistctl.planning.rosters import Naming, named_in
from assistctl.planning.things_of_kind import ThingsOfKind


@dataclass(frozen=True, slots=True)
class References:
    """The ids that are named, each with one that names it: a key of ours, or the id of somebody else's."""

    named_by: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, object_id: str) -> bool:
        return object_id in self.named_by


def references(
    declared: Iterable[Desired],
    assistants: Outlook[Desired],
    kinds: Mapping[Kind, ThingsOfKind] | None = None,
) -> References:
    """The references by id once the plan is carried out. ``kinds`` are the things beside ``assistants``.

    ``declared`` are all manifests of these, also where the plan is not about them: what a declared assistant names
    is needed when that is applied again. What names something and is named itself stays, and what it names.
    """
    manifests: list[tuple[AnyOutlook, Iterable[Naming]]] = [
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


def _add_ids_kept(named: dict[str, str], outlooks: Iterable[AnyOutlook]) -> None:
    """Add the ids in what stays, because the plan does not delete it or because it is ``named`` itself."""
    things = [(outlook, observed) for outlook in outlooks for observed in outlook.observed]
    ending = {observed.id: (outlook, observed) for outlook, observed in things if outlook.ends(observed)}
    staying = [(outlook, observed) for outlook, observed in things if observed.id not in ending]
    while staying := [*staying, *(ending.pop(object_id) for object_id in sorted(ending.keys() & named.keys()))]:
        for outlook, observed in staying:
            for object_id in outlook.ids_kept(observed) - {observed.id}:
                named.setdefault(object_id, outlook.shown(observed))
        staying = []


def _ids_in_manifest(
    desired: Naming,
    outlook: AnyOutlook,
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
