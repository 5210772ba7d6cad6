"""Things that name others by key: which they name, and what a new version of those means for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Capabilities, RosterEntry
from assistctl.model.change import Action, Change, FieldDiff, Origin, QualifiedKey
from assistctl.model.circles import circles_in
from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource
from assistctl.ownership.canonical import PLATFORMS, Path, covers, dotted, parse
from assistctl.ownership.references_by_key import (
    NEWEST,
    Entries,
    Reference,
    id_token,
    named_by_key,
    pinned_revisions,
    references_in,
    revision_token,
)
from assistctl.planning.identity.inventory import Owned

Naming: TypeAlias = Desired | DesiredResource
"""A declaration that may name others by key."""
_ENDING = frozenset({Action.DELETE, Action.FORGET})


@dataclass(frozen=True)
class Rosters:
    """The references by key from one thing to another, on ``platform``.

    ``named`` is what each thing names, ``owned`` the things there. ``renewed`` are those that get another version
    with the plan, as far as that is known: they become more while it is made. ``tables`` are the capabilities of
    each kind. ``former`` has the keys that things have moved from.
    """

    platform: str = ""
    tables: Mapping[Kind, Capabilities] = field(default_factory=dict)
    named: Mapping[QualifiedKey, frozenset[Reference]] = field(default_factory=dict)
    owned: Mapping[QualifiedKey, Sequence[Observed]] = field(default_factory=dict)
    renewed: AbstractSet[QualifiedKey] = frozenset()
    former: Mapping[QualifiedKey, QualifiedKey] = field(default_factory=dict)

    @cached_property
    def _namers(self) -> Mapping[QualifiedKey, Sequence[QualifiedKey]]:
        """Those that name each thing."""
        namers: dict[QualifiedKey, list[QualifiedKey]] = {}
        for about, references in self.named.items():
            for named in {reference.about for reference in references}:
                namers.setdefault(named, []).append(about)
        return namers

    @cached_property
    def _places(self) -> Mapping[QualifiedKey, int]:
        return {about: place for place, about in enumerate(self.named)}

    @cached_property
    def _circles(self) -> Mapping[QualifiedKey, frozenset[QualifiedKey]]:
        """Those that name each other, for each of them."""
        return circles_in({about: {reference.about for reference in named} for about, named in self.named.items()})

    def named_later(self, desired: Desired) -> frozenset[str]:
        """The fields in which a new assistant names others that are not there yet and name it.

        They are the platform's own, or ``tools``: none of those can be made first with what it names.
        """
        circle = self._circles.get(QualifiedKey(Kind.ASSISTANT, desired.key), frozenset())
        absent = {about for about in circle if self._there(about) is None}
        named = named_in(desired, self.platform, self.tables.get(Kind.ASSISTANT)) if absent else ()
        return frozenset(
            str(path[2]) for path, reference in named if reference.about in absent and path[0] == PLATFORMS
        )

    def with_tokens(self, about: QualifiedKey | None, observed: Observed) -> Mapping[str, Json]:
        """The fields of a thing with tokens for those that its manifest names by key."""
        if about is None or about not in self.named:
            return observed.fields
        keys = self._keys_by_id(about)
        return named_by_key(observed.fields, keys, self._entries(about.kind), self._pinned_by(about))

    def named_before(self, kind: Kind, owned: Owned) -> Iterator[Mapping[str, Json]]:
        """The fields of a thing as its baseline may have them, if it names anything of ours.

        Its manifest may have named by key, with a version or without, what it names no longer, and by id what it
        now names by key; and what it names may have moved to another key without it.
        """
        keys, entries, observed = self._keys_there, self._entries(kind), owned.observed
        if owned.mark is None or named_by_key(observed.fields, keys, entries) == observed.fields:
            return
        yield observed.fields
        about = QualifiedKey(kind, owned.mark.key)
        pinned_now = frozenset(named for _, named, _ in pinned_revisions(observed.fields, keys, entries))
        pinned = pinned_now & self._pinned_by(about)
        dropped = pinned_now - {reference.about for reference in self.named.get(about, ())}
        for before in dict.fromkeys((pinned, pinned | dropped, frozenset(), pinned_now)):
            yield named_by_key(observed.fields, keys, entries, before)
        if self.former:
            former_keys = {object_id: self.former.get(named, named) for object_id, named in keys.items()}
            for before in (pinned_now, frozenset()):
                formerly = frozenset(self.former.get(named, named) for named in before)
                yield named_by_key(observed.fields, former_keys, entries, formerly)

    def naming(self, things: Iterable[QualifiedKey]) -> list[QualifiedKey]:
        """Those that name one of ``things``, in the order of ``named``."""
        found = {namer for about in things for namer in self._namers.get(about, ())}
        return sorted(found, key=self._places.__getitem__)

    def known(self) -> dict[str, str]:
        """The ids of existing things, by token."""
        known: dict[str, str] = {}
        for about in {reference.about for named in self.named.values() for reference in named}:
            thing = self._there(about)
            if thing is not None:
                known |= {id_token(about): thing.id, revision_token(about): thing.revision or ""}
        return known

    def outdated(self, kind: Kind, desired: Naming, observed: Observed) -> list[tuple[QualifiedKey, FieldDiff]]:
        """The references in ``observed`` to a version that is not the newest, each with its difference."""
        about = QualifiedKey(kind, desired.key)
        if about not in self.named:
            return []
        ignored = tuple(map(parse, desired.lifecycle.ignore_changes))
        pinned = self._pinned_by(about)
        found = pinned_revisions(observed.fields, self._keys_by_id(about), self._entries(kind))
        return [
            (named, FieldDiff(dotted(path), revision, NEWEST, Origin.MANIFEST))
            for path, named, revision in found
            if named not in pinned and not covers(ignored, path) and self._is_old(named, revision)
        ]

    def diagnostics(
        self, wanted: Mapping[QualifiedKey, Naming], changes: Iterable[Change]
    ) -> Iterator[Diagnostic]:
        """An error for what nobody can name yet, and a word about what this plan leaves with an old version."""
        changes = [*changes]
        changing = renewed_by(changes)
        yield from (self._in_two_steps(change) for change in changes if change.request and change.request.first)
        for about, references in sorted(self.named.items()):
            named = {reference.about for reference in references}
            if about in changing:
                missing = (key for key in sorted(named - changing) if self._there(key) is None)
                yield from (self._not_there(wanted[about], key) for key in missing)
            elif renewed := sorted(key for key in named & self.renewed if self._pins(about.kind, key.kind)):
                yield _left_behind(about, wanted[about], renewed)

    def _entries(self, kind: Kind) -> Entries:
        return self.tables[kind].entries if kind in self.tables else {}

    def _pins(self, kind: Kind, named: Kind) -> bool:
        """Whether things of ``kind`` pin the version of what they name, of the kind ``named``."""
        entry = self._entries(kind).get(named)
        return entry is not None and bool(entry.revision)

    def _pinned_by(self, about: QualifiedKey) -> frozenset[QualifiedKey]:
        """The things that the manifest of one names with a version."""
        return frozenset(
            reference.about for reference in self.named.get(about, ()) if reference.version is not None
        )

    def _keys_by_id(self, about: QualifiedKey) -> dict[str, QualifiedKey]:
        named = (reference.about for reference in self.named.get(about, ()))
        return {thing.id: key for key in named if (thing := self._there(key)) is not None}

    @cached_property
    def _keys_there(self) -> Mapping[str, QualifiedKey]:
        return {same_key[0].id: about for about, same_key in self.owned.items() if len(same_key) == 1}

    def _there(self, about: QualifiedKey) -> Observed | None:
        same_key = self.owned.get(about, ())
        return same_key[0] if len(same_key) == 1 else None

    def _is_old(self, about: QualifiedKey, revision: Json) -> bool:
        observed = self._there(about)
        return about in self.renewed or observed is None or str(revision) != observed.revision

    def _in_two_steps(self, change: Change) -> Diagnostic:
        others = ", ".join(
            sorted(about.key for about in self._circles[change.qualified_key] - {change.qualified_key})
        )
        return Diagnostic(
            Severity.INFO,
            f"{change.key} and {others} name each other, so {change.key} is made in two steps",
            "It is created without those that are not there yet, and names them in an update when they are.",
            key=change.key,
            position=change.position,
        )

    def _not_there(self, desired: Naming, about: QualifiedKey) -> Diagnostic:
        path = next(dotted(place) for place, named in named_in(desired, self.platform) if named.about == about)
        return Diagnostic(
            Severity.ERROR,
            f"{desired.key} names {about}, which is not there",
            f"Apply both: `assistctl apply {about.key} {desired.key}`.",
            key=desired.key,
            path=path,
            position=desired.position_of(path),
        )


def rosters(
    wanted: Mapping[QualifiedKey, Naming],
    owned: Mapping[QualifiedKey, Sequence[Observed]],
    platform: str,
    tables: Mapping[Kind, Capabilities],
) -> Rosters:
    """The references by key among ``wanted``."""
    named = {
        about: frozenset(reference for _, reference in named_in(desired, platform, tables.get(about.kind)))
        for about, desired in wanted.items()
    }
    moves = (
        (about, QualifiedKey(about.kind, desired.moved_from))
        for about, desired in wanted.items()
        if desired.moved_from and about in owned
    )
    former = {about: before for about, before in moves if before not in wanted and before not in owned}
    return Rosters(platform, tables, {about: keys for about, keys in named.items() if keys}, owned, former=former)


def named_in(
    desired: Naming, platform: str, capabilities: Capabilities | None = None
) -> Iterator[tuple[Path, Reference]]:
    """The references by key in a manifest, as far as ``platform`` is given it, each with its path.

    Without ``capabilities`` all that it names, also what is for conversations alone.
    """
    if isinstance(desired, DesiredResource):
        yield from references_in({name: value for name, value in desired.fields.items() if name != "metadata"})
    else:
        for use in desired.uses:
            if capabilities is None or use.kind in capabilities.uses_in:
                yield parse(use.path), Reference(QualifiedKey(use.kind, use.key), use.version)
    own = desired.platform_fields.get(platform)
    if own:
        yield from ((("platforms", platform, *path), named) for path, named in references_in(dict(own)))


def naming(
    desired: Iterable[Desired], platform: str, entry: RosterEntry | None, keys: Collection[str]
) -> dict[str, str]:
    """The keys in ``desired`` that pin a version of ``keys``, directly or not, and the key each names."""
    if entry is None or not entry.revision:
        return {}
    named = {each.key: frozenset(_assistants_named(each, platform)) for each in desired}
    namers: dict[str, list[str]] = {}
    for key, whom in named.items():
        for each in whom:
            namers.setdefault(each, []).append(key)
    reached, found, newest = {*keys}, dict[str, str](), [*keys]
    while newest:
        coming = {namer for key in newest for namer in namers.get(key, ()) if namer not in found}
        newest = [key for key in named if key in coming]
        found |= {key: min(named[key] & reached) for key in newest}
        reached.update(newest)
    return {key: whom for key, whom in found.items() if key not in keys}


def renewed_by(changes: Iterable[Change]) -> frozenset[QualifiedKey]:
    """The things with a new version once ``changes`` are made."""
    return frozenset(change.qualified_key for change in changes if change.action is not Action.DELETE)


def with_dependencies(
    changes: Iterable[Change], wanted: Mapping[str, Desired], rosters: Rosters
) -> tuple[Change, ...]:
    """``changes`` with what each thing among them depends on; ``wanted`` are the assistants, by key."""
    return tuple(
        replace(change, depends_on=found) if (found := _dependencies(change, wanted, rosters)) else change
        for change in changes
    )


def _assistants_named(desired: Desired, platform: str) -> Iterator[str]:
    found = (named.about for _, named in named_in(desired, platform))
    return (about.key for about in found if about.kind is Kind.ASSISTANT)


def _left_behind(about: QualifiedKey, desired: Naming, renewed: Sequence[QualifiedKey]) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        f"{about} names {', '.join(map(str, renewed))}, and this plan is not about it",
        f"It goes on with the version that it names until it is applied: `assistctl apply {desired.key}`.",
        key=desired.key,
        position=desired.position,
    )


def _dependencies(change: Change, wanted: Mapping[str, Desired], rosters: Rosters) -> tuple[QualifiedKey, ...]:
    if change.action in _ENDING:
        return ()
    about = change.qualified_key
    named = {reference.about for reference in rosters.named.get(about, ())} - {about}
    desired = wanted.get(change.key) if change.kind is Kind.ASSISTANT else None
    is_shared = desired is not None and desired.store is not None and desired.store != change.key
    stores = [QualifiedKey(Kind.VECTOR_STORE, str(desired.store))] if desired is not None and is_shared else []
    return (*sorted(named), *stores)
