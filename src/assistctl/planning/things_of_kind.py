"""The things of one kind beside the assistants, as a plan sees them: declared, there, and changing hands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistctl.diagnostics import Diagnostic
from assistctl.model.assistant import Observed
from assistctl.model.change import Action, Change
from assistctl.model.kind import Kind
from assistctl.model.plan import PlanOptions
from assistctl.model.resource import DesiredResource
from assistctl.planning.identity.inventory import Inventory, classify
from assistctl.planning.identity.moves import Transfers, transfers
from assistctl.planning.look_alikes import same_name_under_other_key
from assistctl.planning.outlook import Outlook
from assistctl.planning.resources import Resources


@dataclass(frozen=True, slots=True)
class ThingsOfKind:
    """The things of a ``kind``: those ``wanted`` by key, out of all ``declared``, and those that exist."""

    kind: Kind
    declared: Sequence[DesiredResource]
    observed: Sequence[Observed]
    wanted: Mapping[str, DesiredResource]
    inventory: Inventory[Observed]
    transfers: Transfers
    plan_options: PlanOptions

    def includes(self, key: str) -> bool:
        """Whether the plan is about the one with that key."""
        return self.plan_options.includes(self.kind, key)

    @property
    def owned_count(self) -> int:
        """The number of things that the project owns."""
        return sum(len(same_key) for same_key in self.inventory.owned.values())

    @property
    def due(self) -> list[DesiredResource]:
        """The wanted ones that the plan is about."""
        return [desired for key, desired in self.wanted.items() if self.includes(key)]

    @property
    def by_new_key(self) -> dict[str, Sequence[Observed]]:
        """The owned ones by the keys that they have once the plan is carried out."""
        moved = {new: self.inventory.owned[old] for new, old in self.transfers.moved.items()}
        return {**self.inventory.owned, **moved}

    @property
    def outlook(self) -> Outlook[DesiredResource]:
        """The future of the things, as far as it is known before the plan is made."""
        return Outlook(self.kind, self.wanted, self.inventory, self.transfers, self.plan_options)

    def under_other_keys(self, changes: Iterable[Change]) -> Iterator[Diagnostic]:
        """A warning for each new one that has the name of one which nobody declares any more."""
        left = {
            key: same_key[0]
            for key, same_key in self.inventory.owned.items()
            if key not in self.wanted and key not in {*self.transfers.moved.values(), *self.transfers.forgotten}
        }
        created = [change for change in changes if (change.kind, change.action) == (self.kind, Action.CREATE)]
        if self.plan_options.deletable is None and left:
            yield from same_name_under_other_key(created, self.wanted, left)


def things_of(kind: Kind, resources: Resources, plan_options: PlanOptions) -> ThingsOfKind:
    """The declared and the existing things of ``kind``."""
    declared = resources.declared(kind)
    wanted = {} if plan_options.destroy else declared
    observed = resources.observed.get(kind, ())
    inventory = classify(observed, plan_options.project, plan_options.target.name)
    moving = transfers(wanted, inventory, plan_options)
    return ThingsOfKind(
        kind,
        [*declared.values()],
        observed,
        wanted,
        inventory,
        moving,
        plan_options,
    )
