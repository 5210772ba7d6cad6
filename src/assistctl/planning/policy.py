"""What the person at the command line and the project decided, as the planner needs it."""

from __future__ import annotations

from dataclasses import dataclass

from assistctl.model import TargetName


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How much of what a project owns one apply may delete or update, in percent.

    Below ``min_existing`` owned assistants no threshold holds: half of two is not a landslide.
    """

    max_delete_percent: float = 30
    max_update_percent: float = 100
    min_existing: int = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose plan it is and what it may do.

    ``adopt`` is ``None`` while nobody decided. ``destroy`` plans the deletion of everything the project owns.
    ``only`` narrows the plan to some keys. ``allow_deletes`` passes the threshold for deletes, and lets everything
    be deleted at once. ``confirm_destroy``: a ``destroy`` needs ``allow_deletes``, too. ``may_empty``: to delete
    everything does not. ``forget`` are the keys to let go without deleting them, ``release`` those to let go once
    they are as declared. ``address`` is where the target is, so that a plan is not applied elsewhere.
    """

    project: str
    target: TargetName
    thresholds: Thresholds = Thresholds()
    adopt: bool | None = None
    destroy: bool = False
    allow_deletes: bool = False
    only: frozenset[str] | None = None
    forget: frozenset[str] = frozenset()
    release: frozenset[str] = frozenset()
    address: str = ""
    confirm_destroy: bool = False
    may_empty: bool = False

    def includes(self, key: str) -> bool:
        """Whether this plan is about ``key``."""
        return self.only is None or key in self.only
