"""Assistants that name others by key: which they name, and what a new version of those means for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from assistctl.model.capabilities import RosterEntry
from assistctl.model.plan import (
    Action,
    Change,
    Desired,
    Diagnostic,
    FieldDiff,
    Json,
    Kind,
    Observed,
    Origin,
    Severity,
)
from assistctl.ownership.assistant_references import (
    id_token,
    keys_named,
    named_by_key,
    pinned_revisions,
    references_in,
    revision_token,
)
from assistctl.ownership.field_paths import covers, dotted, parse

NEWEST = "newest"
"""What a plan shows for the version that an assistant is to be named with: it may only come with the plan."""


@dataclass(frozen=True)
class Rosters:
    """Who names whom by key, on ``platform``.

    ``named`` are the keys that each key names, ``owned`` the assistants there, by key. ``renewed`` are the keys
    whose assistants get another version with the plan, as far as that is known: they become more while it is made.
    """

    platform: str = ""
    roster_entry: RosterEntry | None = None
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owned: Mapping[str, Sequence[Observed]] = field(default_factory=dict)
    renewed: AbstractSet[str] = frozenset()

    @cached_property
    def _namers(self) -> Mapping[str, Sequence[str]]:
        """The keys that name each key."""
        namers: dict[str, list[str]] = {}
        for key, named in self.named.items():
            for each in named:
                namers.setdefault(each, []).append(key)
        return namers

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {key: place for place, key in enumerate(self.named)}

    def with_tokens(self, key: str | None, observed: Observed) -> Mapping[str, Json]:
        """The fields of the assistant of ``key`` with tokens for those that its manifest names by key."""
        return named_by_key(observed.fields, self._keys_by_id(key), self.roster_entry)

    def naming(self, keys: Iterable[str]) -> list[str]:
        """Who names one of ``keys``, in the order of ``named``."""
        found = {namer for key in keys for namer in self._namers.get(key, ())}
        return sorted(found, key=self._places.__getitem__)

    def known(self) -> dict[str, str]:
        """What the tokens of assistants that are there stand for."""
        known: dict[str, str] = {}
        for key in frozenset[str]().union(*self.named.values()):
            one = self._there(key)
            if one is not None:
                known |= {id_token(key): one.id, revision_token(key): one.revision or ""}
        return known

    def outdated(self, desired: Desired, observed: Observed) -> list[tuple[str, FieldDiff]]:
        """Whom ``observed`` names with another version than the newest one, by key, and what is there."""
        ignored = tuple(map(parse, desired.lifecycle.ignore_changes))
        keys = self._keys_by_id(desired.key)
        pinned = pinned_revisions(observed.fields, keys, self.roster_entry)
        return [
            (key, FieldDiff(dotted(path), revision, NEWEST, Origin.MANIFEST))
            for path, key, revision in pinned
            if not covers(ignored, path) and self._is_old(key, revision)
        ]

    def diagnostics(self, wanted: Mapping[str, Desired], changes: Iterable[Change]) -> Iterator[Diagnostic]:
        """An error for whom nobody can name yet, and a word about whom this plan leaves with an old version."""
        changing = {change.key for change in changes if _is_coming(change)}
        for key, named in sorted(self.named.items()):
            if key in changing:
                missing = (one for one in sorted(named - changing) if self._there(one) is None)
                yield from (self._not_there(wanted[key], one) for one in missing)
            elif renewed := sorted(named & self.renewed):
                yield _left_behind(wanted[key], renewed)

    def _keys_by_id(self, key: str | None) -> dict[str, str]:
        named = self.named.get(key, frozenset()) if key is not None else frozenset[str]()
        return {one.id: each for each in named if (one := self._there(each)) is not None}

    def _there(self, key: str) -> Observed | None:
        same_key = self.owned.get(key, ())
        return same_key[0] if len(same_key) == 1 else None

    def _is_old(self, key: str, revision: Json) -> bool:
        one = self._there(key)
        return key in self.renewed or one is None or str(revision) != one.revision

    def _not_there(self, desired: Desired, key: str) -> Diagnostic:
        own = dict(desired.platform_fields.get(self.platform, {}))
        place = next(path for path, named in references_in(own) if named == key)
        path = dotted(("platforms", self.platform, *place))
        return Diagnostic(
            Severity.ERROR,
            f"{desired.key} names {key}, which is not there",
            f"Apply both: `assistctl apply {key} {desired.key}`.",
            key=desired.key,
            path=path,
            position=desired.position_of(path),
        )


def rosters(
    wanted: Mapping[str, Desired],
    owned: Mapping[str, Sequence[Observed]],
    platform: str,
    entry: RosterEntry | None,
) -> Rosters:
    """Who among ``wanted`` names whom by key."""
    named = {
        key: keys_named(one.platform_fields[platform])
        for key, one in wanted.items()
        if platform in one.platform_fields
    }
    return Rosters(platform, entry, {key: keys for key, keys in named.items() if keys}, owned)


def naming(
    desired: Iterable[Desired], platform: str, entry: RosterEntry | None, keys: Collection[str]
) -> dict[str, str]:
    """Who among ``desired`` pins a version of one of ``keys``, or of who does: their keys, and whom each names."""
    if entry is None or not entry.revision:
        return {}
    known = rosters({one.key: one for one in desired}, {}, platform, entry)
    there, found, newest = {*keys}, dict[str, str](), known.naming(keys)
    while newest:
        found |= {key: min(known.named[key] & there) for key in newest}
        there.update(newest)
        newest = [key for key in known.naming(newest) if key not in found]
    return {key: whom for key, whom in found.items() if key not in keys}


def renewed_by(changes: Iterable[Change]) -> frozenset[str]:
    """The keys of the assistants that have another version once ``changes`` are made."""
    return frozenset(change.key for change in changes if _is_coming(change))


def _is_coming(change: Change) -> bool:
    return change.kind is Kind.ASSISTANT and change.action is not Action.DELETE


def _left_behind(desired: Desired, renewed: Sequence[str]) -> Diagnostic:
    who = ", ".join(renewed)
    return Diagnostic(
        Severity.WARNING,
        f"{desired.key} names {who}, and this plan is not about it",
        f"It goes on with the version that it names until it is applied: `assistctl apply {desired.key}`.",
        key=desired.key,
        position=desired.position,
    )
