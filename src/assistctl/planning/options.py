"""What the person at the command line and the project decided, as the planner needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assistctl.model.assistant import Desired
from assistctl.model.change import Action, Change, QualifiedKey
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.plan import TargetName

_KINDS_WITH_KEYS = (Kind.ASSISTANT, Kind.VECTOR_STORE, *RESOURCE_KINDS)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How much of what a project owns one apply may delete or update, in percent.

    Below ``min_existing`` owned things of a kind no threshold holds: half of two is not a landslide.
    """

    max_delete_percent: float = 30
    max_update_percent: float = 100
    min_existing: int = 10

    def exceeded(self, action: Action, count: int, owned: int) -> bool:
        """Whether ``count`` is too many of the ``owned`` things of a kind to delete, or to update."""
        return owned >= self.min_existing and count * 100 > self.percent(action) * owned

    def percent(self, action: Action) -> float:
        """The threshold for one action."""
        return self.max_delete_percent if action is Action.DELETE else self.max_update_percent


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Whose plan it is and what it may do.

    ``adopt`` is ``None`` while nobody decided. ``destroy`` plans the deletion of everything the project owns.
    ``only`` narrows the plan to some things. ``allow_deletes`` passes the threshold for deletes, and lets
    everything be deleted at once. ``confirm_destroy``: a ``destroy`` needs ``allow_deletes``, too.
    ``may_empty``: to delete everything does not. ``forget`` are the keys to let go, of whatever kind, without
    deleting them; ``release`` those of assistants to let go once they are as declared. ``address`` is where the
    target is, so that a plan is not applied elsewhere. ``deletable`` are the ids of the only things that may be
    deleted; ``None`` where there is no such bound. ``also_declared`` are assistants that the manifests declare and
    the plan is not about: what they name by its id stays. ``targets`` are the names of the project's targets,
    ``None`` where they are not known. ``rolls_back``: what is declared is what an apply had found.
    ``named_by_targets`` are the texts in the options of the project's targets, which may be ids of things, and
    where each of them stands.
    """

    project: str
    target: TargetName
    thresholds: Thresholds = Thresholds()
    adopt: bool | None = None
    destroy: bool = False
    allow_deletes: bool = False
    only: frozenset[QualifiedKey] | None = None
    forget: frozenset[str] = frozenset()
    release: frozenset[str] = frozenset()
    address: str = ""
    deletable: frozenset[str] | None = None
    confirm_destroy: bool = False
    may_empty: bool = False
    also_declared: tuple[Desired, ...] = ()
    targets: frozenset[str] | None = None
    rolls_back: bool = False
    named_by_targets: Mapping[str, str] = field(default_factory=dict)

    def exceeded(
        self, changes: Iterable[Change], owned: Mapping[Kind, int]
    ) -> dict[tuple[Kind, Action], tuple[int, int]]:
        """The kinds and actions of which ``changes`` are too many: how many, and of how many that are ``owned``.

        Each kind in ``owned`` counts for itself, for what goes with one thing of it may be all that it has. Vector
        stores come and go with assistants, and are not among them.
        """
        limited = (Action.UPDATE,) if self.allow_deletes else (Action.DELETE, Action.UPDATE)
        counts = Counter((change.kind, change.action) for change in changes)
        return {
            (kind, action): (counts[kind, action], number)
            for kind, number in owned.items()
            for action in limited
            if not self.destroy and self.thresholds.exceeded(action, counts[kind, action], number)
        }

    def includes(self, kind: Kind, key: str) -> bool:
        """Whether this plan is about the thing of that kind and key."""
        return self.only is None or (kind, key) in self.only

    def may_delete(self, object_id: str) -> bool:
        """Whether deleting what has this id is within what this plan is for."""
        return self.deletable is None or object_id in self.deletable


def of_any_kind(keys: Iterable[str]) -> frozenset[QualifiedKey]:
    """All that a person may mean by ``keys``: what has one of them, of whatever kind."""
    return frozenset(QualifiedKey(kind, key) for key in keys for kind in _KINDS_WITH_KEYS)
