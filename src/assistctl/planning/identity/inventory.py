"""What is on the platform, by what it is to this project; and a digest of it, to notice when it moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.model.plan import Observed
from assistctl.ownership.canonical import sha256
from assistctl.ownership.mark import is_marked, read_mark
from assistctl.planning.options import PlanOptions


@dataclass(frozen=True, slots=True)
class Inventory:
    """The assistants the project owns on the target by key, and those nobody owns by name and by id.

    ``others`` has everything that is owned, whoever owns it, by id.
    """

    owned: Mapping[str, Sequence[Observed]]
    free: Mapping[str, Sequence[Observed]]
    free_by_id: Mapping[str, Observed] = field(default_factory=dict)
    others: Mapping[str, Observed] = field(default_factory=dict)

    @property
    def owned_count(self) -> int:
        """How many assistants the project owns on the target."""
        return sum(len(same_key) for same_key in self.owned.values())


def classify(observed: Iterable[Observed], project: str, target: str) -> Inventory:
    """The world as one project's target sees it, whatever the order it was listed in."""
    owned: dict[str, list[Observed]] = {}
    named: dict[str, list[Observed]] = {}
    free: dict[str, Observed] = {}
    others: dict[str, Observed] = {}
    for one in sorted(observed, key=lambda one: one.id):
        mark = read_mark(one.metadata)
        if mark and mark.owned_by(project, target):
            owned.setdefault(mark.key, []).append(one)
        if is_marked(one.metadata):
            others[one.id] = one
            continue
        free[one.id] = one
        if one.name:
            named.setdefault(one.name, []).append(one)
    return Inventory(owned, named, free, others)


def fingerprint(plan_options: PlanOptions, seen: Mapping[str, str]) -> str:
    """``sha256:`` and a digest of everything that was observed for a plan."""
    scope = [plan_options.project, plan_options.target.name, plan_options.target.platform, plan_options.address]
    return f"sha256:{sha256([*scope, dict(seen)])}"
