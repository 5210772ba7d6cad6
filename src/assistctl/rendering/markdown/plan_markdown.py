"""A plan, or its drift alone, as GitHub Flavored Markdown, for a comment on a pull request.

The `-` lines of a difference are lines of the old text, the `+` lines those of the new one; `document.py` says
what gives way where it would be too long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistctl.diagnostics import Diagnostic
from assistctl.model.change import Action, Change, Drift, Missing
from assistctl.model.counting import counted
from assistctl.model.plan import Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.field_view import FieldView, change_views, view_drift
from assistctl.rendering.markdown.document import COMMENT, Part, document, shortened
from assistctl.rendering.markdown.escape import code, code_cell, html_code, plain
from assistctl.rendering.markdown.field_lines import LIMITS, fenced, field_lines
from assistctl.rendering.markdown.messages_markdown import messages
from assistctl.rendering.phrases import by_importance
from assistctl.secrets.redaction import mask

_OPEN = 3
"""Up to so many changes, their differences are shown unfolded."""
_FILES = 50
"""Up to so many files are listed one by one."""
_GISTS = 5
"""So many fields of a change are told in its heading."""
_LONGEST_GIST = 80


def plan_markdown(plan: Plan, max_size: int = COMMENT) -> str:
    """The plan as a comment of at most ``max_size`` bytes, with a count wherever something had to be left out."""
    first = f"### {plain(shortened(wording.heading(plan)))}\n\n**{plain(wording.conclusion(plan))}**"
    parts = [
        *_refusals(plan),
        *_overview(plan, max_size),
        *_missing(plan),
        *_diagnostics(plan.diagnostics),
        *_drift(plan),
        *_details(plan),
    ]
    return document(first, parts, limit=max_size)


def drift_markdown(plan: Plan) -> str:
    """The drift in a plan, a block of differences for each thing."""
    first = f"### {plain(wording.heading(plan))}\n\n**{plain(wording.drift_conclusion(plan))}**"
    return document(first, _drift_parts(plan))


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
    return f"| {sign} | {what} | {change.action} | {plain(shortened(wording.reason(change)))} | {blocked} |"


def _refusals(plan: Plan) -> Iterator[Part]:
    refused = list(wording.refusals(plan))
    if refused:
        lines = tuple(f"- **{r.rule.upper()}** {_names(r.things)}: {plain(r.permit)}" for r in refused)
        yield Part(f"**{wording.REFUSAL_TITLE}:**\n", lines, left_out="- … {} more rules", kept=len(lines))


def _names(things: Sequence[str]) -> str:
    return ", ".join(code(thing) for thing in things)


def _diagnostics(diagnostics: Sequence[Diagnostic]) -> Iterator[Part]:
    if diagnostics:
        yield messages("**Messages**\n", diagnostics)


def _drift(plan: Plan) -> Iterator[Part]:
    drifts = wording.unplanned_drift(plan)
    if drifts:
        lines = tuple(line for drift in drifts for line in _drift_lines(drift))
        yield fenced(f"**{wording.DRIFT_TITLE}**\n", lines)


def _drift_lines(drift: Drift) -> Iterator[str]:
    view = view_drift(drift, LIMITS)
    yield from field_lines(replace(view, path=f"{wording.thing(drift)}: {view.path}"))


def _details(plan: Plan) -> Iterator[Part]:
    changes = [change for change in by_importance(plan.changes) if change.diffs]
    unfolded = " open" if len(changes) <= _OPEN else ""
    for change in changes:
        views = list(change_views(change, LIMITS))
        key = html_code(wording.thing(change))
        title = f"{wording.SIGNS[change.action]} {key} {change.action}: {_gists(views)}"
        lines = tuple(line for view in views for line in field_lines(view))
        yield fenced(f"<details{unfolded}><summary>{title}</summary>\n", lines, tail="\n\n</details>")


def _gists(views: Sequence[FieldView]) -> str:
    """The changes of the first fields, for a heading."""
    told = [html_code(_gist(view)) for view in views[:_GISTS]]
    rest = len(views) - len(told)
    more = f" and {counted(rest, 'more field')}" if rest else ""
    return "; ".join(told) + more


def _gist(view: FieldView) -> str:
    gist = mask(view.gist)
    return gist if len(gist) <= _LONGEST_GIST else view.path


def _missing_line(group: Sequence[Missing]) -> str:
    names = ", ".join(code(wording.thing(absent)) for absent in group)
    object_id = group[0].id
    return f"- {names}: {wording.absence(group[0])}" + (f" ({code(object_id)})" if object_id else "")


def _missing(plan: Plan) -> Iterator[Part]:
    """The declared things that are not there; nothing where none is missing."""
    if plan.missing:
        lines = tuple(map(_missing_line, wording.missing_together(plan.missing)))
        yield Part(f"**{wording.MISSING_TITLE}**\n", lines, left_out="- … {} more")


def _drift_parts(plan: Plan) -> Iterator[Part]:
    yield from _missing(plan)
    by_name: dict[str, list[Drift]] = {}
    for drift in plan.drift:
        by_name.setdefault(wording.thing(drift), []).append(drift)
    if by_name:
        yield Part(f"**{wording.DRIFT_TITLE}**", ())
    for name, drifts in by_name.items():
        lines = [line for drift in drifts for line in field_lines(view_drift(drift, LIMITS))]
        yield fenced(f"{code(name)}\n", lines)
