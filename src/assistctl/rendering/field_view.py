"""Differences made ready to show, the same for every format: short values side by side, long ones as rows.

All text in a view is harmless (``values.py``); a format adds only its own escaping and looks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from assistctl.json_value import Json
from assistctl.model.change import Action, Change, Drift, FieldDiff, Origin
from assistctl.model.counting import counted
from assistctl.rendering.diff.row import LONGEST, Row
from assistctl.rendering.diff.rows import diff_rows, lines_in, preview_rows
from assistctl.rendering.diff.word_diff import Segment, Side, compare, words_of
from assistctl.rendering.values import (
    NOT_SET,
    is_secret,
    label,
    list_changes,
    look_alike,
    named,
    quoted,
    short_items,
    told_apart,
    tool_in_words,
    value_text,
)
from assistctl.secrets.redaction import masked

_INLINE = 100
"""A value with more characters than this, or with a newline, is shown as rows."""
_KILO = 1000
_FEW_ITEMS = 6
"""Up to so many items of a list are named where structures are told in words."""
_FEWEST_WORDS = 3
"""Two short values with so many words in common get marks for the words that differ."""
_UNDONE = "changed outside; apply will undo this edit"


class Shape(StrEnum):
    """The kind of rows in a view: the first lines of a value that comes or goes, or the words that differ."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FieldView:
    """One difference for people.

    Either ``old`` or ``new`` is set (one alone where there is nothing to compare it with), or ``size`` says how
    much there is, or differs, and ``rows`` show it; ``more`` rows are left out, and with ``shortened`` so is
    something of the others. ``words`` are the segments from ``old`` to ``new`` where the two have words in common.
    ``note`` says who moved it, if not the manifest.
    """

    path: str
    shape: Shape
    note: str = ""
    old: str | None = None
    new: str | None = None
    size: str = ""
    rows: tuple[Row, ...] = ()
    more: int = 0
    words: tuple[Segment, ...] = ()
    shortened: bool = False

    @property
    def values(self) -> str:
        """The short values that are set, from the old one to the new one; empty where there are only rows."""
        return " → ".join(value for value in (self.old, self.new) if value is not None)

    @property
    def gist(self) -> str:
        """The path, and what becomes of it."""
        if self.old is not None and self.new is not None:
            return f"{self.path} {self.values}"
        return f"{self.path}: {self.size}" if self.size else self.path


@dataclass(frozen=True, slots=True)
class Limits:
    """The most rows shown of one field, of differences and of first lines; ``None``: all.

    A changed stretch has at most ``longest`` characters; ``None``: every line in full. With
    ``structures_in_words`` a tool that comes or goes is described, and only the size is shown of another mapping
    or list.
    """

    rows: int | None
    preview: int | None
    structures_in_words: bool = False
    longest: int | None = LONGEST


EVERYTHING = Limits(rows=None, preview=None, longest=None)


def change_views(change: Change, limits: Limits) -> Iterator[FieldView]:
    """A view for each difference of the change; a function under another name is one renaming."""
    return (view for view, _ in viewed_diffs(change, limits))


def viewed_diffs(change: Change, limits: Limits) -> Iterator[tuple[FieldView, FieldDiff]]:
    """The views with what they show; a renaming is a difference from the old function, at the path of the new."""
    renamed = dict(_renamed(change))
    gone = {id(old) for old in renamed.values()}
    for diff in change.diffs:
        if id(diff) in gone:
            continue
        if id(diff) not in renamed:
            yield view_diff(diff, change.action, limits), diff
            continue
        both = replace(diff, old=renamed[id(diff)].old)
        old, new = (value_text(masked(_name(side))) for side in (both.old, both.new))
        yield FieldView("tools", Shape.CHANGED, size=f"function renamed: {old} → {new}"), both


def view_diff(diff: FieldDiff, action: Action, limits: Limits) -> FieldView:
    """The view of a field of a change; on a create or a delete there is nothing to compare with."""
    alone = action in {Action.CREATE, Action.DELETE}
    note = "" if diff.origin is Origin.MANIFEST else _UNDONE if diff.origin is Origin.DRIFT else _both(diff)
    view = _view(label(diff.path), note, diff.old, diff.new, alone=alone, limits=limits)
    is_default = diff.undeclared and diff.new is not None and view.new is not None
    return replace(view, new=f"default ({view.new})", words=()) if is_default else view


def view_drift(drift: Drift, limits: Limits) -> FieldView:
    """The view of a drift: from the declared value to what somebody made of it."""
    note = "" if drift.origin is not Origin.BOTH else _both(drift)
    return _view(label(drift.path), note, drift.desired, drift.observed, alone=False, limits=limits)


def _renamed(change: Change) -> Iterator[tuple[int, FieldDiff]]:
    """The functions that come, each with one that goes and is the same in all but its name."""
    if change.action is Action.CREATE:
        return
    going = {_nameless(diff.old): diff for diff in change.diffs if _is_function(diff.old) and diff.new is None}
    for diff in change.diffs:
        if diff.old is None and _is_function(diff.new) and not diff.secret:
            old = going.pop(_nameless(diff.new), None)
            if old is not None and not old.secret and old.origin is diff.origin:
                yield id(diff), old


def _is_function(tool: Json) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("function"), dict) and bool(_name(tool))


def _name(tool: Json) -> Json:
    function = tool.get("function") if isinstance(tool, dict) else None
    return function.get("name") if isinstance(function, dict) else None


def _nameless(tool: Json) -> str:
    """A function without its name, to be held against another."""
    function = tool.get("function") if isinstance(tool, dict) else None
    rest = {key: value for key, value in function.items() if key != "name"} if isinstance(function, dict) else {}
    return json.dumps(rest, sort_keys=True)


