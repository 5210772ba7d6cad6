"""Past checks, as the journal keeps them. Frozen dataclasses without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistctl.model.check_report import CheckStatus


@dataclass(frozen=True, slots=True)
class PastExchange:
    """A question, and its answer."""

    ask: str
    answer: str


@dataclass(frozen=True, slots=True)
class PastCheck:
    """A check as it came out once.

    ``check`` is a digest of its questions and of what is wanted, ``state`` of the assistant it was asked of, empty
    where that holds a secret. ``answer`` is a digest of the last answer, empty likewise. ``seconds``, ``tokens``
    and ``cost`` (US dollars) are those of all its answers. ``transcript`` has each question and answer, where the
    project keeps them.
    """

    check: str
    state: str
    at: datetime
    index: int
    ask: str
    status: CheckStatus
    held: int
    of: int
    seconds: float = 0.0
    tokens: int | None = None
    cost: float | None = None
    answer: str = ""
    transcript: tuple[PastExchange, ...] = ()


@dataclass(frozen=True, slots=True)
class PastChecks:
    """The past checks of one assistant, the latest first."""

    checks: tuple[PastCheck, ...] = ()

    def at_state(self, check: str, state: str) -> PastCheck | None:
        """The latest outcome for this very state of the assistant; ``None`` where there is none."""
        if not state:
            return None
        return next((outcome for outcome in self.checks if (outcome.check, outcome.state) == (check, state)), None)

    def statuses_at(self, check: str, state: str) -> frozenset[CheckStatus]:
        """The outcomes for this very state of the assistant; checks that could not be asked do not count."""
        found = {
            outcome.status for outcome in self.checks if state and (outcome.check, outcome.state) == (check, state)
        }
        return frozenset(found - {CheckStatus.ERROR})

    def last_passed(self, check: str) -> PastCheck | None:
        """The last time that it passed, whatever the assistant was then."""
        passed = (
            outcome for outcome in self.checks if outcome.check == check and outcome.status is CheckStatus.PASSED
        )
        return next(passed, None)

    def last(self, check: str) -> PastCheck | None:
        """The last time that it was asked."""
        return next((outcome for outcome in self.checks if outcome.check == check), None)

    def with_these(self, outcomes: Iterable[PastCheck], keep: int) -> PastChecks:
        """The same with more: of each check the last that passed, and the latest ``keep`` of others.

        Of each state, the latest of each status is kept: what comes out either way is told by that.
        """
        found = sorted((*outcomes, *self.checks), key=lambda outcome: outcome.at, reverse=True)
        by_check: dict[str, list[PastCheck]] = {}
        for outcome in found:
            by_check.setdefault(outcome.check, []).append(outcome)
        kept = [outcome for same in by_check.values() for outcome in _kept(same, keep)]
        return PastChecks(tuple(sorted(kept, key=lambda outcome: outcome.at, reverse=True)))


def _kept(latest_first: Sequence[PastCheck], keep: int) -> list[PastCheck]:
    distinct: dict[tuple[str, CheckStatus], PastCheck] = {}
    for outcome in latest_first:
        distinct.setdefault((outcome.state, outcome.status), outcome)
    kept = [*distinct.values()][:keep]
    passed = next((outcome for outcome in latest_first if outcome.status is CheckStatus.PASSED), None)
    return kept if passed is None or passed in kept else [*kept, passed]
