"""What an apply has really done, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistctl.model import Kind, Plan, Result, Status, Summary


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


def count(results: Sequence[Result], status: Status) -> int:
    """How many results ended in ``status``, files too."""
    return sum(result.status is status for result in results)
