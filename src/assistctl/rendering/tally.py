"""Counts of what an apply has really done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistctl.model.change import Action, Result, Status, Summary
from assistctl.model.file_operations import FileTotals
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan


def done_summary(plan: Plan, results: Sequence[Result]) -> Summary:
    """The actions that were carried out, and what ``plan`` found unchanged. Like a plan's summary, files apart.

    What was created counts as such although something that was to follow failed: it is there.
    """
    done = Counter(str(result.action) for result in results if result.kind is not Kind.FILE and _is_made(result))
    return Summary(
        create=done["create"],
        update=done["update"],
        delete=done["delete"],
        adopt=done["adopt"],
        unchanged=plan.summary.unchanged,
        forget=done["forget"],
    )


def done_files(plan: Plan, results: Sequence[Result]) -> FileTotals | None:
    """The files that were uploaded and removed; ``None`` where the plan has no files to speak of."""
    if plan.files is None:
        return None
    files = [result for result in results if result.kind is Kind.FILE]
    sent = [result.sent for result in files if result.sent is not None]
    removed = sum(result.action is Action.DELETE and result.status is Status.OK for result in files)
    return FileTotals(len(sent), removed, sum(sent))


def _is_made(result: Result) -> bool:
    return result.status is Status.OK or (result.action is Action.CREATE and result.id is not None)


def count(results: Sequence[Result], status: Status) -> int:
    """The number of results that ended in ``status``, files included."""
    return sum(result.status is status for result in results)
