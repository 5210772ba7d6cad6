"""What becomes of one key: the same for every kind of thing, from what is declared and what is owned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Generic

from assistctl.diagnostics import Diagnostic
from assistctl.model.change import Action, Blocked, Change, FieldDiff, QualifiedKey
from assistctl.model.plan import seen_as
from assistctl.ownership.file_marks import OUR_FILE_PAIRS
from assistctl.ownership.mark import Mark
from assistctl.ownership.placeholders import labelled
from assistctl.ownership.sensitive import Declared
from assistctl.planning import safety_rules as safety
from assistctl.planning.comparison.origin import (
    creation_diffs,
    drifts,
    field_diffs,
    kept_forms,
    mark_diffs,
    told_of_form,
    who_changed,
    with_places,
)
from assistctl.planning.comparison.state import Comparison
from assistctl.planning.decision import AS_DECLARED, Decision, DeclaredT, KindFacts
from assistctl.planning.endings import Endings
from assistctl.planning.identity.inventory import Inventory, ListedT, Owned
from assistctl.planning.identity.moves import Transfers
from assistctl.planning.options import PlanOptions
from assistctl.planning.references import References
from assistctl.planning.requests import create_request, first_of, released, update_request


@dataclass(frozen=True)
class Decider(Generic[ListedT, DeclaredT]):
    """Decides about the keys of one kind.

    ``wanted`` is what is to be brought about, by key; ``owned`` are the things in ``inventory`` that the project
    owns. ``includes`` tells which keys the plan is about, ``references`` gives the ids that are named once it is
    carried out.
    """

    facts: KindFacts[ListedT, DeclaredT]
    plan_options: PlanOptions
    inventory: Inventory[ListedT]
    owned: Mapping[str, Sequence[Owned]]
    wanted: Mapping[str, DeclaredT]
    transfers: Transfers
    includes: Callable[[str], bool]
    references: Callable[[], References]

    def decisions(self) -> Iterator[Decision]:
        """What is to be done about each key that is declared or owned; whatever their order, it is the same."""
        return chain.from_iterable(self.by_key().values())

    def by_key(self, keys: Iterable[str] | None = None) -> dict[str, list[Decision]]:
        """The same by key; about some of the ``keys`` only, if they are given."""
        about = self._keys if keys is None else self._keys.intersection(keys)
        return {key: list(self._decide(key, self.wanted.get(key))) for key in sorted(about)}

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset({*self.wanted, *self.owned} - set(self.transfers.moved.values()))

    @cached_property
    def _endings(self) -> Endings[ListedT, DeclaredT]:
        return Endings(self.facts, self.plan_options, self.transfers.forgotten, self.references)

    @cached_property
    def _newcomers(self) -> Counter[str | None]:
        """How many keys that own nothing yet declare each name."""
        return Counter(_name(desired) for key, desired in self.wanted.items() if key not in self.owned)

    @cached_property
    def _chosen(self) -> Mapping[str, Owned]:
        """The things that manifests name by id among several with the same mark, by id."""
        ids = set(self.transfers.chosen.values())
        return (
            {owned.id: owned for same_key in self.owned.values() for owned in same_key if owned.id in ids}
            if ids
            else {}
        )

    @cached_property
    def _imported(self) -> frozenset[str]:
        """The ids of what manifests take over by id."""
        return frozenset(self.transfers.imported.values())

    def _decide(self, key: str, desired: DeclaredT | None) -> Iterator[Decision]:
        if not self.includes(key):
            yield from (self.facts.staying(owned) for owned in self.owned.get(key, ()))
            return
        things = self._meant(key)
        meant = {thing.id for thing in things}
        for owned in self.owned.get(key, ()):
            if owned.id not in meant and owned.id not in self._chosen:
                yield self.facts.staying(owned)
        if desired is not None:
            desired, diagnostics = self.facts.expressed(desired)
            if told := tuple(diagnostics):
                yield Decision(diagnostics=told)
            yield from self._bring_about(desired, things)
            return
        yield self._seen(key, things, None)
        for owned in things:
            yield from self._endings.decisions(key, owned)

    def _meant(self, key: str) -> Sequence[Owned]:
        """Which of the things that carry the mark of ``key`` it means: all, unless a manifest says."""
        if key in self.transfers.chosen:
            return [self._chosen[self.transfers.chosen[key]]]
        return [owned for owned in self.owned.get(key, ()) if owned.id not in self._chosen]

    def _bring_about(self, desired: DeclaredT, things: Sequence[Owned]) -> Iterator[Decision]:
        old_key = None if things else self.transfers.moved.get(desired.key)
        if old_key is not None:
            things = self.owned[old_key]
        yield self._seen(old_key or desired.key, things, desired)
        if len(things) > 1:
            reason = f"several {self.facts.kind.noun}s carry {f'the mark of {old_key}' if old_key else 'its mark'}"
            yield self._ambiguous(desired, Action.UPDATE, reason)
            yield Decision(diagnostics=(safety.ambiguous_owner(desired, [thing.observed for thing in things]),))
        elif things and old_key is None and desired.key in self.transfers.released:
            reason = "nobody owned it: put back as it was, and let go"
            yield from self._bring_in_line(desired, things[0], Action.FORGET, reason)
        elif things:
            yield from self._bring_in_line(desired, things[0], Action.UPDATE)
        elif desired.key in self.transfers.imported:
            imported = self._read(self.inventory.free_by_id[self.transfers.imported[desired.key]])
            yield self._seen(desired.key, [imported], desired)
            yield from self._bring_in_line(desired, imported, Action.ADOPT, "taken over by its id")
        else:
            yield from self._create_or_adopt(desired)

    def _create_or_adopt(self, desired: DeclaredT) -> Iterator[Decision]:
        name = _name(desired)
        named = self.inventory.free.get(name, ()) if name else ()
        candidates = [self._read(listed) for listed in named if listed.id not in self._imported]
        yield self._seen(desired.key, candidates, desired)
        if not candidates or self.plan_options.adopt is False:
            yield from self._create(desired)
        elif len(candidates) > 1 or self._newcomers[name] > 1:
            observed = [candidate.observed for candidate in candidates]
            yield Decision(diagnostics=(safety.ambiguous_name(desired, observed),))
            yield self._ambiguous(desired, Action.ADOPT, "its name is ambiguous on the platform")
        else:
            blocked = None if self.plan_options.adopt else Blocked.ADOPTION
            reason = f"an unowned {self.facts.kind.noun} has this name"
            yield from self._bring_in_line(desired, candidates[0], Action.ADOPT, reason, blocked)
            if blocked:
                yield Decision(diagnostics=(safety.undecided_adoption(desired, candidates[0].observed),))

    def _create(self, desired: DeclaredT) -> Iterator[Decision]:
        contents = self.facts.contents(desired, None)
        yield contents.decision
        comparable, labels = self.facts.comparable(desired, None)
        mark = self._mark(desired, None)
        defaults = self.facts.capabilities.field_defaults
        request = create_request(comparable, mark, self.facts.capabilities, contents)
        later = self.facts.named_later(desired)
        if later:
            request = replace(request, first=first_of(request, later, comparable, mark, self.facts.capabilities))
        change = Change(
            self.facts.kind,
            desired.key,
            None,
            Action.CREATE,
            "; ".join(("not on the platform", *contents.reasons)),
            self._placed(
                (*labelled(creation_diffs(comparable, defaults), labels), *mark_diffs(mark, None)), desired
            ),
            name=_name(desired),
            request=request,
            secret_paths=comparable.secret_paths,
            position=desired.position,
        )
        yield Decision(changes=(change,), store_operations=contents.operations)

    def _bring_in_line(
        self,
        desired: DeclaredT,
        owned: Owned,
        action: Action,
        reason: str = "",
        blocked: Blocked | None = None,
    ) -> Iterator[Decision]:
        """Make something that is there what is declared. An update has the reasons that it finds."""
        kind, key = self.facts.kind, desired.key
        contents = self.facts.contents(desired, owned)
        yield contents.decision
        comparable, labels = self.facts.comparable(desired, owned)
        comparison = Comparison(
            comparable,
            owned,
            self.facts.capabilities,
            contents.outdated,
            lambda: self.facts.read_otherwise(owned),
        )
        mark = self._mark(desired, owned)
        of_fields = (*labelled(field_diffs(comparison), labels), *mark_diffs(mark, owned))
        diffs = self._placed((*of_fields, *contents.renewed), desired)
        if action is Action.UPDATE:
            kept = labelled(kept_forms(comparison), labels)
            if kept or diffs:
                yield Decision(
                    diagnostics=tuple(self._told_of_form(kept, desired)) if kept else (),
                    drift=drifts(QualifiedKey(kind, key), owned.id, diffs),
                )
            why = [self._why(of_fields)] if of_fields else []
            reason = "; ".join((*contents.reasons, *why)) or contents.unfinished
            if not reason:
                yield AS_DECLARED
                return
        request = update_request(comparison, mark, contents, self.facts.rewritten)
        pairs = len(request.metadata) + (OUR_FILE_PAIRS if request.reads else 0)
        room = self.facts.capabilities.metadata_limits.pairs
        if room is not None and pairs > room:
            yield Decision(diagnostics=(safety.too_many_pairs(desired, pairs, room),))
        change = Change(
            kind,
            key,
            owned.id,
            action,
            reason,
            diffs,
            blocked=blocked,
            name=_name(desired),
            request=released(request) if action is Action.FORGET else request,
            before=owned.observed,
            secret_paths=comparable.secret_paths,
            position=desired.position,
        )
        yield Decision(changes=(change,), store_operations=contents.operations)

    def _placed(self, diffs: Sequence[FieldDiff], desired: DeclaredT) -> tuple[FieldDiff, ...]:
        """``diffs`` in the words of the manifest, each with its place there."""
        if not diffs:
            return ()
        told = self.facts.in_words_of_manifest(diffs, desired)
        return with_places(told, desired, self.facts.capabilities.field_defaults)

    def _told_of_form(self, kept: Sequence[FieldDiff], desired: DeclaredT) -> Iterator[Diagnostic]:
        return told_of_form(desired, self.plan_options.target.platform, self._placed(kept, desired))

    def _why(self, diffs: Sequence[FieldDiff]) -> str:
        """Why fields are changed, in words."""
        if self.plan_options.rolls_back:
            return who_changed(diffs, "put back as it was")
        return self.facts.reason or who_changed(diffs)

    def _ambiguous(self, desired: DeclaredT, action: Action, reason: str) -> Decision:
        name = _name(desired)
        change = Change(self.facts.kind, desired.key, None, action, reason, blocked=Blocked.AMBIGUOUS, name=name)
        return Decision(changes=(replace(change, position=desired.position),))

    def _mark(self, desired: DeclaredT, owned: Owned | None) -> Mark:
        """The mark to carry from then on. A lifecycle that says nothing of protection leaves it as it is."""
        protected = desired.lifecycle.prevent_destroy
        if protected is None:
            protected = bool(owned and owned.mark and owned.mark.prevent_destroy)
        return Mark(self.plan_options.project, self.plan_options.target.name, desired.key, protected)

    def _seen(self, key: str, things: Sequence[Owned], desired: DeclaredT | None) -> Decision:
        digests = {seen_as(self.facts.kind, key, thing.id): self.facts.digest(thing, desired) for thing in things}
        return Decision(seen=digests)

    def _read(self, listed: ListedT) -> Owned:
        return self.facts.read(listed, self.inventory.marks.get(listed.id))


def _name(desired: Declared) -> str | None:
    name = desired.fields.get("name")
    return name if isinstance(name, str) else None
