"""Past applies in words, as text, as GitHub Flavored Markdown and as one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from rich.console import Console
from rich.text import Text

from assistctl.model.change import Action, FieldDiff, QualifiedKey
from assistctl.model.kind import Kind
from assistctl.rendering import phrases as wording
from assistctl.rendering.field_view import EVERYTHING, FieldView, Limits, view_diff
from assistctl.rendering.html.cards import Anchors, card, failure_text, folded, heading, identifier
from assistctl.rendering.html.fields import fields_table, summary
from assistctl.rendering.html.page import Fact, facts, header, html_page, isolated, section
from assistctl.rendering.markdown.document import Part, document, paragraph
from assistctl.rendering.markdown.escape import code, plain
from assistctl.rendering.markdown.field_lines import LIMITS as MARKDOWN_LIMITS
from assistctl.rendering.markdown.field_lines import fenced
from assistctl.rendering.markdown.field_lines import field_lines as markdown_lines
from assistctl.rendering.text.plan_text import Line, emit, field_lines
from assistctl.rendering.values import label
from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import Masked

_UNRECORDED = "(not on record)"
CUT_OFF = "unknown: it was cut off"
_LIMITS = Limits(rows=8, preview=3)
_OPEN = 12


@dataclass(frozen=True, slots=True)
class PastChange:
    """One operation of a past apply. ``outcome`` and ``error`` are as recorded; ``id`` is that of the thing."""

    kind: Kind
    key: str
    action: Action
    outcome: str
    id: str | None
    error: str | None
    diffs: tuple[FieldDiff, ...]
    unrecorded: frozenset[str]

    @property
    def thing(self) -> str:
        """The key, and the kind if it is not an assistant."""
        return str(QualifiedKey(self.kind, self.key))

    @property
    def went_well(self) -> bool:
        """Whether it was carried out."""
        return self.outcome == "ok"

    def views(self, limits: Limits) -> list[FieldView]:
        """The fields it changed, ready to show."""
        return [_view(diff, self.action, limits, unrecorded=diff.path in self.unrecorded) for diff in self.diffs]


@dataclass(frozen=True, slots=True)
class PastCheck:
    """A check that was asked before a change and after it; ``None`` where it was not."""

    key: str
    index: int
    ask: str
    before: str | None
    after: str | None
    worse: bool
    reasons: tuple[str, ...] = ()

    @property
    def course(self) -> str:
        """How it came out before, and after."""
        return f"{self.before or 'not asked'} → {self.after or 'not asked'}{', worse' if self.worse else ''}"

    @property
    def question(self) -> str:
        """Which check it is: the key, its number from 1, and what is asked, on one line."""
        return f"{self.key} {self.index + 1}. {' '.join(self.ask.split())}"


@dataclass(frozen=True, slots=True)
class PastApplyReport:
    """A past apply: what was run, when and by whom, how it ended, what it did, and which checks it asked.

    ``put_back_by`` is the id of the apply that put back what answered worse after it.
    """

    id: str
    project: str
    target: str
    platform: str
    command: str
    state: str
    started: datetime
    by: str
    changes: tuple[PastChange, ...]
    checks: tuple[PastCheck, ...] = ()
    put_back_by: str | None = None

    @property
    def ending(self) -> str:
        """How it ended, and what came of that."""
        return self.state if self.put_back_by is None else f"{self.state}, put back by {self.put_back_by}"

    @property
    def conclusion(self) -> str:
        """The command, and how it ended."""
        return f"{self.command}: {self.ending}, {self.started:%Y-%m-%d %H:%M:%S} UTC, {self.by}"


def _view(diff: FieldDiff, action: Action, limits: Limits, *, unrecorded: bool) -> FieldView:
    if not unrecorded:
        return view_diff(diff, action, limits)
    view = view_diff(diff, Action.DELETE, limits)
    # Nothing is known of what came, which is not the same as that nothing came.
    if view.size:
        return replace(view, size=f"{view.size.partition(' → ')[0]} → {_UNRECORDED}")
    return replace(view, old=None if diff.old is None else view.old, new=_UNRECORDED)


def print_apply(console: Console, report: PastApplyReport, *, verbose: bool = False) -> None:
    """Prints what was done and to which fields; ``verbose`` all of each."""
    place = f"{label(report.target)} ({label(report.platform)})"
    emit(
        console, [Line(Text(f"{label(report.id)}  {visible(report.command)}  {place}  {visible(report.ending)}"))]
    )
    emit(console, [Line(Text(visible(f"  {report.started:%Y-%m-%d %H:%M:%S} UTC, {report.by}"))), Line()])
    for change in report.changes:
        emit(console, _change_lines(console, change, EVERYTHING if verbose else _LIMITS))
    for check in report.checks:
        emit(console, _check_lines(check))


def _check_lines(check: PastCheck) -> Iterator[Line]:
    yield Line(Text(visible(f"  check   {check.question}  {check.course}")))
    for reason in check.reasons:
        yield Line(Text(visible(reason)), prefix=Text(" " * 6))


def _change_lines(console: Console, change: PastChange, limits: Limits) -> Iterator[Line]:
    told = f"  {change.action:<6}  {change.thing}  {change.outcome}  {change.id or ''}"
    yield Line(Text(visible(told.rstrip())))
    if change.error:
        yield Line(Text(visible(change.error)), prefix=Text(" " * 6))
    yield from field_lines(console, change.views(limits))


def apply_markdown(report: PastApplyReport) -> str:
    """Each change with its fields; failures come first."""
    title = f"{label(report.id)}: {label(report.project)} → {label(report.target)} ({label(report.platform)})"
    first = f"### {plain(title)}\n\n**{plain(report.conclusion)}**"
    return document(first, _markdown_parts(report))


def _markdown_parts(report: PastApplyReport) -> Iterator[Part]:
    for change in sorted(report.changes, key=lambda change: change.went_well):
        head = f"{change.action} {code(change.thing)}: {plain(change.outcome)}"
        head += f"<br>{paragraph(change.error)}" if change.error else ""
        lines = [line for view in change.views(MARKDOWN_LIMITS) for line in markdown_lines(view)]
        yield fenced(f"{head}\n", lines) if lines else Part(head, ())
    if report.checks:
        lines = [line for check in report.checks for line in _check_items(check)]
        yield Part("**Checks**\n", tuple(lines), left_out="- … {} more")


def _check_items(check: PastCheck) -> Iterator[str]:
    yield f"- {plain(check.question)}: {plain(check.course)}"
    yield from (f"  - {paragraph(reason)}" for reason in check.reasons)


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
