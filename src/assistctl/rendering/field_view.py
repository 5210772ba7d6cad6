"""One difference made ready to show, the same for every format: short values side by side, long ones as rows.

All text in a view is harmless (``safe_text.py``); a format adds only its own escaping and looks.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from assistctl.model.plan import Action, Drift, FieldDiff, Json, Origin
from assistctl.rendering.diff.rows import LONGEST, Row, diff_rows, preview_rows
from assistctl.rendering.diff.word_diff import Side
from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import mask, masked

NOT_SET = "(not set)"
_INLINE = 100
"""A value with more characters than this, or with a newline, is shown as rows."""
_KILO = 1000


class Shape(StrEnum):
    """What the rows of a view are: the first lines of a value that comes or goes, or the words that differ."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FieldView:
    """One difference for people.

    Either ``new`` is set (and ``old`` too, unless there was nothing to compare it with), or ``rows`` are, with
    ``size`` describing the whole; ``more`` rows are left out. ``note`` says who moved it, if not the manifest.
    """

    path: str
    shape: Shape
    note: str = ""
    old: str | None = None
    new: str | None = None
    size: str = ""
    rows: tuple[Row, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows of one field are shown, of differences and of first lines; ``None``: all, each in full.

    With ``structures_as_size`` only the size is shown of a mapping or list that comes or goes.
    """

    rows: int | None
    preview: int | None
    structures_as_size: bool = False


EVERYTHING = Limits(rows=None, preview=None)
_NOTES = {Origin.MANIFEST: "", Origin.DRIFT: "changed outside", Origin.BOTH: "changed here and outside"}


def view_diff(diff: FieldDiff, action: Action, limits: Limits) -> FieldView:
    """How a field of a change is shown; on a create there is nothing to compare with."""
    note = _NOTES[diff.origin]
    return _view(label(diff.path), note, diff.old, diff.new, creating=action is Action.CREATE, limits=limits)


def view_drift(drift: Drift, limits: Limits) -> FieldView:
    """How a drift is shown: from what is declared to what somebody made of it."""
    return _view(label(drift.path), "", drift.desired, drift.observed, creating=False, limits=limits)


def label(text: str) -> str:
    """A name from outside: as it is if it cannot be taken for anything else, else as a JSON string."""
    text = mask(text)
    plain = _LABEL.fullmatch(text) or (_PLAIN.fullmatch(text) and "  " not in text and visible(text) == text)
    return text if plain else _quoted(text)


def value_text(value: Json) -> str:
    """A value on one line. A string is quoted when bare it would look like something else, or hide spaces."""
    if value is None:
        return NOT_SET
    if isinstance(value, str):
        return _quoted(value) if _is_json(value) else label(value)
    return visible(json.dumps(value, ensure_ascii=False))


_LABEL = re.compile(r"\(secret(?: [A-Za-z_][\w.-]*)?\)")
_PLAIN = re.compile(r"[^\W_](?:[\w .,:/@+$=\u0300-\u036f\[\]-]*[\w.:/@+$=\u0300-\u036f\]-])?")


def _quoted(text: str) -> str:
    spaces_seen = re.sub(r"[^\S ]", lambda match: _code(match.group()), json.dumps(text, ensure_ascii=False))
    return visible(spaces_seen)


def _code(char: str) -> str:
    return json.dumps(char)[1:-1]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _view(path: str, note: str, old: Json, new: Json, *, creating: bool, limits: Limits) -> FieldView:
    # Before it is parted into words, which may each be a part of a secret.
    old, new = masked(old), masked(new)
    if not (_is_long(old) or _is_long(new)):
        hide_old = creating and old is None
        shown_old, shown_new = _side_by_side(old, new)
        return FieldView(path, Shape.CHANGED, note, None if hide_old else shown_old, shown_new)
    if old is None:
        size = _size(new) if creating else f"{NOT_SET} → {_size(new)}"
        return _preview(path, Shape.ADDED, new, note=note, size=size, limits=limits)
    if new is None:
        size = f"{_size(old)} → {NOT_SET}"
        return _preview(path, Shape.REMOVED, old, note=note, size=size, limits=limits)
    return _difference(path, note, _document(old), _document(new), limits)


def _side_by_side(old: Json, new: Json) -> tuple[str, str]:
    shown_old, shown_new = value_text(old), value_text(new)
    if isinstance(old, str) and isinstance(new, str) and (shown_old, shown_new) != (old, new):
        shown_old, shown_new = _quoted(old), _quoted(new)
    alike = unicodedata.normalize("NFC", shown_old) == unicodedata.normalize("NFC", shown_new)
    if alike and old != new:  # composed and decomposed accents look the same
        return json.dumps(old), json.dumps(new)
    return shown_old, shown_new


def _is_long(value: Json) -> bool:
    if isinstance(value, str):
        return len(value) > _INLINE or "\n" in value
    return isinstance(value, list | dict) and len(json.dumps(value)) > _INLINE


def _preview(path: str, shape: Shape, value: Json, *, note: str, size: str, limits: Limits) -> FieldView:
    if limits.structures_as_size and not isinstance(value, str):
        return FieldView(path, shape, note, size=size)
    text = _document(value)
    side = Side.NEW if shape is Shape.ADDED else Side.OLD
    rows = preview_rows(text, side, limits.preview, longest=_longest(limits))
    more = text.removesuffix("\n").count("\n") + 1 - len(rows)
    return FieldView(path, shape, note, size=size, rows=rows, more=more)


def _difference(path: str, note: str, old: str, new: str, limits: Limits) -> FieldView:
    diff = diff_rows(old, new, longest=_longest(limits))
    rows = diff.rows[: limits.rows]
    size = f"{diff.changed:,} of {diff.total:,} lines"
    if diff.total == 1:
        size = f"{len(diff.rows):,} {'place' if len(diff.rows) == 1 else 'places'} in {len(new):,} characters"
    return FieldView(path, Shape.CHANGED, note, size=size, rows=rows, more=len(diff.rows) - len(rows))


def _longest(limits: Limits) -> int | None:
    return None if limits.rows is None else LONGEST


def _document(value: Json) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _size(value: Json) -> str:
    text = _document(value)
    length = len(text.encode("utf-8", "surrogatepass"))
    lines = text.removesuffix("\n").count("\n") + 1
    amount = f"{length} bytes" if length < _KILO else f"{length / _KILO:,.1f} kB"
    return f"{amount}, {lines:,} {'line' if lines == 1 else 'lines'}"
