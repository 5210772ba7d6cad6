"""The order in which changes are read: what may cost most comes first."""

from __future__ import annotations

from collections.abc import Iterable

from assistctl.model.plan import Action, Change, Origin

_RANKS = {Action.DELETE: 1, Action.FORGET: 3, Action.ADOPT: 3, Action.CREATE: 4, Action.UPDATE: 5}
_REFUSED, _OVERWRITES = 0, 2


def by_importance(changes: Iterable[Change]) -> list[Change]:
    """Refused changes, deletes, updates that undo somebody's edit, adoptions, creates, updates; else in order."""
    return sorted(changes, key=_rank)


def _rank(change: Change) -> int:
    if change.blocked:
        return _REFUSED
    if change.action is Action.UPDATE and overwrites(change):
        return _OVERWRITES
    return _RANKS[change.action]


def overwrites(change: Change) -> bool:
    """Whether somebody's edit is undone by it."""
    return any(diff.origin is not Origin.MANIFEST for diff in change.diffs)
