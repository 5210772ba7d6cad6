"""The part of a plan that is about assistants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from assistctl.model.capabilities import Capabilities
from assistctl.model.plan import (
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
    QualifiedKey,
    seen_as,
)
from assistctl.ownership.digests import digest_without_secrets
from assistctl.ownership.field_paths import dotted
from assistctl.ownership.file_marks import OUR_FILE_PAIRS, interpreter_files
from assistctl.ownership.mark import METADATA_PAIRS, read_mark
from assistctl.planning import safety_rules as safety
from assistctl.planning.capability_check import check_expressible, with_tools_named
from assistctl.planning.comparison.orphan_drift import foreign_edits
from assistctl.planning.comparison.placeholders import Symbols, file_ids, symbols_of, with_tokens
from assistctl.planning.comparison.platform_fields import to_platform
from assistctl.planning.comparison.three_way import Comparison, creation_diffs
from assistctl.planning.identity.inventory import Inventory
from assistctl.planning.identity.marking import marking
from assistctl.planning.identity.moves import Transfers
from assistctl.planning.kept_forms import told_of_form
from assistctl.planning.options import PlanOptions
from assistctl.planning.requests import create_request, forget_request, naming_still, released, update_request
from assistctl.planning.vector_stores.store_planner import KnowledgeDraft


@dataclass(slots=True)
class AssistantDraft:
    """The plan of the project's assistants while it is being made.

    ``names`` counts how many keys that own nothing yet declare each name.
    """

    plan_options: PlanOptions
    capabilities: Capabilities
    world: Inventory
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
        owned = self.transfers.of(key, self.world.owned.get(key, ()))
        self._leave_twins(key, owned)
        if desired is None:
            self._saw(key, owned, None)
            for one in owned:
                self._end(key, one)
            return
        said = check_expressible(desired, self.plan_options.target.platform, self.capabilities)
        self.diagnostics += with_tools_named(desired, said)
        desired = to_platform(desired, self.plan_options.target.platform, self.capabilities)
        self._saw(key, owned, desired)
        if len(owned) > 1:
            self.diagnostics.append(safety.ambiguous_owner(desired, owned))
            self.changes.append(_ambiguous(desired, Action.UPDATE, "several assistants carry its mark"))
        elif owned and key in self.plan_options.release:
            self._release(desired, owned[0])
        elif owned:
            self._update(desired, owned[0])
        elif key in self.transfers.moved:
            self._move(desired, self.transfers.moved[key])
        elif key in self.transfers.imported:
            self._import(desired, self.transfers.imported[key])
        else:
            self._create_or_adopt(desired)

    def _end(self, key: str, one: Observed) -> None:
        """Add what becomes of an assistant that is declared no longer."""
        if key in self.transfers.forgotten:
            self._forget(key, one)
        elif not self.plan_options.may_delete(one.id):
            self.knowledge.interpreter_stays(one)
            self.diagnostics.append(safety.not_ours_to_delete(QualifiedKey(Kind.ASSISTANT, key), one.id))
        elif one.id in self.knowledge.references:
            self.knowledge.interpreter_stays(one)
            by = self.knowledge.references.named_by[one.id]
            self.diagnostics.append(safety.still_named(QualifiedKey(Kind.ASSISTANT, key), one.id, by))
        else:
            self._delete(key, one)

    def _leave_twins(self, key: str, meant: Sequence[Observed]) -> None:
        """Note what those read that carry a key's mark, and that its manifest does not mean."""
        ids = {one.id for one in (*meant, *self.transfers.chosen.values())}
        for one in self.world.owned.get(key, ()):
            if one.id not in ids:
                self.knowledge.interpreter_stays(one)

    def leave(self, key: str) -> None:
        """Note what one key has that this plan is not about."""
        for one in self.world.owned.get(key, ()):
            self.knowledge.interpreter_stays(one)

    def _create_or_adopt(self, desired: Desired) -> None:
        name = desired.name
        imported = {one.id for one in self.transfers.imported.values()}
        named = self.world.free.get(name, ()) if name else ()
        candidates = [one for one in named if one.id not in imported]
        self._saw(desired.key, candidates, desired)
        if not candidates or self.plan_options.adopt is False:
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
        marked = marking(self.plan_options, desired.key, desired.lifecycle)
        change = Change(
            Kind.ASSISTANT,
            desired.key,
            None,
            Action.CREATE,
            "not on the platform",
            creation_diffs(desired, symbols, self.capabilities.field_defaults) + marked.diffs,
            name=desired.name,
            request=create_request(desired, marked.mark, self.capabilities.field_defaults),
            secret_paths=desired.secret_paths,
        )
        self.changes.append(change)

    def _update(self, desired: Desired, one: Observed) -> None:
        change, comparison = self._brought_in_line(desired, one, Action.UPDATE)
        self.drift += comparison.drift
        platform = self.plan_options.target.platform
        self.diagnostics += told_of_form(desired, platform, comparison.kept_in_another_form)
        if change.diffs:
            self.changes.append(replace(change, reason=_reason(change.diffs)))
        else:
            self.unchanged += 1

    def _release(self, desired: Desired, one: Observed) -> None:
        change, _ = self._brought_in_line(desired, one, Action.FORGET)
        if change.request is not None:
            reason = "nobody owned it: put back as it was, and let go"
            self.changes.append(replace(change, reason=reason, request=released(change.request)))

    def _move(self, desired: Desired, old_key: str) -> None:
        there = self.world.owned[old_key]
        self._saw(old_key, there, desired)
        if len(there) > 1:
            self.diagnostics.append(safety.ambiguous_owner(desired, there))
            self.changes.append(
                _ambiguous(desired, Action.UPDATE, f"several assistants carry the mark of {old_key}")
            )
        else:
            self._update(desired, there[0])

    def _import(self, desired: Desired, one: Observed) -> None:
        self._saw(desired.key, [one], desired)
        change, _ = self._brought_in_line(desired, one, Action.ADOPT)
        self.changes.append(replace(change, reason="taken over by its id"))

    def _adopt(self, desired: Desired, one: Observed) -> None:
        change, _ = self._brought_in_line(desired, one, Action.ADOPT)
        change = replace(change, reason="an unowned assistant has this name")
        if not self.plan_options.adopt:
            self.diagnostics.append(safety.undecided_adoption(desired, one))
            change = replace(change, blocked=Blocked.ADOPTION)
        self.changes.append(change)

    def _brought_in_line(self, desired: Desired, one: Observed, action: Action) -> tuple[Change, Comparison]:
        self.knowledge.interpreter_reads(desired, one)
        symbols = self._symbols(desired, one)
        comparison = Comparison(
            _symbolic(desired, symbols),
            replace(one, fields=symbols.in_fields(one.fields)),
            self.capabilities.write_only,
            symbols,
            computed=self.capabilities.computed,
            defaults=self.capabilities.field_defaults,
        )
        marked = marking(self.plan_options, desired.key, desired.lifecycle, one.metadata)
        diffs = comparison.diffs + marked.diffs
        change = Change(
            Kind.ASSISTANT,
            desired.key,
            one.id,
            action,
            "",
            diffs,
            name=desired.name,
            before=one,
            secret_paths=desired.secret_paths,
        )
        if not diffs and action is Action.UPDATE:
            return change, comparison
        request = update_request(comparison, marked.mark, self.capabilities.replaced_together)
        request = naming_still(request, interpreter_files(one.metadata, file_ids(desired.fields)))
        pairs = len(request.metadata) + (OUR_FILE_PAIRS if request.reads else 0)
        if pairs > METADATA_PAIRS:
            self.diagnostics.append(safety.too_many_pairs(desired, pairs))
        return replace(change, request=request), comparison

    def _symbols(self, desired: Desired | None, one: Observed | None) -> Symbols:
        lost = self.knowledge.lost_reads(one) if one is not None else {}
        return symbols_of(desired, one, self.knowledge.store_inventory.keys_by_id, lost)

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
        reasons = ["destroy" if self.plan_options.destroy else "no longer declared"]
        if self.capabilities.archives:
            reasons.append("the platform archives it")
        self.knowledge.interpreter_ends(key, one)
        symbolic = replace(one, fields=self._symbols(None, one).in_fields(one.fields))
        edited = ", ".join(dotted(unit) for unit in foreign_edits(symbolic, self.capabilities))
        if edited:
            reasons.append(f"changed outside since: {edited}")
        change = Change(Kind.ASSISTANT, key, one.id, Action.DELETE, "; ".join(reasons), name=one.name, before=one)
        mark = read_mark(one.metadata)
        if mark and mark.prevent_destroy:
            change, diagnostic = safety.protected(change)
            self.diagnostics.append(diagnostic)
        self.changes.append(change)

    def _saw(self, key: str, those: Iterable[Observed], desired: Desired | None) -> None:
        for one in those:
            self.seen[seen_as(Kind.ASSISTANT, key, one.id)] = digest_without_secrets(one, desired)


def _ambiguous(desired: Desired, action: Action, reason: str) -> Change:
    return Change(Kind.ASSISTANT, desired.key, None, action, reason, blocked=Blocked.AMBIGUOUS, name=desired.name)


def _symbolic(desired: Desired, symbols: Symbols) -> Desired:
    """``desired`` with tokens for all that may have another id tomorrow."""
    desired = with_tokens(desired)
    return replace(desired, fields=symbols.in_fields(desired.fields))


def _reason(diffs: Iterable[FieldDiff]) -> str:
    origins = {diff.origin for diff in diffs}
    if origins == {Origin.MANIFEST}:
        return "manifest changed"
    if origins == {Origin.DRIFT}:
        return "changed outside"
    return "manifest changed and changed outside"
