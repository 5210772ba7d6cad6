"""A past apply, in the words that all formats have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from assistctl.model.change import Action, FieldDiff, QualifiedKey
from assistctl.model.kind import Kind
from assistctl.rendering.field_view import FieldView, Limits, view_diff

_HIDDEN = "(not recorded: platforms may hide it)"
_OLD_VERSION = "(not recorded by that version of assistctl)"
CUT_OFF = "unknown: it was cut off"


@dataclass(frozen=True, slots=True)
class PastChange:
    """One operation of a past apply. ``outcome`` and ``error`` are as recorded; ``id`` is that of the thing.

    ``unrecorded`` are the paths whose new values are not known; ``has_values``: new values were recorded at all.
    """

    kind: Kind
    key: str
    action: Action
    outcome: str
    id: str | None
    error: str | None
    diffs: tuple[FieldDiff, ...]
    unrecorded: frozenset[str]
    has_values: bool = True

    @property
    def thing(self) -> str:
        """The key, and the kind if it is not an assistant."""
        return str(QualifiedKey(self.kind, self.key))

    @property
    def went_well(self) -> bool:
        """Whether it was carried out."""
        return self.outcome == "ok"

    def views(self, limits: Limits) -> list[FieldView]:
        """The fields it changed, ready to show."""
        why = _HIDDEN if self.has_values else _OLD_VERSION
        return [
            _unrecorded(diff, limits, why)
            if diff.path in self.unrecorded
            else view_diff(diff, self.action, limits)
            for diff in self.diffs
        ]


@dataclass(frozen=True, slots=True)
class PastCheck:
    """A check that was asked before a change and after it; ``None`` where it was not."""

    key: str
    index: int
    ask: str
    before: str | None
    after: str | None
    worse: bool
    reasons: tuple[str, ...] = ()

    @property
    def course(self) -> str:
        """The outcomes before and after."""
        return f"{self.before or 'not asked'} → {self.after or 'not asked'}{', worse' if self.worse else ''}"

    @property
    def question(self) -> str:
        """The check: the key, its number from 1, and its question, on one line."""
        return f"{self.key} {self.index + 1}. {' '.join(self.ask.split())}"


@dataclass(frozen=True, slots=True)
class PastApplyReport:
    """A past apply: what was run, when and by whom, how it ended, what it did, and which checks it asked.

    ``put_back_by`` is the id of the apply that put back what answered worse after it.
    """

    id: str
    project: str
    target: str
    platform: str
    command: str
    state: str
    started: datetime
    by: str
    changes: tuple[PastChange, ...]
    checks: tuple[PastCheck, ...] = ()
    put_back_by: str | None = None

    @property
    def ending(self) -> str:
        """The ending, and its consequences."""
        return self.state if self.put_back_by is None else f"{self.state}, put back by {self.put_back_by}"

    @property
    def conclusion(self) -> str:
        """The command, and how it ended."""
        return f"{self.command}: {self.ending}, {self.started:%Y-%m-%d %H:%M:%S} UTC, {self.by}"


def _unrecorded(diff: FieldDiff, limits: Limits, why: str) -> FieldView:
    """The field with ``why`` its new value is not there."""
    view = view_diff(diff, Action.DELETE, limits)
    # Nothing is known of what came, which is not the same as that nothing came.
    if view.size:
        return replace(view, size=f"{view.size.partition(' → ')[0]} → {why}")
    return replace(view, old=None if diff.old is None else view.old, new=why)
