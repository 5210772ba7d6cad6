"""A past apply as one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.rendering import phrases as wording
from assistctl.rendering.field_view import EVERYTHING
from assistctl.rendering.history.wording import PastApplyReport, PastChange, PastCheck
from assistctl.rendering.html.cards import Anchors, card, failure_text, folded, heading, identifier
from assistctl.rendering.html.fields import fields_table, summary
from assistctl.rendering.html.page import Fact, facts, header, html_page, isolated, section
from assistctl.rendering.values import label
from assistctl.secrets.redaction import Masked

_OPEN = 12


def apply_html(report: PastApplyReport) -> Masked:
    """Each change with its fields in full."""
    return html_page(f"Apply {report.id}", _sections(report))


def _sections(report: PastApplyReport) -> Iterator[str]:
    about = f"Past apply on {label(report.platform)}"
    yield header(about, report.project, report.target, report.conclusion)
    yield facts([Fact("Id", report.id, is_code=True), Fact("By", report.by)])
    anchors, unfold = Anchors(), len(report.changes) <= _OPEN
    cards = [
        _change_card(change, anchors.name(str(change.kind), change.key), unfold=unfold)
        for change in report.changes
    ]
    yield section("Changes", cards)
    yield section("Checks", [_check_card(check) for check in report.checks])


def _check_card(check: PastCheck) -> str:
    tone = "delete" if check.worse else "update"
    reasons = "".join(failure_text(reason) for reason in check.reasons)
    return card(tone, heading("✗" if check.worse else "·", check.question, isolated(check.course)), reasons)


def _change_card(change: PastChange, anchor: str, *, unfold: bool) -> str:
    outcome = f'<span class="reason">{isolated(change.outcome)}</span>'
    rest = f'<span class="action">{change.action}</span> {outcome} {identifier(change.id)}'
    views = change.views(EVERYTHING)
    body = folded(summary(views), fields_table(views), unfold=unfold) if views else ""
    tone = change.action if change.went_well else "error"
    head = heading(wording.SIGNS[change.action], change.thing, rest, anchor)
    return card(str(tone), head, failure_text(change.error) + body, anchor=anchor)