def _both(about: FieldDiff | Drift) -> str:
    """The third value of a field that the manifest and somebody else changed; blames nobody for a removal."""
    observed = about.old if isinstance(about, FieldDiff) else about.observed
    changed = "declared here and not there" if observed is None else "changed here and outside"
    last = about.last_applied
    if last is None:
        return changed
    return f"{changed}; last applied: {value_text(masked(last.value)) if last.known else 'not known'}"


def _view(path: str, note: str, old: Json, new: Json, *, alone: bool, limits: Limits) -> FieldView:
    # Before it is parted into words, which may each be a part of a secret.
    old, new = masked(old), masked(new)
    most = _FEW_ITEMS if limits.structures_in_words else None
    items = named(short_items(new if old is None else old), most) if alone else ""
    if told := items or list_changes(path, old, new, most=most):
        shape = Shape.CHANGED if not alone else Shape.ADDED if old is None else Shape.REMOVED
        return FieldView(path, shape, note, size=told)
    if not (_is_long(old) or _is_long(new)):
        return _short(path, note, old, new, alone=alone)
    if old is None:
        size = _size(new) if alone else _coming(new)
        return _preview(path, Shape.ADDED, new, note=note, size=size, limits=limits)
    if new is None:
        size = _size(old) if alone else _going(old)
        return _preview(path, Shape.REMOVED, old, note=note, size=size, limits=limits)
    return _difference(path, note, old, new, limits)


def _short(path: str, note: str, old: Json, new: Json, *, alone: bool) -> FieldView:
    shown_old, shown_new = _side_by_side(old, new)
    if alone:
        sides = (None, shown_new) if old is None else (shown_old, None) if new is None else (shown_old, shown_new)
        return FieldView(path, Shape.CHANGED, note, *sides)
    view = FieldView(path, Shape.CHANGED, note, shown_old, shown_new)
    if not (isinstance(old, str) and isinstance(new, str)):
        return view
    words = compare(shown_old, shown_new)
    common = [word for s in words if s.side is Side.SAME for word in words_of(s.text) if word[0].isalnum()]
    return replace(view, words=words) if len(common) >= _FEWEST_WORDS else view


def _side_by_side(old: Json, new: Json) -> tuple[str, str]:
    shown_old, shown_new = _value(old, new), _value(new, old)
    if isinstance(old, str) and isinstance(new, str) and (shown_old, shown_new) != (old, new):
        shown_old, shown_new = (text if is_secret(text) else quoted(text) for text in (old, new))
    if look_alike(shown_old, shown_new):
        both = told_apart(shown_old, shown_new)
        return both if both[0][:1] == '"' else (f'"{both[0]}"', f'"{both[1]}"')
    return shown_old, shown_new


def _value(value: Json, other: Json) -> str:
    """A value on one line; of a list that comes or goes, the names one after the other."""
    names = short_items(value) if other is None else []
    is_list_of_names = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return named(names, None) if names and is_list_of_names else value_text(value)


def _is_long(value: Json) -> bool:
    if isinstance(value, str):
        return len(value) > _INLINE or "\n" in value
    return isinstance(value, list | dict) and len(json.dumps(value)) > _INLINE


def _preview(path: str, shape: Shape, value: Json, *, note: str, size: str, limits: Limits) -> FieldView:
    side = Side.NEW if shape is Shape.ADDED else Side.OLD
    view = FieldView(path, shape, note, size=size)
    if limits.structures_in_words and not isinstance(value, str):
        # The size names the kind already.
        described = tuple(line for line in tool_in_words(value) if line != size)
        rows = preview_rows("\n".join(described), side, None, longest=limits.longest) if described else ()
        return replace(view, rows=tuple(replace(row, number=None) for row in rows), shortened=True)
    text = _document(value)
    rows = preview_rows(text, side, limits.preview, longest=limits.longest)
    more = lines_in(text) - len(rows)
    return replace(view, rows=rows, more=more, shortened=any(row.shortened for row in rows))


def _difference(path: str, note: str, old: Json, new: Json, limits: Limits) -> FieldView:
    before, after = _document(old, in_order=True), _document(new, in_order=True)
    diff = diff_rows(before, after, longest=limits.longest)
    rows = diff.first_rows(limits.rows)
    prose = isinstance(old, str) and isinstance(new, str)
    if prose:
        size = diff.amount(before, after)
    else:
        size = "rewritten" if diff.rewritten else counted(diff.places, "place")
    if prose and before.replace("\r\n", "\n") == after.replace("\r\n", "\n"):
        size = f"no word changed, line ends only, {diff.changed:,} of {diff.total:,} lines"
    more, shortened = len(diff.rows) - len(rows), any(row.shortened for row in rows)
    return FieldView(path, Shape.CHANGED, note, size=size, rows=rows, more=more, shortened=shortened)


def _coming(value: Json) -> str:
    return f"{NOT_SET} → {_size(value)}" if isinstance(value, str) else f"added, {_size(value)}"


def _going(value: Json) -> str:
    return f"{_size(value)} → {NOT_SET}" if isinstance(value, str) else f"removed, {_size(value)}"


def _document(value: Json, *, in_order: bool = False) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=in_order)


def _size(value: Json) -> str:
    """The size of a text; for a structure, which has no lines where it is declared, its kind."""
    if isinstance(value, str):
        length = len(value.encode("utf-8", "surrogatepass"))
        amount = f"{length} bytes" if length < _KILO else f"{length / _KILO:,.1f} kB"
        return f"{amount}, {counted(lines_in(value), 'line')}"
    if isinstance(value, list):
        return counted(len(value), "item")
    kind = value.get("type") if isinstance(value, dict) else None
    return label(kind) if isinstance(kind, str) else counted(len(value) if isinstance(value, dict) else 0, "key")
