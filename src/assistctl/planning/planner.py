"""The planner: what is declared, what is there and what is allowed, to the changes that would be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from assistctl.diagnostics import Diagnostic
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Action, Change, Missing, QualifiedKey, Summary
from assistctl.model.file_operations import FileOperations
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.plan import Plan, PlanOptions
from assistctl.ownership.file_marks import store_token
from assistctl.planning import safety_rules as safety
from assistctl.planning.absence import absent
from assistctl.planning.assistants import Assistants
from assistctl.planning.beside_assistants import BesideAssistants
from assistctl.planning.deciding import Decider
from assistctl.planning.decision import Decision
from assistctl.planning.identity.inventory import Inventory, Knowledge, Owned, classify, fingerprint, read_owned
from assistctl.planning.identity.moves import Transfers, transfers
from assistctl.planning.look_alikes import LookAlikes
from assistctl.planning.outlook import Outlook
from assistctl.planning.references import References, references
from assistctl.planning.resources import Resources
from assistctl.planning.rosters import Rosters, renewed_by, with_dependencies
from assistctl.planning.serving import told_of_serving
from assistctl.planning.vector_stores.file_changes import FileChanges, HolderFiles, file_changes, totals
from assistctl.planning.vector_stores.inventory import StoreInventory, store_inventory
from assistctl.planning.vector_stores.stores import store_decisions


def make_plan(
    desired: Sequence[Desired],
    observed: Sequence[Observed],
    plan_options: PlanOptions,
    capabilities: Capabilities,
    knowledge: Knowledge | None = None,
    *,
    resources: Resources | None = None,
) -> Plan:
    """The plan that makes the project's assistants on the target the declared ones.

    Nothing but what carries the project's and target's mark is changed or deleted, save an adoption that
    ``plan_options`` allows. The changes are in the order of their keys, those of files behind them in that of
    their paths.
    """
    return _Planning(
        desired, observed, plan_options, capabilities, knowledge or Knowledge(), resources or Resources()
    ).plan()


@dataclass(frozen=True)
class _Planning:
    """All that a plan is made from, and what follows from it, each part found once."""

    desired: Sequence[Desired]
    observed: Sequence[Observed]
    plan_options: PlanOptions
    capabilities: Capabilities
    knowledge: Knowledge
    resources: Resources

    def plan(self) -> Plan:
        beside = _combined(self.beside.decisions(lambda: self.references)) if self._has_resources else Decision()
        assistants, stores = _combined(self._decided_assistants(beside.changes)), _combined(self._decided_stores())
        changes, refusals = self._checked(assistants.changes, [*stores.changes, *beside.changes])
        if self.rosters.named or self._has_stores:
            changes = with_dependencies(changes, self.wanted, self.rosters)
        counts = Counter(change.action for change in changes)
        files = self._files((*stores.files, *assistants.files))
        file_changes = tuple(files.planned()) if files is not None else ()
        is_about_files = files is not None and (files.uploads or files.kept)
        ids = {token: store_id for store_id, token in self.store_tokens.items()}
        ids |= self.rosters.known() if self.rosters.named else {}
        seen = {**assistants.seen, **stores.seen, **beside.seen, **(files.seen() if files is not None else {})}
        return Plan(
            project=self.plan_options.project,
            target=self.plan_options.target,
            changes=(*changes, *file_changes),
            drift=(*assistants.drift, *stores.drift, *beside.drift),
            diagnostics=(
                *self.transfers.diagnostics,
                *assistants.diagnostics,
                *stores.diagnostics,
                *beside.diagnostics,
                *(files.diagnostics() if files is not None else ()),
                *refusals,
                *self._about_serving(changes),
                *(self._look_alikes(changes) if counts[Action.CREATE] else ()),
            ),
            summary=Summary(
                create=counts[Action.CREATE],
                update=counts[Action.UPDATE],
                delete=counts[Action.DELETE],
                adopt=counts[Action.ADOPT],
                unchanged=assistants.unchanged + stores.unchanged + beside.unchanged,
                forget=counts[Action.FORGET],
            ),
            seen=seen,
            fingerprint=fingerprint(self.plan_options, seen),
            files=totals(file_changes) if is_about_files or file_changes or self._has_stores else None,
            knowledge=files.operations(ids, stores.store_operations)
            if files is not None
            else FileOperations(known=ids, stores=stores.store_operations),
            missing=(*self._absent(changes), *stores.missing, *assistants.missing),
            existing_ids=frozenset(thing.id for thing in chain(self.observed, *self.resources.observed.values()))
            | frozenset(store.id for store in self.knowledge.observed.stores),
            narrowed=self.plan_options.is_narrowed,
        )

    @cached_property
    def wanted(self) -> dict[str, Desired]:
        if self.plan_options.destroy:
            return {}
        return {desired.key: desired for desired in sorted(self.desired, key=lambda desired: desired.key)}

    @cached_property
    def inventory(self) -> Inventory[Observed]:
        return classify(self.observed, self.plan_options.project, self.plan_options.target.name)

    @cached_property
    def owned(self) -> dict[str, list[Owned]]:
        """The assistants that the project owns, by key, with what is written on them."""
        return read_owned(self.assistants.read, self.inventory)

    @cached_property
    def assistants(self) -> Assistants:
        platform, known = self.plan_options.target.platform, self.knowledge.observed
        return Assistants(
            platform,
            self.capabilities,
            self.store_tokens,
            known.gone,
            known.unread,
            self.rosters,
            lambda: self.beside.rosters,
            self.stores.moved,
            self.stores.former,
        )

    @cached_property
    def rosters(self) -> Rosters:
        """The references by key from one thing to another."""
        may_name = any(desired.platform_fields or desired.uses for desired in self.wanted.values())
        return self.beside.rosters if may_name or self._has_resources else Rosters()

    @cached_property
    def beside(self) -> BesideAssistants:
        """The things beside the assistants, and the references by key among all of them."""
        return BesideAssistants(self.resources, self.wanted, self.inventory, self.plan_options, self.capabilities)

    @cached_property
    def stores(self) -> StoreInventory:
        if not (self.knowledge.desired or self.knowledge.observed.stores):
            return StoreInventory()
        return store_inventory(self.knowledge, self.wanted.values(), self.observed, self.plan_options)

    @cached_property
    def store_tokens(self) -> dict[str, str]:
        return {store_id: store_token(key) for store_id, key in self.stores.keys_by_id.items()}

    @cached_property
    def transfers(self) -> Transfers:
        claims = any(desired.moved_from or desired.import_id for desired in self.wanted.values())
        if not (claims or self.plan_options.forget or self.plan_options.release):
            return Transfers()
        return transfers(self.wanted, self.inventory, self.plan_options)

    @cached_property
    def references(self) -> References:
        """The references by id; not asked for where nothing would be deleted."""
        about = (Kind.ASSISTANT, self.wanted, self.inventory, self.transfers, self.plan_options)
        declared = (*self.desired, *self.plan_options.also_declared)
        return references(declared, Outlook(*about, self.assistants.given), self.beside.kinds)

    @property
    def _has_resources(self) -> bool:
        return bool(self.resources.desired or any(self.resources.observed.values()))

    @property
    def _has_stores(self) -> bool:
        return bool(self.stores.wanted or self.stores.live)

    def _decided_assistants(self, beside: Sequence[Change]) -> Iterator[Decision]:
        renewed = {*renewed_by(beside)} if beside else set[QualifiedKey]()
        rosters = replace(self.rosters, renewed=renewed)
        decider = self._decider(replace(self.assistants, rosters=rosters))
        decided = decider.by_key()
        newest = renewed_by(_changes(decided)) if rosters.named else ()
        while newest:
            # What names something that changes changes with it, and so on: that alone is decided again.
            renewed.update(newest)
            again = decider.by_key(about.key for about in rosters.naming(newest) if about.kind is Kind.ASSISTANT)
            decided |= again
            newest = renewed_by(_changes(again)) - renewed
        if rosters.named:
            changes = (*_changes(decided), *beside)
            yield Decision(diagnostics=tuple(rosters.diagnostics(self.beside.naming, changes)))
        yield from chain.from_iterable(decided.values())
        if self._declares_nothing:
            yield Decision(diagnostics=(safety.nothing_declared(self._owned_count),))

    def _decider(self, facts: Assistants) -> Decider[Observed, Desired]:
        return Decider(
            facts,
            self.plan_options,
            self.inventory,
            self.owned,
            self.wanted,
            self.transfers,
            lambda key: self.plan_options.includes(Kind.ASSISTANT, key),
            lambda: self.references,
        )

    def _decided_stores(self) -> Iterable[Decision]:
        if not self._has_stores:
            return ()
        return store_decisions(self.stores, self.knowledge.observed, self.plan_options, lambda: self.references)

    def _about_serving(self, changes: Iterable[Change]) -> Iterable[Diagnostic]:
        """Warnings about declared assistants of which another version answers than the one that is applied."""
        if not self.capabilities.serving_fields:
            return ()
        asked_for = {
            key: desired for key, desired in self.wanted.items() if self.plan_options.includes(Kind.ASSISTANT, key)
        }
        return told_of_serving(asked_for, self.owned, changes, self.capabilities)

    @property
    def _declares_nothing(self) -> bool:
        """Whether all assistants that are owned would go because none is declared any more."""
        is_everything = not self.plan_options.destroy and self.plan_options.only is None
        return bool(is_everything and not self.wanted and self.owned)

    @property
    def _owned_count(self) -> int:
        return sum(len(same_key) for same_key in self.owned.values())

    def _checked(
        self, assistants: Sequence[Change], others: Sequence[Change]
    ) -> tuple[tuple[Change, ...], tuple[Diagnostic, ...]]:
        """All changes in the order of their keys, those marked that go too far, and why."""
        counted = {kind: things.owned_count for kind, things in self.beside.kinds.items()} if others else {}
        counted[Kind.ASSISTANT] = self._owned_count
        changes, why = (*assistants, *others), tuple[Diagnostic, ...]()
        exceeded = self.plan_options.exceeded(changes, counted)
        if exceeded:
            changes, why = safety.over_thresholds(changes, exceeded, self.plan_options.thresholds)
        if any(change.action is Action.DELETE for change in changes):
            owned = {**counted, Kind.VECTOR_STORE: len(self.stores.live)}
            changes, emptied = safety.not_everything(changes, owned, self.plan_options)
            # That nothing is declared says the same, and how it may have come to that.
            why = why if self._declares_nothing else (*why, *emptied)
        # An assistant before its vector store.
        order = (*RESOURCE_KINDS, Kind.ASSISTANT, Kind.VECTOR_STORE)
        return tuple(sorted(changes, key=lambda change: (change.key, order.index(change.kind)))), why

    def _files(self, holders: Sequence[HolderFiles]) -> FileChanges | None:
        """The changes file by file; ``None`` where nothing owned or declared reads any."""
        owned = [*chain(*self.owned.values())]
        known = self.knowledge.observed
        if not (holders or known.files or known.unread or any(thing.held for thing in owned)):
            return None
        return file_changes(holders, owned, known, lambda: self.references.named_by)

    def _look_alikes(self, changes: Iterable[Change]) -> Iterator[Diagnostic]:
        stores = frozenset(store.key for store in self.knowledge.desired)
        defaults = self.capabilities.field_defaults
        found = (self.wanted, stores, self.inventory, self.transfers, self.stores, self.plan_options, defaults)
        yield from LookAlikes(*found).among(changes)
        for things in self.beside.kinds.values() if self._has_resources else ():
            yield from things.under_other_keys(changes)

    def _absent(self, changes: Sequence[Change]) -> Iterable[Missing]:
        is_coming = any(change.action in {Action.CREATE, Action.ADOPT} for change in changes)
        if self.plan_options.destroy or not is_coming:
            return ()
        others = {kind: things.inventory for kind, things in self.beside.kinds.items()}
        return absent(changes, self.wanted, self.inventory, self.knowledge.observed.stores, others)


def _changes(decided: Mapping[str, Sequence[Decision]]) -> Iterator[Change]:
    """The changes in what was decided about each key."""
    return (change for decisions in decided.values() for decision in decisions for change in decision.changes)


def _combined(decisions: Iterable[Decision]) -> Decision:
    """All that was decided. A file that is not there is told once, with its id where that is known."""
    parts = list(decisions)
    missing: list[Missing] = []
    known: set[str] = set()
    for absent_thing in chain.from_iterable(part.missing for part in parts):
        if absent_thing.id is not None or absent_thing.key not in known:
            missing.append(absent_thing)
        known.add(absent_thing.key)
    return Decision(
        [change for part in parts for change in part.changes],
        [drift for part in parts for drift in part.drift],
        [diagnostic for part in parts for diagnostic in part.diagnostics],
        missing,
        {name: seen for part in parts for name, seen in part.seen.items()},
        [files for part in parts for files in part.files],
        {key: work for part in parts for key, work in part.store_operations.items()},
        sum(part.unchanged for part in parts),
    )
