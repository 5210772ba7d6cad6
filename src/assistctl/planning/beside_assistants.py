"""The things a platform keeps beside its assistants, planned kind by kind, those named by others first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Change, QualifiedKey
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.plan import PlanOptions
from assistctl.model.resource import DesiredResource
from assistctl.planning.deciding import Decider
from assistctl.planning.decision import Decision
from assistctl.planning.identity.inventory import Inventory, read_owned
from assistctl.planning.references import References
from assistctl.planning.resource_check import check_resource
from assistctl.planning.resources import ResourceFacts, Resources
from assistctl.planning.rosters import Naming, Rosters, renewed_by, rosters
from assistctl.planning.things_of_kind import ThingsOfKind, things_of


@dataclass(frozen=True)
class BesideAssistants:
    """The ``resources`` of a plan. ``wanted`` and ``inventory`` are the assistants, which may name them by key."""

    resources: Resources
    wanted: Mapping[str, Desired]
    inventory: Inventory[Observed]
    plan_options: PlanOptions
    capabilities: Capabilities

    @cached_property
    def kinds(self) -> dict[Kind, ThingsOfKind]:
        """The declared and the existing things of each kind, in the order in which they are decided."""
        if not (self.resources.desired or self.resources.observed):
            return {}
        found = {kind: things_of(kind, self.resources, self.plan_options) for kind in RESOURCE_KINDS}
        return {kind: things for kind, things in found.items() if things.wanted or things.observed}

    @cached_property
    def naming(self) -> dict[QualifiedKey, Naming]:
        """All that is wanted and may name something by key, the assistants too."""
        wanted: dict[QualifiedKey, Naming] = {
            QualifiedKey(Kind.ASSISTANT, key): desired for key, desired in self.wanted.items()
        }
        for kind, things in self.kinds.items():
            wanted |= {QualifiedKey(kind, key): declared for key, declared in things.wanted.items()}
        return wanted

    @cached_property
    def rosters(self) -> Rosters:
        """The references by key from one thing to another."""
        owned = {QualifiedKey(Kind.ASSISTANT, key): same_key for key, same_key in self.inventory.owned.items()}
        for kind, things in self.kinds.items():
            owned |= {QualifiedKey(kind, key): same_key for key, same_key in things.by_new_key.items()}
        tables = {Kind.ASSISTANT: self.capabilities, **self.capabilities.resources}
        return rosters(self.naming, owned, self.plan_options.target.platform, tables)

    def decisions(self, references: Callable[[], References]) -> Iterator[Decision]:
        """The decisions on each of them; ``references`` gives the ids that are named once all is carried out."""
        platform, changes = self.plan_options.target.platform, list[Change]()
        for kind, things in self.kinds.items():
            capabilities = self.capabilities.resources.get(kind)
            if capabilities is None:
                unknown = (check_resource(declared, platform, None) for declared in things.due)
                yield Decision(diagnostics=tuple(chain.from_iterable(unknown)))
                continue
            facts = ResourceFacts(kind, platform, capabilities, replace(self.rosters, renewed=renewed_by(changes)))
            yield Decision(diagnostics=things.transfers.diagnostics)
            for decision in self._decider(facts, things, references).decisions():
                changes += decision.changes
                yield decision

    def _decider(
        self, facts: ResourceFacts, things: ThingsOfKind, references: Callable[[], References]
    ) -> Decider[Observed, DesiredResource]:
        return Decider(
            facts,
            self.plan_options,
            things.inventory,
            read_owned(facts.read, things.inventory),
            things.wanted,
            things.transfers,
            things.includes,
            references,
        )
