"""A past apply as GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.rendering.history.wording import PastApplyReport, PastCheck
from assistctl.rendering.markdown.document import Part, document, paragraph
from assistctl.rendering.markdown.escape import code, plain
from assistctl.rendering.markdown.field_lines import LIMITS, fenced, field_lines
from assistctl.rendering.values import label


def apply_markdown(report: PastApplyReport) -> str:
    """Each change with its fields; failures come first."""
    title = f"{label(report.id)}: {label(report.project)} → {label(report.target)} ({label(report.platform)})"
    first = f"### {plain(title)}\n\n**{plain(report.conclusion)}**"
    return document(first, _markdown_parts(report))


def _markdown_parts(report: PastApplyReport) -> Iterator[Part]:
    for change in sorted(report.changes, key=lambda change: change.went_well):
        head = f"{change.action} {code(change.thing)}: {plain(change.outcome)}"
        head += f"<br>{paragraph(change.error)}" if change.error else ""
        lines = [line for view in change.views(LIMITS) for line in field_lines(view)]
        yield fenced(f"{head}\n", lines) if lines else Part(head, ())
    if report.checks:
        lines = [line for check in report.checks for line in _check_items(check)]
        yield Part("**Checks**\n", tuple(lines), left_out="- … {} more")


def _check_items(check: PastCheck) -> Iterator[str]:
    yield f"- {plain(check.question)}: {plain(check.course)}"
    yield from (f"  - {paragraph(reason)}" for reason in check.reasons)
