"""A plan as GitHub Flavored Markdown, for a comment on a pull request.

GitHub refuses comments of more than 65,536 characters ("body is too long (maximum is 65536 characters)"), so the
longest parts give way first; the summary never does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistctl.model.plan import Change, Diagnostic, Drift, Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.diff.rows import Row, marked
from assistctl.rendering.diff.word_diff import Side
from assistctl.rendering.field_view import FieldView, Limits, Shape, view_diff, view_drift
from assistctl.rendering.grouping import group_similar
from assistctl.rendering.markdown.escape import code, code_cell, fence_for, html_code, plain
from assistctl.secrets.redaction import mask

# Room for what a pipeline adds to it: a mark to find the comment again, and where it came from.
LIMIT = 65_536 - 536
_LIMITS = Limits(rows=40, preview=20)
_OPEN = 3
"""Up to so many changes, their differences are shown unfolded."""
_LONGEST_LINE = 1_500
_FILES = 50
"""Up to so many files are listed one by one."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines between a head and a tail; lines may be left out, the rest may not. ``cut`` counts those."""

    head: str
    lines: tuple[str, ...]
    tail: str = ""
    left_out: str = "… {} more lines"
    cut: int = 0

    def __str__(self) -> str:
        note = (self.left_out.format(f"{self.cut:,}"),) if self.cut else ()
        return "\n".join(filter(None, (self.head, *self.lines, *note, self.tail)))

    def shortened(self, size: int) -> _Part:
        """The part with as many whole lines as ``size`` characters hold."""
        kept: list[str] = []
        for line in self.lines:
            size -= len(line) + 1
            if size < 0:
                break
            kept.append(line)
        return replace(self, lines=tuple(kept), cut=self.cut + len(self.lines) - len(kept))


def plan_markdown(plan: Plan) -> str:
    """The plan as a comment of at most 65,536 characters, with a note wherever something had to be left out."""
    first = f"### {plain(_shortened(wording.heading(plan)))}\n\n**{plain(wording.conclusion(plan))}**"
    parts = [
        *_overview(plan),
        *_refusals(plan),
        *_diagnostics(plan.diagnostics),
        *_missing(plan),
        *_drift(plan),
        *_details(plan),
    ]
    return _within_limit(first, parts) + "\n"


