"""Lists in which a thing named others by key: on record they have keys, and in what was found of it ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.model.capabilities import RosterEntry
from assistctl.model.change import QualifiedKey
from assistctl.model.kind import Kind
from assistctl.ownership.baseline import Baseline
from assistctl.ownership.canonical import PLATFORMS, Path
from assistctl.ownership.references_by_key import named_by_key, pinned_revisions, with_keys


@dataclass(frozen=True, slots=True)
class NamesOnRecord:
    """``keys`` are those of all that may have been named, by id, and ``entries`` how lists name things.

    ``revisions`` has the newest version of each of them that is there and goes on as it is.
    """

    keys: Mapping[str, QualifiedKey] = field(default_factory=dict)
    entries: Mapping[Kind, RosterEntry] = field(default_factory=dict)
    revisions: Mapping[QualifiedKey, str | None] = field(default_factory=dict)

    def has(self, baseline: Baseline, part: Path, value: Json) -> bool:
        """Whether ``value``, in which ids stand, was applied to that part, or the same with keys."""
        return baseline.is_still(part, value) or baseline.is_still(part, self._named(value))

    def declared(self, baseline: Baseline, part: Path, value: Json) -> Json:
        """``value`` with keys for ids, if it was declared so; not for what has had another version since."""
        if baseline.is_still(part, value) or not self.has(baseline, part, value):
            return value
        found = pinned_revisions({PLATFORMS: value}, self.keys, self.entries)
        old = {about for _, about, version in found if str(version) != self.revisions.get(about)}
        there = {one: about for one, about in self.keys.items() if about not in old}
        return with_keys(value, there, self.entries)

    def _named(self, value: Json) -> Json:
        """``value`` with tokens for ids, and for the versions beside them."""
        return named_by_key({PLATFORMS: value}, self.keys, self.entries)[PLATFORMS]
