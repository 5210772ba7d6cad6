"""The planner: what is declared, what is there and what is allowed, to the changes that would be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.model import (
    Action,
    Blocked,
    Change,
    Desired,
    Diagnostic,
    Drift,
    FieldDiff,
    Kind,
    Observed,
    Origin,
    Plan,
    Summary,
)
from assistctl.planning import safety
from assistctl.planning.capability import Expressible, check_expressible
from assistctl.planning.comparison import Comparison, created, key_diff, protection_diff
from assistctl.planning.expressed import expressed
from assistctl.planning.file_changes import totals
from assistctl.planning.file_marks import OUR_FILE_PAIRS
from assistctl.planning.foreign_edits import foreign_edits
from assistctl.planning.knowledge_planner import KnowledgeDraft
from assistctl.planning.ownership import METADATA_PAIRS, Mark, read_mark
from assistctl.planning.paths import dotted
from assistctl.planning.policy import Policy
from assistctl.planning.requests import create_request, forget_request, update_request
from assistctl.planning.shelves import Knowledge, shelves
from assistctl.planning.symbols import Symbols, symbols_of, with_tokens
from assistctl.planning.transfer import Transfers, transfers
from assistctl.planning.world import World, digest_of, fingerprint, sorted_out


def make_plan(
    desired: Sequence[Desired],
    observed: Sequence[Observed],
    policy: Policy,
    capabilities: Expressible,
    knowledge: Knowledge | None = None,
) -> Plan:
    """What apply would do so that the project's assistants on the target are the declared ones.

    Nothing but what carries the project's and target's mark is changed or deleted, save an adoption that
    ``policy`` allows. The changes are in the order of their keys, those of files behind them in that of their
    paths.
    """
    world = sorted_out(observed, policy.project, policy.target.name)
    wanted = {} if policy.destroy else {one.key: one for one in sorted(desired, key=lambda one: one.key)}
    moving = transfers(wanted, world, policy)
    knowledge = knowledge or Knowledge()
    reading = KnowledgeDraft(policy, knowledge, shelves(knowledge, wanted.values(), observed, policy))
    draft = _Draft(policy, capabilities, world, moving, _names_to_come(wanted, world), reading)
    reading.decide_stores([one for those in world.owned.values() for one in those])
    for key in sorted({*wanted, *world.owned} - moving.left_behind):
        if policy.includes(key):
            draft.decide(key, wanted.get(key))
        else:
            draft.leave(key)
    if not wanted and not policy.destroy and policy.only is None and world.owned:
        draft.diagnostics.append(safety.nothing_declared(world.owned_count))
    return draft.finished()


def _names_to_come(wanted: Mapping[str, Desired], world: World) -> Counter[object]:
    """How many keys that own nothing yet declare each name."""
    return Counter(one.fields.get("name") for key, one in wanted.items() if key not in world.owned)


@dataclass(slots=True)
class _Draft:
    """A plan while it is being made."""

    policy: Policy
    capabilities: Expressible
    world: World
    transfers: Transfers
    names: Counter[object]
    knowledge: KnowledgeDraft
    changes: list[Change] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    unchanged: int = 0

    def decide(self, key: str, desired: Desired | None) -> None:
        """Add what is to be done about one key."""
        owned = self.world.owned.get(key, ())
        self._saw(key, owned)
        if desired is None:
            let_go = self._forget if key in self.transfers.forgotten else self._delete
            for one in owned:
                let_go(key, one)
            return
        self.diagnostics += check_expressible(desired, self.policy.target.platform, self.capabilities)
        desired = expressed(desired, self.policy.target.platform, self.capabilities)
        if len(owned) > 1:
            self.diagnostics.append(safety.ambiguous_owner(desired, owned))
            self.changes.append(_ambiguous(desired, Action.UPDATE, "several assistants carry its mark"))
        elif owned:
            self._update(desired, owned[0])
        elif key in self.transfers.moved:
            self._move(desired, self.transfers.moved[key])
        elif key in self.transfers.imported:
            self._import(desired, self.transfers.imported[key])
        else:
            self._create_or_adopt(desired)

    def leave(self, key: str) -> None:
        """Note what one key has that this plan is not about."""
        for one in self.world.owned.get(key, ()):
            self.knowledge.interpreter_stays(one)

    def finished(self) -> Plan:
        """The plan, its thresholds checked and its changes counted."""
        changes, exceeded = safety.within_thresholds(self.changes, self.world.owned_count, self.policy)
        changes = tuple(sorted((*changes, *self.knowledge.changes), key=_place))
        counts = Counter(str(change.action) for change in changes)
        files = tuple(self.knowledge.files.planned())
        seen = {**self.seen, **self.knowledge.seen}
        return Plan(
            project=self.policy.project,
            target=self.policy.target,
            changes=(*changes, *files),
            drift=(*self.drift, *self.knowledge.drift),
            diagnostics=(
                *self.transfers.diagnostics,
                *self.diagnostics,
                *self.knowledge.diagnostics,
                *exceeded,
            ),
            summary=Summary(
                create=counts["create"],
                update=counts["update"],
                delete=counts["delete"],
                adopt=counts["adopt"],
                unchanged=self.unchanged + self.knowledge.unchanged,
                forget=counts["forget"],
            ),
            seen=seen,
            fingerprint=fingerprint(self.policy, seen),
            files=totals(files) if files or self.knowledge.concerned else None,
            knowledge=self.knowledge.work(),
        )

    def _create_or_adopt(self, desired: Desired) -> None:
        name = _name(desired)
        imported = {one.id for one in self.transfers.imported.values()}
        named = self.world.free.get(name, ()) if name else ()
        candidates = [one for one in named if one.id not in imported]
        self._saw(desired.key, candidates)
        if not candidates or self.policy.adopt is False:
            self._create(desired)
        elif len(candidates) > 1 or self.names[name] > 1:
            self.diagnostics.append(safety.ambiguous_name(desired, candidates))
            self.changes.append(_ambiguous(desired, Action.ADOPT, "its name is ambiguous on the platform"))
        else:
            self._adopt(desired, candidates[0])

    def _create(self, desired: Desired) -> None:
        self.knowledge.interpreter_reads(desired, None)
        symbols = self._symbols(desired, None)
        desired = _symbolic(desired, symbols)
        protect = bool(desired.lifecycle.prevent_destroy)
        change = Change(
            Kind.ASSISTANT,
            desired.key,
            None,
            Action.CREATE,
            "not on the platform",
            created(desired, symbols) + protection_diff(was=None if protect else False, now=protect),
            name=_name(desired),
            request=create_request(desired, self._mark(desired, protect=protect)),
            secret_paths=desired.secret_paths,
        )
        self.changes.append(change)

    def _update(self, desired: Desired, one: Observed) -> None:
        change, comparison = self._brought_in_line(desired, one, Action.UPDATE)
        self.drift += comparison.drift
        if change.diffs:
            self.changes.append(replace(change, reason=_reason(change.diffs)))
        else:
            self.unchanged += 1

    def _move(self, desired: Desired, old_key: str) -> None:
        there = self.world.owned[old_key]
        self._saw(old_key, there)
        if len(there) > 1:
            self.diagnostics.append(safety.ambiguous_owner(desired, there))
            self.changes.append(
                _ambiguous(desired, Action.UPDATE, f"several assistants carry the mark of {old_key}")
            )
        else:
            self._update(desired, there[0])

    def _import(self, desired: Desired, one: Observed) -> None:
        self._saw(desired.key, [one])
        change, _ = self._brought_in_line(desired, one, Action.ADOPT)
        self.changes.append(replace(change, reason="the manifest imports it"))

    def _adopt(self, desired: Desired, one: Observed) -> None:
        change, _ = self._brought_in_line(desired, one, Action.ADOPT)
        change = replace(change, reason="an unowned assistant has this name")
        if not self.policy.adopt:
            self.diagnostics.append(safety.undecided_adoption(desired, one))
            change = replace(change, blocked=Blocked.ADOPTION)
        self.changes.append(change)

    def _brought_in_line(self, desired: Desired, one: Observed, action: Action) -> tuple[Change, Comparison]:
        self.knowledge.interpreter_reads(desired, one)
        symbols = self._symbols(desired, one)
        comparison = Comparison(
            _symbolic(desired, symbols),
            replace(one, fields=symbols.in_fields(one.fields)),
            self.capabilities.unreported,
            symbols,
            resolved=self.capabilities.resolved,
        )
        mark = read_mark(one.metadata)
        was = bool(mark and mark.prevent_destroy)
        wants = desired.lifecycle.prevent_destroy
        now = was if wants is None else wants
        diffs = comparison.diffs + protection_diff(was=was, now=now) + key_diff(mark, desired.key)
        change = Change(
            Kind.ASSISTANT,
            desired.key,
            one.id,
            action,
            "",
            diffs,
            name=_name(desired),
            before=one,
            secret_paths=desired.secret_paths,
        )
        if not diffs and action is Action.UPDATE:
            return change, comparison
        request = update_request(comparison, self._mark(desired, protect=now), self.capabilities.together)
        pairs = len(request.metadata) + (OUR_FILE_PAIRS if request.reads else 0)
        if pairs > METADATA_PAIRS:
            self.diagnostics.append(safety.too_many_pairs(desired, pairs))
        return replace(change, request=request), comparison

    def _symbols(self, desired: Desired | None, one: Observed | None) -> Symbols:
        return symbols_of(desired, one, self.knowledge.shelves.keys_by_id)

    def _forget(self, key: str, one: Observed) -> None:
        self.knowledge.interpreter_stays(one)
        self.changes.append(
            Change(
                Kind.ASSISTANT,
                key,
                one.id,
                Action.FORGET,
                "let go without deleting it",
                name=one.name,
                request=forget_request(one),
                before=one,
            )
        )

    def _delete(self, key: str, one: Observed) -> None:
        reasons = ["destroy" if self.policy.destroy else "no longer declared"]
        if self.capabilities.archives:
            reasons.append("the platform archives it")
        self.knowledge.interpreter_ends(key, one)
        symbolic = replace(one, fields=self._symbols(None, one).in_fields(one.fields))
        edited = ", ".join(dotted(unit) for unit in foreign_edits(symbolic, self.capabilities.unreported))
        if edited:
            reasons.append(f"changed outside since: {edited}")
        change = Change(Kind.ASSISTANT, key, one.id, Action.DELETE, "; ".join(reasons), name=one.name, before=one)
        mark = read_mark(one.metadata)
        if mark and mark.prevent_destroy:
            change, diagnostic = safety.protected(change)
            self.diagnostics.append(diagnostic)
        self.changes.append(change)

    def _mark(self, desired: Desired, *, protect: bool) -> Mark:
        return Mark(self.policy.project, self.policy.target.name, desired.key, protect)

    def _saw(self, key: str, those: Iterable[Observed]) -> None:
        self.seen.update({f"{key}:{one.id}": digest_of(one) for one in those})


def _ambiguous(desired: Desired, action: Action, reason: str) -> Change:
    return Change(
        Kind.ASSISTANT, desired.key, None, action, reason, blocked=Blocked.AMBIGUOUS, name=_name(desired)
    )


def _symbolic(desired: Desired, symbols: Symbols) -> Desired:
    """``desired`` with tokens for all that may have another id tomorrow."""
    desired = with_tokens(desired)
    return replace(desired, fields=symbols.in_fields(desired.fields))


def _place(change: Change) -> tuple[str, bool]:
    """The order of changes: by key, an assistant before its vector store."""
    return change.key, change.kind is not Kind.ASSISTANT


def _name(desired: Desired) -> str | None:
    name = desired.fields.get("name")
    return name if isinstance(name, str) else None


def _reason(diffs: Iterable[FieldDiff]) -> str:
    origins = {diff.origin for diff in diffs}
    if origins == {Origin.MANIFEST}:
        return "manifest changed"
    if origins == {Origin.DRIFT}:
        return "changed outside"
    return "manifest changed and changed outside"
