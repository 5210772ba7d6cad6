"""Checks as one HTML page that stands alone, as safe as that of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering.checks import wording
from assistctl.rendering.html.page import as_text, html_page, isolated, joined, section
from assistctl.secrets.redaction import Masked

# The style sheet's tones: green, red, amber.
_TONES = {CheckStatus.PASSED: "create", CheckStatus.FAILED: "delete", CheckStatus.ERROR: "update"}


def checks_html(report: CheckReport, *, everything: bool = False) -> Masked:
    """The report as a whole page; with ``everything`` passed checks have their transcripts as well."""
    sections = [_header(report)]
    if report.against is not None:
        sections.append(section("Both", [_pair(report, pair) for pair in wording.beside(report)]))
        return html_page(f"Checks: {wording.conclusion(report)}", sections)
    for key, outcomes in wording.by_assistant(report).items():
        sections.append(
            section(
                key,
                [
                    _card(outcome, wording.comparison(report, outcome), everything=everything)
                    for outcome in outcomes
                ],
            )
        )
    return html_page(f"Checks: {wording.conclusion(report)}", sections)


def _header(report: CheckReport) -> str:
    counts = joined(
        f'<li class="{_TONES[status] if number else "none"}"><strong>{number:,}</strong><span>{words}</span></li>'
        for status, words in (
            (CheckStatus.PASSED, "passed"),
            (CheckStatus.FAILED, "failed"),
            (CheckStatus.ERROR, "errors"),
        )
        for number in (report.count(status),)
    )
    return f"""<header>
<p>Checks on {isolated(report.platform)}</p>
<h1>{isolated(report.project)} <span class="arrow">→</span> {isolated(report.target)}{_against(report)}</h1>
<p class="conclusion">{as_text(wording.conclusion(report))}</p>
{joined(f"<p>{as_text(warning)}</p>" for warning in report.warnings)}
<ul class="counts">{counts}</ul>
</header>"""


def _against(report: CheckReport) -> str:
    return f" / {isolated(report.against.target)}" if report.against else ""


def _pair(report: CheckReport, pair: tuple[CheckOutcome | None, CheckOutcome | None]) -> str:
    """One check on both targets: a row of the one table, which unfolds to both answers."""
    either = pair[0] or pair[1]
    assert either is not None and report.against is not None  # noqa: S101, PT018  # there is no pair of nothing
    names = (report.target, report.against.target)
    statuses = " / ".join(
        f"{name}: {outcome.status if outcome else '-'}" for name, outcome in zip(names, pair, strict=True)
    )
    figures = wording.figures_beside(pair)
    worst = next((it for it in pair if it and it.status is not CheckStatus.PASSED), either)
    head = (
        f'<span class="sign">{wording.SIGNS[worst.status]}</span>'
        f'<span class="key">{isolated(f"{either.key} {wording.title(either)}")}</span>'
        f'<span class="action">{isolated(statuses)}</span>'
        f'<span class="reason">{as_text(figures)}</span>'
    )
    rows = [
        row
        for name, outcome in zip(names, pair, strict=True)
        if outcome is not None
        for row in (_row("on", [name]), *_rows(outcome, everything=True))
    ]
    is_open = " open" if wording.differs(*pair) else ""
    return (
        f'<details class="card {_TONES[worst.status]}"{is_open}><summary>{head}</summary>'
        f'<table class="fields"><tbody>{joined(rows)}</tbody></table></details>'
    )


def _card(outcome: CheckOutcome, comparison: str, *, everything: bool) -> str:
    head = (
        f'<span class="sign">{wording.SIGNS[outcome.status]}</span>'
        f'<span class="key">{isolated(wording.title(outcome))}</span>'
        f'<span class="action">{outcome.status}</span>'
        f'<span class="reason">{as_text("; ".join(filter(None, (wording.figures(outcome), comparison))))}</span>'
    )
    tone = _TONES[outcome.status]
    rows = [*_rows(outcome, everything=everything)]
    if not rows:
        return f'<div class="card {tone}"><div class="head">{head}</div></div>'
    is_open = "" if outcome.status is CheckStatus.PASSED else " open"
    return (
        f'<details class="card {tone}"{is_open}><summary>{head}</summary>'
        f'<table class="fields"><tbody>{joined(rows)}</tbody></table></details>'
    )


def _rows(outcome: CheckOutcome, *, everything: bool) -> Iterator[str]:
    for complaint in wording.complaints(outcome):
        yield _row("why", [complaint])
    if wording.has_transcript(outcome, everything=everything):
        for part in wording.transcript(outcome.shown):
            yield _row(part.label, part.text.split("\n"))


def _row(label: str, lines: Sequence[str]) -> str:
    words = joined(f'<div class="words">{as_text(line) or "&nbsp;"}</div>' for line in lines)
    return f'<tr><th scope="row">{label}</th><td>{words}</td></tr>'
