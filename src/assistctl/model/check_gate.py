"""The findings of an apply that is gated by checks, as data: each check before a change and after it.

Frozen dataclasses without I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assistctl.model.check_report import CheckOutcome, CheckStatus


class GateMode(StrEnum):
    """The treatment of an assistant whose checks got worse: it is put back, or that is only told."""

    PUT_BACK = "put-back"
    WARN = "warn"


class Source(StrEnum):
    """The source of a check's earlier outcome: the record of that very state, or a question asked now."""

    JOURNAL = "journal"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class GatedCheck:
    """One check of something that was changed.

    ``before`` is ``None`` where there was nothing to ask, ``source`` then too; ``answer_before`` where it was not
    asked now. ``after`` is ``None`` where it was not asked any more. ``is_new``: its assistant was created.
    """

    key: str
    index: int
    ask: str
    before: CheckStatus | None = None
    source: Source | None = None
    answer_before: str | None = None
    after: CheckOutcome | None = None
    is_new: bool = False

    @property
    def got_worse(self) -> bool:
        """Whether it passed before, and the assistant does not hold it any more: not that nobody could ask it."""
        after = self.after
        if self.before is not CheckStatus.PASSED or after is None:
            return False
        return after.status is CheckStatus.FAILED or (after.status is CheckStatus.ERROR and after.is_unanswered)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the change is not known to be good: it does not hold what is new, or could not be asked."""
        after = self.after
        if after is None:
            return True
        if after.status is CheckStatus.PASSED or self.got_worse:
            return False
        if after.status is CheckStatus.FAILED:
            return self.is_new
        return self.is_new or self.before is CheckStatus.PASSED


@dataclass(frozen=True, slots=True)
class GateReport:
    """All checks of what an apply changed, in the order of the manifests.

    ``put_back`` maps the keys of assistants that got worse, and of those that pin a version of them, to why they
    could not be put back, ``None`` where they were. ``warnings`` are sentences about what went wrong beside
    the checks.
    """

    mode: GateMode
    checks: tuple[GatedCheck, ...] = ()
    put_back: Mapping[str, str | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def worse(self) -> tuple[GatedCheck, ...]:
        """Those that got worse."""
        return tuple(check for check in self.checks if check.got_worse)

    @property
    def in_doubt(self) -> tuple[GatedCheck, ...]:
        """Those for which the change is not known to be good."""
        return tuple(check for check in self.checks if check.is_in_doubt)

    @property
    def is_unproven(self) -> bool:
        """Whether an apply that went through all the same is not to count as done."""
        return self.mode is GateMode.PUT_BACK and bool(self.worse or self.in_doubt)
