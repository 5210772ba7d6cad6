"""The decision on one key, and its form in a plan: the same for every kind of thing.

It is decided from what is declared and what is owned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Generic

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.model.capabilities import FieldDefaults
from assistctl.model.change import Action, Blocked, Change, Drift, FieldDiff, Origin, QualifiedKey, Request
from assistctl.model.plan import PlanOptions, seen_as
from assistctl.ownership.canonical import TOOLS, declared_units, dotted
from assistctl.ownership.file_marks import OUR_FILE_PAIRS
from assistctl.ownership.mark import Mark
from assistctl.ownership.placeholders import FIELDS_WITH_TOKENS, labelled
from assistctl.ownership.sensitive import Declared, secret_paths, touches
from assistctl.planning import safety_rules as safety
from assistctl.planning.comparison.leaf_diff import Difference
from assistctl.planning.comparison.three_way import Comparison, field_diffs, kept_forms, secret_diff
from assistctl.planning.decision import AS_DECLARED, Decision, DeclaredT, KindFacts
from assistctl.planning.endings import Endings
from assistctl.planning.identity.inventory import Inventory, ListedT, Owned
from assistctl.planning.identity.moves import Transfers
from assistctl.planning.references import References
from assistctl.planning.requests import create_request, first_of, released, update_request

# Of a long text as it is kept, so many characters to each side of where it begins to differ.
_AROUND = 20


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
        """The decisions on all keys that are declared or owned; their order makes no difference."""
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
        """The number of keys that own nothing yet, by the name they declare."""
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
            yield from self._decide_declared(desired, things)
            return
        yield self._seen(key, things, None)
        for owned in things:
            yield from self._endings.decisions(key, owned)

    def _meant(self, key: str) -> Sequence[Owned]:
        """The things with the mark of ``key`` that it is about: all, unless a manifest chooses."""
        if key in self.transfers.chosen:
            return [self._chosen[self.transfers.chosen[key]]]
        return [owned for owned in self.owned.get(key, ()) if owned.id not in self._chosen]

    def _decide_declared(self, desired: DeclaredT, things: Sequence[Owned]) -> Iterator[Decision]:
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
                (*_labelled(_creation_diffs(comparable, defaults), labels), *_mark_diffs(mark, None)), desired
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
        of_fields = (*_labelled(field_diffs(comparison), labels), *_mark_diffs(mark, owned))
        diffs = self._placed((*of_fields, *contents.renewed), desired)
        if action is Action.UPDATE:
            kept = _labelled(kept_forms(comparison), labels)
            if kept or diffs:
                yield Decision(
                    diagnostics=tuple(self._told_of_form(kept, desired)) if kept else (),
                    drift=_drifts(QualifiedKey(kind, key), owned.id, diffs),
                )
            why = [self._why(of_fields)] if of_fields else []
            reason = "; ".join((*contents.reasons, *why)) or contents.unfinished
            if not reason:
                yield AS_DECLARED
                return
        request = update_request(comparison, mark, contents, self.facts.rewritten)
        yield from self._refused_pairs(desired, request)
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

    def _refused_pairs(self, desired: DeclaredT, request: Request) -> Iterator[Decision]:
        """An error where the metadata in ``request`` has more pairs than the platform keeps."""
        pairs = len(request.metadata) + (OUR_FILE_PAIRS if request.reads else 0)
        room = self.facts.capabilities.metadata_limits.pairs
        if room is not None and pairs > room:
            yield Decision(diagnostics=(safety.too_many_pairs(desired, pairs, room),))

    def _placed(self, diffs: Sequence[FieldDiff], desired: DeclaredT) -> tuple[FieldDiff, ...]:
        """``diffs`` in the words of the manifest, each with its place there."""
        if not diffs:
            return ()
        told = self.facts.in_words_of_manifest(diffs, desired)
        return _with_places(told, desired, self.facts.capabilities.field_defaults)

    def _told_of_form(self, kept: Sequence[FieldDiff], desired: DeclaredT) -> Iterator[Diagnostic]:
        return _about_forms(desired, self.plan_options.target.platform, self._placed(kept, desired))

    def _why(self, diffs: Sequence[FieldDiff]) -> str:
        """The reason why fields change, in words."""
        if self.plan_options.rolls_back:
            return _who_changed(diffs, "put back as it was")
        return self.facts.reason or _who_changed(diffs)

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


def _labelled(diffs: Iterable[FieldDiff], labels: Mapping[str, str]) -> tuple[FieldDiff, ...]:
    """``diffs`` as people know what is in them: most are of fields that hold no tokens."""
    found = tuple(diffs)
    may_have_tokens = any(diff.path.startswith(FIELDS_WITH_TOKENS) for diff in found)
    return labelled(found, labels) if may_have_tokens else found


def _creation_diffs(desired: Declared, defaults: FieldDefaults) -> Iterator[FieldDiff]:
    """Everything a new thing is declared to have; each tool by itself."""
    units = declared_units(desired.fields, defaults)
    tools = units.pop(TOOLS, None)
    if isinstance(tools, dict):
        units.update({("tools", name): tool for name, tool in tools.items()})
    names = defaults.tool_names
    secrets = secret_paths(desired, names)
    for path, value in units.items():
        if touches(secrets, path):
            yield secret_diff(desired, names, Difference(path, None, value), None, Origin.MANIFEST)
        else:
            yield FieldDiff(dotted(path), None, value, Origin.MANIFEST)


def _mark_diffs(mark: Mark, owned: Owned | None) -> Iterator[FieldDiff]:
    """In what ``mark`` differs from the one that is there; ``owned`` is ``None`` for a new thing."""
    old_mark = owned.mark if owned is not None else None
    was = bool(old_mark and old_mark.prevent_destroy)
    if was is not mark.prevent_destroy:
        shown = was if owned is not None else None
        yield FieldDiff("lifecycle.prevent_destroy", shown, mark.prevent_destroy, Origin.MANIFEST)
    if old_mark is not None and old_mark.key != mark.key:
        yield FieldDiff("key", old_mark.key, mark.key, Origin.MANIFEST)


def _with_places(diffs: Iterable[FieldDiff], desired: Declared, defaults: FieldDefaults) -> tuple[FieldDiff, ...]:
    """The differences, each with the position of what declares it, or of the nearest declared thing around it."""
    tools = desired.fields.get("tools")
    identities = defaults.tool_names.identities(tools) if isinstance(tools, list) else []
    places = {dotted(("tools", identity)): f"tools[{place}]" for place, identity in enumerate(identities)}
    return tuple(replace(diff, position=_position(diff.path, places, desired)) for diff in diffs)


def _position(path: str, places: dict[str, str], desired: Declared) -> Position:
    """The position for a path that names tools by what they are called, and not by their place."""
    if path.startswith("tools["):
        named = max((name for name in places if path.startswith(name)), key=len, default="")
        path = places[named] + path[len(named) :] if named else "tools"
    return desired.position_of(path)


def _drifts(about: QualifiedKey, identifier: str, diffs: Iterable[FieldDiff]) -> list[Drift]:
    """The differences that somebody else made, alone or beside the manifest."""
    return [
        Drift(
            about.kind,
            about.key,
            identifier,
            diff.path,
            diff.old,
            diff.new,
            diff.secret,
            diff.origin,
            diff.last_applied,
        )
        for diff in diffs
        if diff.origin is not Origin.MANIFEST
    ]


def _who_changed(diffs: Iterable[FieldDiff], ours: str = "manifest changed") -> str:
    """The origins of ``diffs`` in words; ``ours`` stands for what the manifest changes."""
    origins = {diff.origin for diff in diffs}
    if origins == {Origin.MANIFEST}:
        return ours
    return "changed outside" if origins == {Origin.DRIFT} else f"{ours} and changed outside"


def _about_forms(desired: Declared, platform: str, kept: tuple[FieldDiff, ...]) -> Iterator[Diagnostic]:
    """A word about each value that ``platform`` keeps in another form than it was sent, with both forms.

    ``kept`` have their places.
    """
    for diff in kept:
        shown = "" if diff.secret else " Declared: {}; kept: {}.".format(*_both(diff.new, diff.old))
        yield Diagnostic(
            Severity.INFO,
            f"{platform} keeps {diff.path} in another form",
            f"It says the same, so there is nothing to change.{shown}",
            key=desired.key,
            path=diff.path,
            position=diff.position or desired.position,
        )


def _both(declared: Json, kept: Json) -> tuple[str, str]:
    """Both values, of long texts the stretch where they begin to differ."""
    if not isinstance(declared, str) or not isinstance(kept, str):
        return repr(declared), repr(kept)
    shorter = min(len(declared), len(kept))
    first = next((place for place in range(shorter) if declared[place] != kept[place]), shorter)
    return _stretch(declared, first), _stretch(kept, first)


def _stretch(text: str, place: int) -> str:
    start, end = max(0, place - _AROUND), place + _AROUND
    return f"{'…' if start else ''}{text[start:end]!a}{'…' if end < len(text) else ''}"
