"""How a check came out, against how it did before."""

from __future__ import annotations

from assistctl.model.check_report import CheckOutcome, CheckStatus, Comparison, Course
from assistctl.model.past_check import PastChecks
from assistctl.operations.check_records import answer_digest


def compared(outcome: CheckOutcome, past: PastChecks, check: str, state: str) -> Comparison:
    """``outcome`` against ``past``; ``check`` and ``state`` are the digests of what was asked, and of whom."""
    if not check:
        return Comparison(Course.NEW)
    passed, course = past.last_passed(check), _course(outcome, past, check, state)
    if passed is None:
        return Comparison(course)
    answer = answer_digest(outcome.answer) if outcome.answer is not None else ""
    return Comparison(
        course,
        passed.at,
        bool(state) and passed.state == state,
        answer != passed.answer if answer and passed.answer else None,
        passed.seconds,
        passed.tokens,
        passed.cost,
    )


def _course(outcome: CheckOutcome, past: PastChecks, check: str, state: str) -> Course:
    passes = outcome.status is CheckStatus.PASSED
    comes_out = past.statuses_at(check, state) | ({outcome.status} - {CheckStatus.ERROR})
    if outcome.is_flaky or len(comes_out) > 1:
        return Course.FLAKY
    last, passed = past.last(check), past.last_passed(check)
    if passes and last is not None and last.status is not CheckStatus.PASSED:
        return Course.MENDED
    if passed is None:
        return Course.NEW
    return Course.SAME if passes else Course.WORSE
