"""Planning a change once more when somebody else was faster: it is made if it is still the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from assistctl.errors import ConflictError
from assistctl.model.change import Change

Replan: TypeAlias = Callable[[Change], Awaitable[Change | None]]
"""Plans what a change is about again, and nothing else; ``None`` when nothing is to be done any more."""

# So many fields are named; the next plan has them all.
_NAMED = 5


async def planned_again(change: Change, conflict: ConflictError, replan: Replan) -> Change:
    """The change that is due now, which is the one that was due before.

    Raises ``ConflictError`` when it is a different one.
    """
    again = await replan(change)
    if again is not None and not again.blocked and _is_same(change, again):
        return again
    raise ConflictError(
        f"somebody else changed it meanwhile, and {_now_due(change, again)}: {conflict.summary}",
        "Nothing of this change was made; plan again.",
        status=conflict.status,
    ) from conflict


def _is_same(before: Change, now: Change) -> bool:
    return (before.action, before.id, before.diffs) == (now.action, now.id, now.diffs)


def _now_due(before: Change, now: Change | None) -> str:
    if now is None:
        return "nothing is left to do"
    moved = [diff for diff in now.diffs if diff not in before.diffs] + [
        diff for diff in before.diffs if diff not in now.diffs
    ]
    differing = sorted({diff.path for diff in moved})
    more = f" and {len(differing) - _NAMED} more" if len(differing) > _NAMED else ""
    named = f" ({', '.join(differing[:_NAMED])}{more})" if differing else ""
    return f"the change is now a different one{named}"
