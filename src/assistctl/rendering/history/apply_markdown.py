"""A past apply as GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.rendering.field_view import Limits, label
from assistctl.rendering.history.wording import PastApplyReport, PastChange, PastCheck
from assistctl.rendering.markdown.document import Block, document, paragraph
from assistctl.rendering.markdown.escape import code, plain
from assistctl.rendering.markdown.field_lines import fenced, field_lines

_LIMITS = Limits(rows=40, preview=20)


def apply_markdown(report: PastApplyReport) -> str:
    """What was done and to which fields; what failed comes first."""
    title = f"{label(report.id)}: {label(report.project)} → {label(report.target)} ({label(report.platform)})"
    first = f"### {plain(title)}\n\n**{plain(report.conclusion)}**"
    return document(first, _blocks(report))


def _blocks(report: PastApplyReport) -> Iterator[Block]:
    for change in sorted(report.changes, key=lambda change: change.went_well):
        head = f"{change.action} {code(change.thing)}: {plain(change.outcome)}"
        error = f"<br>{paragraph(change.error)}" if change.error else ""
        yield Block(head + error, [f"\n{block}" for block in _fields(change)])
    if report.checks:
        yield Block("**Checks**\n", [line for check in report.checks for line in _check(check)])


def _check(check: PastCheck) -> Iterator[str]:
    yield f"- {plain(check.question)}: {plain(check.course)}"
    yield from (f"  - {paragraph(reason)}" for reason in check.reasons)


def _fields(change: PastChange) -> Iterator[str]:
    lines = [line for view in change.views(_LIMITS) for line in field_lines(view)]
    if lines:
        yield fenced(lines)