def _within_limit(first: str, parts: Sequence[_Part]) -> str:
    note = "*Shortened to fit into a comment: see --format json or the saved plan for all of it.*"
    whole = "\n\n".join([first, *map(str, parts)])
    if len(whole) < LIMIT:
        return whole
    room = LIMIT - len(first) - len(note) - 10
    kept = _bare_fitting(parts, room // 2)
    size = _largest_size(kept, room)
    shortened = [str(part.shortened(size)) for part in kept]
    return "\n\n".join([first, note, *shortened])


def _bare_fitting(parts: Sequence[_Part], room: int) -> list[_Part]:
    """The first parts whose heads and tails alone leave the other half of the room to their lines."""
    kept = []
    for part in parts:
        room -= len(str(part.shortened(0))) + 2
        if room < 0:
            break
        kept.append(part)
    return kept


def _largest_size(parts: Sequence[_Part], room: int) -> int:
    """How many characters of lines each part may keep, so that all fit: only the longest have to give."""
    low, high = 0, LIMIT
    while low < high:
        middle = (low + high + 1) // 2
        fits = sum(len(str(part.shortened(middle))) + 2 for part in parts) <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _overview(plan: Plan) -> Iterator[_Part]:
    if plan.changes:
        changes, hidden = wording.listed(plan.changes, _FILES)
        rows = tuple(_overview_row(change) for change in changes)
        if hidden:
            rows = (*rows, f"| | {plain(wording.more_files(hidden))} | | | |")
        yield _Part("| | What | Action | Why | |\n|:-:|---|---|---|---|", rows, left_out="| | … {} more | | | |")


def _overview_row(change: Change) -> str:
    blocked = f"**{change.blocked.upper()}**" if change.blocked else ""
    sign, what = code_cell(wording.SIGNS[change.action]), code_cell(wording.thing(change))
    return f"| {sign} | {what} | {change.action} | {plain(_shortened(wording.reason(change)))} | {blocked} |"


def _refusals(plan: Plan) -> Iterator[_Part]:
    refused = list(wording.refusals(plan))
    if refused:
        lines = tuple(f"- **{r.rule.upper()}** {_names(r.things)}: {plain(r.permit)}" for r in refused)
        yield _Part(f"**{wording.REFUSAL_TITLE}**\n", lines, left_out="- … {} more rules")


def _names(things: Sequence[str]) -> str:
    shown = 20
    more = f" and {len(things) - shown:,} more" if len(things) > shown else ""
    return ", ".join(code(thing) for thing in things[:shown]) + more


def _diagnostics(diagnostics: Sequence[Diagnostic]) -> Iterator[_Part]:
    if diagnostics:
        lines = tuple(_diagnostic(diagnostic) for diagnostic in group_similar(diagnostics))
        yield _Part("**Messages**\n", lines, left_out="- … {} more")


def _diagnostic(diagnostic: Diagnostic) -> str:
    place = wording.place(diagnostic)
    said = f"{code(place)}: " if place else ""
    text = f"- {said}**{diagnostic.severity}:** {plain(_shortened(wording.message(diagnostic)))}"
    details = [plain(_shortened(line)) for line in diagnostic.detail.splitlines() if line.strip()]
    return "<br>".join([text, *details])


def _missing(plan: Plan) -> Iterator[_Part]:
    if plan.missing:
        lines = tuple(
            f"- {code(wording.thing(one))}: {one.reason}" + (f" ({code(one.id)})" if one.id else "")
            for one in plan.missing
        )
        yield _Part(f"**{wording.MISSING_TITLE}**\n", lines, left_out="- … {} more")


def _drift(plan: Plan) -> Iterator[_Part]:
    drifts = wording.unplanned_drift(plan)
    if drifts:
        lines = tuple(line for drift in drifts for line in _drift_lines(drift))
        yield _fenced(f"**{wording.DRIFT_TITLE}**\n", lines)


def _drift_lines(drift: Drift) -> Iterator[str]:
    view = view_drift(drift, _LIMITS)
    yield from _field_lines(replace(view, path=f"{wording.thing(drift)}: {view.path}"))


def _details(plan: Plan) -> Iterator[_Part]:
    changes = [change for change in plan.changes if change.diffs]
    unfolded = " open" if len(changes) <= _OPEN else ""
    for change in changes:
        number = len(change.diffs)
        counted = f"{number:,} {'field' if number == 1 else 'fields'}"
        key = html_code(wording.thing(change))
        title = f"{wording.SIGNS[change.action]} {key} {change.action}, {counted}"
        lines = tuple(
            line for diff in change.diffs for line in _field_lines(view_diff(diff, change.action, _LIMITS))
        )
        yield _fenced(f"<details{unfolded}><summary>{title}</summary>\n", lines, tail="\n\n</details>")


def _fenced(head: str, lines: tuple[str, ...], tail: str = "") -> _Part:
    cut = tuple(_shortened(line) for line in lines)
    fence = fence_for(list(cut))
    return _Part(f"{head}\n{fence}diff", cut, f"{fence}{tail}", left_out="  … {} more lines")


def _field_lines(view: FieldView) -> Iterator[str]:
    note = f"  ({view.note})" if view.note else ""
    if view.new is not None:
        if view.old is not None:
            yield f"- {view.path}: {view.old}"
        yield f"+ {view.path}: {view.new}{note}"
        return
    yield f"  {view.path}: {view.size}{note}"
    for row in view.rows:
        yield from _row_lines(row, view.shape)
    if view.more:
        yield f"    {wording.more_rows(view)}"


def _row_lines(row: Row, shape: Shape) -> Iterator[str]:
    sides = {segment.side for segment in row.segments} - {Side.SAME}
    for side, sign in ((Side.OLD, "-"), (Side.NEW, "+")):
        if side in sides:
            number = str(row.number or "").rjust(5)
            yield f"{sign} {number} │ {_one_side(row, side, shape)}".rstrip()


def _one_side(row: Row, side: Side, shape: Shape) -> str:
    whole = shape is not Shape.CHANGED or len(row.segments) == 1
    shown = [segment for segment in row.segments if segment.side in {side, Side.SAME}]
    return "".join(segment.text if whole else marked(segment) for segment in shown)


def _shortened(line: str) -> str:
    line = mask(line)
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …"
