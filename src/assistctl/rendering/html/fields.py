"""The fields of a change as a table: short values side by side, long ones as rows, and whole texts to unfold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from assistctl.json_value import Json
from assistctl.model.change import Change, Drift
from assistctl.model.counting import counted
from assistctl.rendering import phrases as wording
from assistctl.rendering.diff.row import Row, numbers_shown
from assistctl.rendering.diff.word_diff import Segment, Side
from assistctl.rendering.field_view import FieldView, Limits, Shape, view_drift, viewed_diffs
from assistctl.rendering.html.page import as_text, joined
from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import masked

_LIMITS = Limits(rows=60, preview=12)
_SHORT = 40
"""Characters that a value may have to be named in a summary."""
_NAMED = 6
"""So many fields are named in a summary."""


class _Sides(NamedTuple):
    """The titles of both whole texts, and of the two together."""

    old: str
    new: str
    both: str


_CHANGE = _Sides("Before", "After", "Before and after")
_DRIFT = _Sides("Declared", "There now", "Declared, and there now")


class Differences(NamedTuple):
    """A line of text that says which fields differ and how much, and the markup that shows it."""

    summary: str
    table: str


def change_differences(change: Change) -> Differences:
    """The differences of a change."""
    viewed = list(viewed_diffs(change, _LIMITS))
    views = [view for view, _ in viewed]
    whole = [_whole_texts(view, diff.old, diff.new, _CHANGE) for view, diff in viewed]
    return Differences(summary(views), _table(views, whole))


def drift_differences(drifts: Sequence[Drift]) -> Differences:
    """The drift of one thing, from the declared values to the observed ones."""
    views = [view_drift(drift, _LIMITS) for drift in drifts]
    pairs = zip(views, drifts, strict=True)
    whole = [_whole_texts(view, drift.desired, drift.observed, _DRIFT) for view, drift in pairs]
    return Differences(summary(views), _table(views, whole))


def fields_table(views: Sequence[FieldView]) -> str:
    """Differences that are ready to show, without the whole texts."""
    return _table(views, [""] * len(views))


def summary(views: Sequence[FieldView]) -> str:
    """The fields and their extent, as text: ``2 fields: model; instructions: 1 of 80 lines``."""
    number = counted(len(views), "field")
    more = [f"{len(views) - _NAMED:,} more"] if len(views) > _NAMED else []
    return f"{number}: {'; '.join([*map(_brief, views[:_NAMED]), *more])}"


def _brief(view: FieldView) -> str:
    if view.new is None:
        return f"{view.path}: {view.size}" if view.size else view.path
    return f"{view.path} {view.values}" if len(view.values) <= _SHORT else view.path


def _table(views: Sequence[FieldView], whole: Sequence[str]) -> str:
    fields = joined(_field(view, texts) for view, texts in zip(views, whole, strict=True))
    return f'<table class="fields"><tbody>{fields}</tbody></table>'


def _field(view: FieldView, whole: str) -> str:
    note = f'<span class="note">{as_text(view.note)}</span>' if view.note else ""
    size = f'<span class="size">{as_text(view.size)}</span>' if view.size else ""
    return (
        f'<tr><th scope="row"><code>{as_text(view.path).replace(".", ".<wbr>")}</code></th>'
        f"<td>{_values(view)}{size}{note}{_rows(view)}{whole}</td></tr>"
    )


def _values(view: FieldView) -> str:
    old = f'<bdi class="value old">{as_text(view.old)}</bdi>' if view.old is not None else ""
    new = f'<bdi class="value new">{as_text(view.new)}</bdi>' if view.new is not None else ""
    arrow = ' <span class="arrow" aria-hidden="true">→</span><span class="for-readers">becomes</span> '
    return f"{old}{arrow if old and new else ''}{new}"


def _rows(view: FieldView) -> str:
    """The rows under one another, with the sign of each, and between them how much stands unchanged."""
    if not view.rows:
        return ""
    shown = []
    for position, (row, number) in enumerate(zip(view.rows, numbers_shown(view.rows), strict=True)):
        if gap := wording.gap_before(row, is_first=not position):
            shown.append(f'<div class="more">{as_text(gap)}</div>')
        shown.append(_row(row, number, view.shape))
    shown += [f'<div class="more">{as_text(told)}</div>' for told in wording.left_out(view, "all of it is below")]
    return f'<div class="rows">{joined(shown)}</div>'


def _row(row: Row, number: str, shape: Shape) -> str:
    if shape is Shape.ADDED:
        words = f'<span class="words">{"".join(as_text(segment.text) for segment in row.segments)}</span>'
    else:
        marked = "".join(map(_segment, row.segments))
        # Side by side, the style sheet leaves out of each copy what the other side has; else the second is hidden.
        twice = shape is Shape.CHANGED
        words = f'<span class="words before">{marked}</span>'
        words += f'<span class="words after">{marked}</span>' if twice else ""
    number_and_sign = f'<span class="number">{number}</span><span class="line-sign">{row.sign}</span>'
    return f'<div class="row {row.sign.name.lower()}">{number_and_sign}{words}</div>'


def _segment(segment: Segment) -> str:
    tag = {Side.OLD: "del", Side.NEW: "ins", Side.SAME: ""}[segment.side]
    return f"<{tag}>{as_text(segment.text)}</{tag}>" if tag else as_text(segment.text)


def _whole_texts(view: FieldView, old: Json, new: Json, titles: _Sides) -> str:
    """Both values whole, where the view has only places or lines of them."""
    if view.new is not None or view.old is not None:
        return ""
    sides = list(_sides(view.shape, old, new, titles))
    if not sides:
        return ""
    texts = joined(
        f'<div><h4>{title}</h4><pre class="text {tone}">{_lines(value)}</pre></div>'
        for title, tone, value in sides
    )
    name = titles.both if len(sides) > 1 else sides[0][0]
    return (
        f'<details class="whole"><summary>{name}: '
        f'{as_text(view.path)}</summary><div class="texts">{texts}</div></details>'
    )


def _sides(shape: Shape, old: Json, new: Json, titles: _Sides) -> Iterator[tuple[str, str, Json]]:
    if old is not None:
        yield "Whole text" if shape is Shape.REMOVED else titles.old, "old", old
    if new is not None:
        yield "Whole text" if shape is Shape.ADDED else titles.new, "new", new


def _lines(value: Json) -> str:
    # Masked as a whole, because a secret may go over several lines.
    shown = masked(value)
    text = shown if isinstance(shown, str) else json.dumps(shown, indent=2, ensure_ascii=False, sort_keys=True)
    lines = escape(visible(text, multiline=True).replace("\t", r"\t")).split("\n")
    return "".join(f'<span class="line">{line}\n</span>' for line in lines)
