"""The order in which somebody who approves a plan has to look at its changes."""

from __future__ import annotations

from collections.abc import Sequence

from assistctl.model.plan import Action, Change, Kind, Origin


def by_importance(changes: Sequence[Change]) -> list[Change]:
    """The changes in the order in which somebody has to look at them, those of files behind the others.

    First what a rule refuses, then deletes, what undoes somebody's edit, adoptions, creates, and other updates.
    """
    return sorted(
        changes, key=lambda change: (change.kind is Kind.FILE, change.blocked is None, _importance(change))
    )


def _importance(change: Change) -> int:
    if change.action is Action.UPDATE and any(diff.origin is not Origin.MANIFEST for diff in change.diffs):
        return 2
    return _RANKS[change.action]


_RANKS = {Action.DELETE: 1, Action.ADOPT: 3, Action.CREATE: 4, Action.UPDATE: 5, Action.FORGET: 6}
