"""A plan as GitHub Flavored Markdown, for a comment on a pull request.

The `-` lines of a difference are lines of the old text, the `+` lines those of the new one; `budget.py` says what
gives way where it would be too long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistctl.model.plan import Action, Change, Diagnostic, Drift, Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.change_view import change_views
from assistctl.rendering.diff.rows import Row, Sign, escaped_marks, marked
from assistctl.rendering.diff.word_diff import Segment, Side, one_side
from assistctl.rendering.field_view import FieldView, Limits, Shape, view_drift
from assistctl.rendering.grouping import group_similar
from assistctl.rendering.importance import by_importance
from assistctl.rendering.markdown.budget import COMMENT, Part, within
from assistctl.rendering.markdown.escape import code, code_cell, fence_for, html_code, plain
from assistctl.secrets.redaction import mask

_LIMITS = Limits(rows=None, preview=None, longest=2_000)
_OPEN = 3
"""Up to so many changes, their differences are shown unfolded."""
_LONGEST_LINE = 6_000
_FILES = 50
"""Up to so many files are listed one by one."""
_GISTS = 5
"""So many fields of a change are told in its heading."""
_LONGEST_GIST = 80
_ELSEWHERE = "--format html and --format json have all of it"


def plan_markdown(plan: Plan, max_size: int = COMMENT) -> str:
    """The plan as a comment of at most ``max_size`` bytes, with a count wherever something had to be left out."""
    first = f"### {plain(_shortened(wording.heading(plan)))}\n\n**{plain(wording.conclusion(plan))}**"
    parts = [
        *_refusals(plan),
        *_overview(plan, max_size),
        *_missing(plan),
        *_diagnostics(plan.diagnostics),
        *_drift(plan),
        *_details(plan),
    ]
    return within(max_size - 1, first, parts, _NOTE, _DROPPED) + "\n"


_NOTE = f"*Shortened to fit: {_ELSEWHERE}.*"
_DROPPED = "*Not shown: {} more of these.*"


def _overview(plan: Plan, max_size: int) -> Iterator[Part]:
    if plan.changes:
        changes, hidden = wording.listed(plan.changes, _FILES)
        rows = tuple(_overview_row(change) for change in changes)
        if hidden:
            rows = (*rows, f"| | {plain(wording.more_files(hidden))} | | | |")
        kept = next((i for i, change in enumerate(changes) if not _must_be_named(change)), len(changes))
        deleted = [change for change in changes[:kept] if change.blocked is None]
        if sum(map(len, rows[:kept])) > max_size // 2:  # too many for a row each
            names = _names([wording.thing(change) for change in deleted])
            yield Part("**To be deleted:**\n", (f"- {names}",) if deleted else (), kept=1)
            kept = 0
        head = "| | What | Action | Why | |\n|:-:|---|---|---|---|"
        yield Part(head, rows, left_out="| | … {} more | | | |", kept=kept)


def _must_be_named(change: Change) -> bool:
    return change.blocked is not None or change.action is Action.DELETE


def _overview_row(change: Change) -> str:
    blocked = f"**{change.blocked.upper()}**" if change.blocked else ""
    sign, what = code_cell(wording.SIGNS[change.action]), code_cell(wording.thing(change))
    return f"| {sign} | {what} | {change.action} | {plain(_shortened(wording.reason(change)))} | {blocked} |"


def _refusals(plan: Plan) -> Iterator[Part]:
    refused = list(wording.refusals(plan))
    if refused:
        lines = tuple(f"- **{r.rule.upper()}** {_names(r.things)}: {plain(r.permit)}" for r in refused)
        yield Part(f"**{wording.REFUSAL_TITLE}**\n", lines, left_out="- … {} more rules", kept=len(lines))


def _names(things: Sequence[str]) -> str:
    return ", ".join(code(thing) for thing in things)


def _diagnostics(diagnostics: Sequence[Diagnostic]) -> Iterator[Part]:
    if diagnostics:
        lines = tuple(_diagnostic(diagnostic) for diagnostic in group_similar(diagnostics))
        yield Part("**Messages**\n", lines, left_out="- … {} more")


def _diagnostic(diagnostic: Diagnostic) -> str:
    place = wording.place(diagnostic)
    said = f"{code(place)}: " if place else ""
    text = f"- {said}**{diagnostic.severity}:** {plain(_shortened(wording.message(diagnostic)))}"
    details = [plain(_shortened(line)) for line in diagnostic.detail.splitlines() if line.strip()]
    return "<br>".join([text, *details])


def _missing(plan: Plan) -> Iterator[Part]:
    if plan.missing:
        lines = tuple(
            f"- {code(wording.thing(one))}: {one.reason}" + (f" ({code(one.id)})" if one.id else "")
            for one in plan.missing
        )
        yield Part(f"**{wording.MISSING_TITLE}**\n", lines, left_out="- … {} more")


def _drift(plan: Plan) -> Iterator[Part]:
    drifts = wording.unplanned_drift(plan)
    if drifts:
        lines = tuple(line for drift in drifts for line in _drift_lines(drift))
        yield _fenced(f"**{wording.DRIFT_TITLE}**\n", lines)


def _drift_lines(drift: Drift) -> Iterator[str]:
    view = view_drift(drift, _LIMITS)
    yield from _field_lines(replace(view, path=f"{wording.thing(drift)}: {view.path}"))


def _details(plan: Plan) -> Iterator[Part]:
    changes = [change for change in by_importance(plan.changes) if change.diffs]
    unfolded = " open" if len(changes) <= _OPEN else ""
    for change in changes:
        views = list(change_views(change, _LIMITS))
        key = html_code(wording.thing(change))
        title = f"{wording.SIGNS[change.action]} {key} {change.action}: {_gists(views)}"
        lines = tuple(line for view in views for line in _field_lines(view))
        yield _fenced(f"<details{unfolded}><summary>{title}</summary>\n", lines, tail="\n\n</details>")


def _gists(views: Sequence[FieldView]) -> str:
    """What becomes of the first fields, for a heading."""
    told = [html_code(_gist(view)) for view in views[:_GISTS]]
    rest = len(views) - len(told)
    more = f" and {rest:,} more {'field' if rest == 1 else 'fields'}" if rest else ""
    return "; ".join(told) + more


def _gist(view: FieldView) -> str:
    gist = mask(view.gist)
    return gist if len(gist) <= _LONGEST_GIST else view.path


def _fenced(head: str, lines: tuple[str, ...], tail: str = "") -> Part:
    cut = tuple(_shortened(line) for line in lines)
    fence = fence_for(list(cut))
    left_out = f"  … {{}} more lines ({_ELSEWHERE})"
    return Part(f"{head}\n{fence}diff", cut, f"{fence}{tail}", left_out=left_out)


def _field_lines(view: FieldView) -> Iterator[str]:
    note = f"  ({view.note})" if view.note else ""
    if view.old is not None:
        yield f"- {view.path}: {_value(view, Side.OLD, view.old)}{'' if view.new is not None else note}"
    if view.new is not None:
        yield f"+ {view.path}: {_value(view, Side.NEW, view.new)}{note}"
    if view.size:
        yield f"  {view.path}: {view.size}{note}"
    for position, row in enumerate(view.rows):
        if gap := wording.gap_before(row, is_first=not position):
            yield f"        {gap}"
        yield from _row_lines(row, view.shape)
    for sentence in wording.left_out(view, _ELSEWHERE):
        yield f"        {sentence}"


def _value(view: FieldView, side: Side, value: str) -> str:
    return _one_side(view.words, side, view.shape) if view.words else value


def _row_lines(row: Row, shape: Shape) -> Iterator[str]:
    """The line as it was, and as it will be."""
    if row.sign is not Sign.ADDED:
        yield f"- {str(row.old_number or '').rjust(5)} │ {_one_side(row.segments, Side.OLD, shape)}".rstrip()
    if row.sign is not Sign.REMOVED:
        yield f"+ {str(row.number or '').rjust(5)} │ {_one_side(row.segments, Side.NEW, shape)}".rstrip()


def _one_side(segments: Sequence[Segment], side: Side, shape: Shape) -> str:
    """The old or the new line: marked where the other has other words, and as it is where it has no other."""
    shown = one_side(segments, side)
    if len(shown) == 1:
        return escaped_marks(shown[0].text) if shape is Shape.CHANGED else shown[0].text
    return "".join(map(marked, shown))


def _shortened(line: str) -> str:
    line = mask(line)
    rest = len(line) - _LONGEST_LINE
    return line if rest <= 0 else f"{line[:_LONGEST_LINE]} … {rest:,} more characters"
