"""Plans and diagnostics as lines, for people at a terminal or in a log.

On a terminal, lines are wrapped with a hanging indent; elsewhere a line stays one line, whatever its length, and
has no trailing space. The differences of a change are lines, too: paths in a column, values beside, changed words
below. Colour is only ever added to a sign or a word that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment as Written
from rich.segment import Segments
from rich.text import Text

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.change import Action, Change, Drift, Missing, Result
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.diff.row import Row, Sign, escaped_marks, marked, numbers_shown
from assistctl.rendering.diff.word_diff import Segment, Side, one_side
from assistctl.rendering.field_view import EVERYTHING, FieldView, Limits, Shape, change_views, view_drift
from assistctl.rendering.phrases import group_similar
from assistctl.rendering.values import label
from assistctl.secrets.escaping import visible

_COLOURS = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.DELETE: "red",
    Action.ADOPT: "cyan",
    Action.FORGET: "blue",
}
_SEVERITY_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}
_LIMITS = Limits(rows=8, preview=3, structures_in_words=True)
_WIDEST_KEY = 32
_WIDEST_PATH = 64
# How many files are listed one by one.
_FILES = 20
_INDENT = " " * 6
_WIDEST_PATH_BESIDE = 24
_TAB_SIZE = 8
_NARROWEST = 20
"""A hanging indent gives way before less than this many columns are left for the text."""


def print_plan(console: Console, plan: Plan, *, verbose: bool = False) -> None:
    """Prints what apply would do. ``verbose`` shows every row of every difference, and ids."""
    limits = EVERYTHING if verbose else _LIMITS
    sections = [
        _changes(console, plan, limits),
        _drift(console, plan, limits),
        _missing(plan.missing),
        _diagnostics(plan.diagnostics),
        _refusals(plan),
    ]
    emit(console, [Line(Text(wording.heading(plan), "bold")), Line()])
    for section in sections:
        lines = list(section)
        if lines:
            emit(console, [*lines, Line()])
    emit(console, [Line(Text(wording.conclusion(plan), "bold"))])


def print_drift(console: Console, plan: Plan, *, verbose: bool = False) -> None:
    """Prints only what was changed outside, and what is missing, all of it."""
    limits = EVERYTHING if verbose else _LIMITS
    emit(console, [Line(Text(wording.heading(plan), "bold")), Line()])
    if not plan.drift and not plan.missing:
        emit(console, [Line(Text(wording.NO_DRIFT, "bold"))])
        return
    emit(console, _missing(plan.missing))
    if plan.drift and plan.missing:
        emit(console, [Line()])
    emit(console, _drift_of(console, plan.drift, limits))
    advice = ((plan.drift, wording.DRIFT_ADVICE), (plan.missing, wording.MISSING_ADVICE))
    lines = [Line(Text(sentence)) for found, sentence in advice if found]
    emit(console, [Line(), Line(Text(wording.drift_conclusion(plan), "bold")), *lines])


def print_diagnostics(console: Console, diagnostics: Sequence[Diagnostic]) -> None:
    """Prints ``file:line:column: severity: summary`` for each, the detail indented below."""
    emit(console, _diagnostics(diagnostics))


def _changes(console: Console, plan: Plan, limits: Limits) -> Iterator[Line]:
    changes, hidden = wording.listed(plan.changes, None if limits is EVERYTHING else _FILES)
    names = widths(changes)
    for position, change in enumerate(changes):
        if position and (change.diffs or changes[position - 1].diffs):
            yield Line()
        yield _change_line(change, names[change.kind])
        views = list(change_views(change, limits))
        yield from field_lines(console, views)
    if hidden:
        yield Line(Text(wording.more_files(hidden, "-v lists all"), "dim"), prefix=Text("    "))


def _change_line(change: Change, width: int) -> Line:
    colour = _COLOURS[change.action]
    body = Text()
    body.append(pad(wording.thing(change), width), "bold")
    body.append(f"  {change.action:<6}  ", colour)
    body.append(visible(wording.reason(change)))
    if change.id and change.action in {Action.DELETE, Action.ADOPT, Action.FORGET}:
        body.append(f"  {label(change.id)}", "dim")
    if change.blocked:
        body.append("  ").append(change.blocked.upper(), "bold red")
    return Line(body, prefix=Text(f"  {wording.SIGNS[change.action]} ", f"bold {colour}"), hang=width + 10)


def _drift(console: Console, plan: Plan, limits: Limits) -> Iterator[Line]:
    yield from _drift_of(console, wording.unplanned_drift(plan), limits)


def _drift_of(console: Console, drifts: Sequence[Drift], limits: Limits) -> Iterator[Line]:
    if drifts:
        yield Line(Text(wording.DRIFT_TITLE, "magenta"))
    for name in dict.fromkeys(wording.thing(drift) for drift in drifts):
        yield Line(Text(name, "bold"), prefix=Text("  ! ", "bold magenta"))
        views = [view_drift(drift, limits) for drift in drifts if wording.thing(drift) == name]
        yield from field_lines(console, views, _DRIFT)


def _missing(missing: Sequence[Missing]) -> Iterator[Line]:
    if not missing:
        return
    yield Line(Text(wording.MISSING_TITLE, "magenta"))
    alone = [group[0] for group in wording.missing_together(missing) if len(group) == 1]
    width = max((min(cell_len(wording.thing(absent)), _WIDEST_PATH) for absent in alone), default=0)
    for absent, *others in wording.missing_together(missing):
        if others:
            yield _missing_together([absent, *others])
            continue
        body = Text(pad(wording.thing(absent), width), "bold").append(f"  {wording.absence(absent)}", "magenta")
        if absent.id:
            body.append(f"  {label(absent.id)}", "dim")
        yield Line(body, prefix=Text("  ? ", "bold magenta"), hang=width + 2)


def _missing_together(group: Sequence[Missing]) -> Line:
    body = Text(f"{wording.absence(group[0])}: ", "magenta").append(", ".join(map(wording.thing, group)), "bold")
    return Line(body, prefix=Text("  ? ", "bold magenta"), hang=2)


def _diagnostics(diagnostics: Sequence[Diagnostic]) -> Iterator[Line]:
    for diagnostic in group_similar(diagnostics):
        place = wording.place(diagnostic)
        text = Text(f"{place}: " if place else "")
        text.append(f"{diagnostic.severity}: ", _SEVERITY_COLOURS[diagnostic.severity])
        text.append(wording.message(diagnostic))
        yield Line(text, hang=4)
        for paragraph in diagnostic.detail.splitlines():
            yield Line(Text(visible(paragraph)), prefix=Text("    "))


def _refusals(plan: Plan) -> Iterator[Line]:
    refused = list(wording.refusals(plan))
    if refused:
        yield Line(Text(f"{wording.REFUSAL_TITLE}; the messages above say why and how to pass:", "bold red"))
    for refusal in refused:
        yield Line(Text(", ".join(refusal.things)), prefix=Text(f"  {refusal.rule.upper():<9}  ", "bold red"))


def widths(about: Sequence[Change] | Sequence[Result]) -> dict[Kind, int]:
    """The widths of the names; files, whose names are paths, have their own."""
    widths = dict.fromkeys(Kind, 0)
    for item in about:
        widths[item.kind] = max(widths[item.kind], cell_len(wording.thing(item)))
    keys = min(max(width for kind, width in widths.items() if kind is not Kind.FILE), _WIDEST_KEY)
    return {**dict.fromkeys(Kind, keys), Kind.FILE: min(widths[Kind.FILE], _WIDEST_PATH)}


@dataclass(frozen=True, slots=True)
class Line:
    """A body behind a prefix.

    When the body has to be wrapped, its later lines start ``hang`` columns behind the prefix, which is repeated as
    ``next_prefix`` (by default as spaces of the same width).
    """

    body: Text = field(default_factory=Text)
    prefix: Text = field(default_factory=Text)
    hang: int = 0
    next_prefix: Text | None = None


def emit(console: Console, lines: Iterable[Line]) -> None:
    """Prints the lines. Nothing in them is parsed: no markup, no emoji codes, no highlighting."""
    if not console.is_terminal and console.color_system is None:
        _write(console, lines)
        return
    for line in lines:
        for text in _wrapped(line, console) if console.is_terminal else [_together(line.prefix, line.body)]:
            text.rstrip()
            console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)


def _write(console: Console, lines: Iterable[Line]) -> None:
    """Write the lines where nothing is wrapped or coloured: all at once, which is far faster."""
    texts = (f"{line.prefix.plain}{line.body.plain}".rstrip() for line in lines)
    whole = "".join([f"{text}\n" for text in map(_without_tabs, texts)])
    console.print(Segments([Written(whole)]), soft_wrap=True, end="")


def _without_tabs(text: str) -> str:
    """``text`` with its tabs as spaces, as ``Console.print`` has them."""
    if "\t" not in text:
        return text
    expanded = Text(text)
    expanded.expand_tabs(_TAB_SIZE)
    return expanded.plain


def pad(text: str, width: int) -> str:
    """``text`` filled up with spaces to ``width`` columns, as a terminal counts them."""
    return text + " " * (width - cell_len(text))


def _wrapped(line: Line, console: Console) -> list[Text]:
    room = max(console.width - cell_len(line.prefix.plain), 1)
    if cell_len(line.body.plain) <= room:
        return [_together(line.prefix, line.body)]
    hang = min(line.hang, max(room - _NARROWEST, 0))
    first = line.body.wrap(console, room, overflow="fold")[0]
    left = line.body[len(first.plain) :]
    left = left[len(left.plain) - len(left.plain.lstrip()) :]
    later = left.wrap(console, room - hang, overflow="fold")
    indent = line.next_prefix or Text(" " * cell_len(line.prefix.plain))
    return [
        _together(line.prefix, first),
        *(_together(indent, Text(" " * hang), text) for text in later),
    ]


def _together(*parts: Text) -> Text:
    """The parts joined, each in its own style only (``+`` spreads the first one's over all)."""
    joined = Text()
    for part in parts:
        joined.append_text(part)
    return joined


@dataclass(frozen=True, slots=True)
class _Tones:
    """The colours of both sides, of the words that differ within a line, and of the signs before lines."""

    values: Mapping[Side, str]
    words: Mapping[Side, str]
    signs: Mapping[Sign, str]


_CHANGE = _Tones(
    values={Side.SAME: "", Side.OLD: "red", Side.NEW: "green"},
    words={Side.SAME: "", Side.OLD: "red strike", Side.NEW: "green underline"},
    signs={Sign.CHANGED: "yellow", Sign.REMOVED: "red", Sign.ADDED: "green"},
)
_DRIFT = _Tones(
    values={Side.SAME: "", Side.OLD: "", Side.NEW: "magenta"},
    words={Side.SAME: "", Side.OLD: "bold", Side.NEW: "magenta underline"},
    signs={Sign.CHANGED: "magenta", Sign.REMOVED: "", Sign.ADDED: "magenta"},
)
"""The declared value will stay, so it must not look deleted; the value that replaced it stands out."""


@dataclass(frozen=True, slots=True)
class _Look:
    """The marks of words: these tones alone where there is colour, else signs as well."""

    tones: _Tones
    in_colour: bool


def field_lines(console: Console, views: Sequence[FieldView], tones: _Tones = _CHANGE) -> Iterator[Line]:
    """The lines for all differences of one thing.

    A line that was removed has a ``-`` before it, one that was added a ``+``, one in which words changed a ``~``.
    Those words are in the ``tones`` where there is colour (of a change struck through and underlined), else marked
    as ``[-old-]`` and ``{+new+}``.
    """
    look = _Look(tones, in_colour=console.color_system is not None and not console.no_color)
    widths = [cell_len(view.path) for view in views]
    width = max((width for width in widths if width <= _WIDEST_PATH_BESIDE), default=0)
    for view in views:
        yield _first_line(view, width, look)
        yield from _below(view, look)


def _first_line(view: FieldView, width: int, look: _Look) -> Line:
    beside = _beside(view, look)
    if cell_len(view.path) > width:
        return Line(Text(f"{view.path}  ").append_text(beside), prefix=Text(_INDENT), hang=2)
    return Line(beside, prefix=Text(f"{_INDENT}{pad(view.path, width)}  "))


def _beside(view: FieldView, look: _Look) -> Text:
    body = Text()
    if view.old is not None:
        body.append_text(_value(view, Side.OLD, view.old, look))
    if view.old is not None and view.new is not None:
        body.append(" → ")
    if view.new is not None:
        body.append_text(_value(view, Side.NEW, view.new, look))
    body.append(view.size, "dim" if view.rows else "")
    if view.note:
        body.append(f"  ({view.note})", "magenta")
    return body


def _value(view: FieldView, side: Side, value: str, look: _Look) -> Text:
    """One of two short values: by itself, or with marks for the words that the other has not."""
    if not view.words:
        return Text(value, look.tones.values[side])
    return _words(one_side(view.words, side), look)


def _below(view: FieldView, look: _Look) -> Iterator[Line]:
    numbers = list(numbers_shown(view.rows)) if view.rows else []
    digits = max((len(number) for number in numbers if number), default=1)
    bare = Text(f"{_INDENT}  {' ' * digits}  │ ", "dim")
    for position, (row, number) in enumerate(zip(view.rows, numbers, strict=True)):
        if gap := wording.gap_before(row, is_first=not position):
            yield Line(Text(gap, "dim"), prefix=Text(f"{_INDENT}  {' ' * digits}  ", "dim"))
        number_column = Text("").append(f"{_INDENT}  {number:>{digits}} ", "dim")
        prefix = number_column.append(row.sign, look.tones.signs[row.sign]).append("│ ", "dim")
        words = _line(row, look, marks=view.shape is Shape.CHANGED)
        yield Line(words, prefix=prefix, next_prefix=bare)
    for sentence in wording.left_out(view, "-v shows all"):
        yield Line(Text(sentence, "dim"), prefix=bare)


def _line(row: Row, look: _Look, *, marks: bool) -> Text:
    """The words of a row: the sign says enough of a line that is all old, or all new.

    Where lines with marks may stand beside it, what only looks like one in it gets a backslash.
    """
    sides = {segment.side for segment in row.segments}
    if row.sign is Sign.CHANGED or len(sides) != 1:
        return _words(row.segments, look)
    text = "".join(segment.text for segment in row.segments)
    return Text("").append(
        escaped_marks(text) if marks and not look.in_colour else text, look.tones.signs[row.sign]
    )


def _words(segments: Sequence[Segment], look: _Look) -> Text:
    text = Text()
    for segment in segments:
        if look.in_colour:
            words = segment.text.lstrip()
            text.append(segment.text[: len(segment.text) - len(words)]).append(
                words, look.tones.words[segment.side]
            )
        else:
            text.append(marked(segment), look.tones.values[segment.side])
    return text
