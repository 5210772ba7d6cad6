"""The decision on a thing no longer declared: it is deleted, let go, or left where it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic

from assistctl.model.capabilities import FieldDefaults
from assistctl.model.change import DESTROYED, Action, Change, FieldDiff, Origin, QualifiedKey
from assistctl.model.plan import PlanOptions
from assistctl.ownership.canonical import TOOLS, canonical_units, default_of, dotted, same
from assistctl.ownership.mark import users_pairs
from assistctl.planning import safety_rules as safety
from assistctl.planning.decision import Decision, DeclaredT, KindFacts
from assistctl.planning.identity.inventory import ListedT, Owned
from assistctl.planning.references import References
from assistctl.planning.requests import forget_request
from assistctl.secrets.redaction import SECRET


@dataclass(frozen=True, slots=True)
class Endings(Generic[ListedT, DeclaredT]):
    """Decides about the things of one kind that no manifest declares.

    Those of the keys that are ``forgotten`` are let go without being deleted. ``references`` gives the ids that
    are named once the plan is carried out: what is among them stays.
    """

    facts: KindFacts[ListedT, DeclaredT]
    plan_options: PlanOptions
    forgotten: Collection[str]
    references: Callable[[], References]

    def decisions(self, key: str, owned: Owned) -> Iterator[Decision]:
        """The decision on ``owned``, which carries the mark of ``key``."""
        about = QualifiedKey(self.facts.kind, key)
        if key in self.forgotten:
            yield self.facts.staying(owned)
            yield Decision(changes=(_forget(about, owned),))
        elif not self.plan_options.may_delete(owned.id):
            yield self.facts.staying(owned)
            yield Decision(diagnostics=(safety.not_ours_to_delete(about, owned.id),))
        elif owned.id in self.references():
            yield self.facts.staying(owned)
            by = self.references().named_by[owned.id]
            yield Decision(diagnostics=(safety.still_named(about, owned.id, by),))
        else:
            contents = self.facts.ending(key, owned)
            yield contents.decision
            yield Decision(store_operations=contents.operations)
            yield self._delete(about, owned, contents.reasons)

    def _delete(self, about: QualifiedKey, owned: Owned, reasons: Iterable[str]) -> Decision:
        reason = "; ".join((DESTROYED if self.plan_options.destroy else "no longer declared", *reasons))
        before = owned.observed
        diffs = [*_lost(owned, self.facts.capabilities.field_defaults)]
        lost = tuple(self.facts.in_words_of_manifest(diffs, None))
        change = Change(
            about.kind, about.key, owned.id, Action.DELETE, reason, lost, name=before.name, before=before
        )
        if not (owned.mark and owned.mark.prevent_destroy):
            return Decision(changes=(change,))
        change, diagnostic = safety.protected(change)
        return Decision(changes=(change,), diagnostics=(diagnostic,))


def _forget(about: QualifiedKey, owned: Owned) -> Change:
    before, reason = owned.observed, "let go without deleting it"
    change = Change(about.kind, about.key, owned.id, Action.FORGET, reason, name=before.name, before=before)
    return replace(change, request=forget_request(owned))


def _lost(owned: Owned, defaults: FieldDefaults) -> Iterator[FieldDiff]:
    """Everything that is lost with a thing, ids as they are; each tool by itself."""
    pairs = users_pairs(owned.observed.metadata)
    for unit, value in canonical_units(owned.observed.fields, pairs, defaults).items():
        if owned.baseline.is_secret(unit):
            yield FieldDiff(dotted(unit), SECRET, None, Origin.MANIFEST, secret=True)
        elif unit == TOOLS and isinstance(value, dict):
            yield from (
                FieldDiff(dotted((*unit, name)), tool, None, Origin.MANIFEST) for name, tool in value.items()
            )
        elif not same(value, default_of(unit, defaults)):
            yield FieldDiff(dotted(unit), value, None, Origin.MANIFEST)
