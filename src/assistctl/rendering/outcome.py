"""What an apply has really done, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistctl.file_work import FileTotals
from assistctl.model import Action, Kind, Plan, Result, Status, Summary


def done_summary(plan: Plan, results: Sequence[Result]) -> Summary:
    """The actions that succeeded, and what ``plan`` found unchanged. Like a plan's summary, files apart."""
    done = Counter(
        str(result.action) for result in results if result.status is Status.OK and result.kind is not Kind.FILE
    )
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
    ok = {result.key for result in results if result.kind is Kind.FILE and result.status is Status.OK}
    made = [change for change in plan.changes if change.kind is Kind.FILE and change.key in ok]
    sent = [change.file.size or 0 for change in made if change.file and change.file.upload]
    return FileTotals(len(sent), sum(change.action is Action.DELETE for change in made), sum(sent))


def count(results: Sequence[Result], status: Status) -> int:
    """How many results ended in ``status``, files too."""
    return sum(result.status is status for result in results)
