"""Checks as one HTML page that stands alone, as safe as that of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering.checks import wording
from assistctl.rendering.html.cards import card, folded, heading
from assistctl.rendering.html.page import Count, as_text, header, html_page, isolated, joined, section
from assistctl.rendering.values import label
from assistctl.secrets.redaction import Masked

# The style sheet's tones: green, red, amber.
_TONES = {CheckStatus.PASSED: "create", CheckStatus.FAILED: "delete", CheckStatus.ERROR: "update"}


def checks_html(report: CheckReport, *, everything: bool = False) -> Masked:
    """The report as a whole page; with ``everything`` passed checks have their transcripts as well."""
    return html_page(f"Checks: {wording.conclusion(report)}", _sections(report, everything=everything))


def _sections(report: CheckReport, *, everything: bool) -> Iterator[str]:
    yield _header(report)
    yield joined(f'<div class="card warning message">{as_text(warning)}</div>' for warning in report.warnings)
    if report.against is not None:
        yield section("Both", [_pair(report, pair) for pair in wording.beside(report)])
        return
    for key, outcomes in wording.by_assistant(report).items():
        cards = [
            _card(outcome, wording.comparison(report, outcome), everything=everything) for outcome in outcomes
        ]
        yield section(key, cards)


def _header(report: CheckReport) -> str:
    counts = [
        Count(_TONES[status], report.count(status), words)
        for status, words in (
            (CheckStatus.PASSED, "passed"),
            (CheckStatus.FAILED, "failed"),
            (CheckStatus.ERROR, "errors"),
        )
    ]
    where = f"{report.target} / {report.against.target}" if report.against else report.target
    about = f"Checks on {label(report.platform)}"
    return header(about, report.project, where, wording.conclusion(report), counts)


def _pair(report: CheckReport, pair: tuple[CheckOutcome | None, CheckOutcome | None]) -> str:
    """One check on both targets: a card that unfolds to both answers."""
    either = pair[0] or pair[1]
    assert either is not None and report.against is not None  # noqa: S101, PT018  # there is no pair of nothing
    names = (report.target, report.against.target)
    statuses = " / ".join(
        f"{name}: {outcome.status if outcome else '-'}" for name, outcome in zip(names, pair, strict=True)
    )
    worst = next((outcome for outcome in pair if outcome and outcome.status is not CheckStatus.PASSED), either)
    name = f"{either.key} {wording.title(either)}"
    head = heading(wording.SIGNS[worst.status], name, _course(statuses, wording.figures_beside(pair)))
    rows = [
        row
        for target, outcome in zip(names, pair, strict=True)
        if outcome is not None
        for row in (_row("on", [target]), *_rows(outcome, everything=True))
    ]
    unfold = wording.differs(*pair)
    return card(_TONES[worst.status], head, folded("both answers", _table(rows), unfold=unfold))


def _card(outcome: CheckOutcome, comparison: str, *, everything: bool) -> str:
    figures = "; ".join(filter(None, (wording.figures(outcome), comparison)))
    head = heading(wording.SIGNS[outcome.status], wording.title(outcome), _course(str(outcome.status), figures))
    rows = [*_rows(outcome, everything=everything)]
    unfold = outcome.status is not CheckStatus.PASSED
    body = folded("details", _table(rows), unfold=unfold) if rows else ""
    return card(_TONES[outcome.status], head, body)


def _course(status: str, figures: str) -> str:
    return f'<span class="action">{isolated(status)}</span> <span class="reason">{as_text(figures)}</span>'


def _table(rows: Sequence[str]) -> str:
    return f'<table class="fields"><tbody>{joined(rows)}</tbody></table>'


def _rows(outcome: CheckOutcome, *, everything: bool) -> Iterator[str]:
    for complaint in wording.complaints(outcome):
        yield _row("why", [complaint])
    if wording.has_transcript(outcome, everything=everything):
        for part in wording.transcript(outcome.shown):
            yield _row(part.label, part.text.split("\n"))


def _row(name: str, lines: Sequence[str]) -> str:
    words = joined(f'<div class="words">{as_text(line) or "&nbsp;"}</div>' for line in lines)
    return f'<tr><th scope="row">{name}</th><td>{words}</td></tr>'
