"""Checks as GitHub Flavored Markdown, for a comment on a pull request or a job's summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering.checks import wording
from assistctl.rendering.markdown.document import Part, document, shortened, table_head
from assistctl.rendering.markdown.escape import fence_for, html_code, plain
from assistctl.secrets.escaping import cut, visible
from assistctl.secrets.redaction import mask

_EMOJI = {CheckStatus.PASSED: "✅", CheckStatus.FAILED: "❌", CheckStatus.ERROR: "⚠️"}


def checks_markdown(report: CheckReport, *, everything: bool = False) -> str:
    """The report; with ``everything`` the transcripts of checks that passed as well, as far as there is room."""
    first = f"## {plain(wording.heading(report))}\n\n**{plain(wording.conclusion(report))}**"
    first += "".join(f"\n\n> {plain(warning)}" for warning in report.warnings)
    if report.against is not None:
        return document(first, _beside(report, report.against, everything=everything))
    return document(first, _parts(report, everything=everything))


def _parts(report: CheckReport, *, everything: bool) -> Iterator[Part]:
    # What did not pass comes first, for where there is not room for all.
    checks = sorted(report.checks, key=lambda outcome: outcome.status is CheckStatus.PASSED)
    if checks:
        rows = tuple(_row(outcome, wording.comparison(report, outcome)) for outcome in checks)
        yield Part(table_head(("", "assistant", "check", "")), rows, left_out="| | | … {} more | |")
    told = wording.complaints_once(checks)
    yield from _complaints((outcome, "", told[outcome.key, outcome.index]) for outcome in checks)
    yield from (_details(outcome) for outcome in checks if wording.has_transcript(outcome, everything=everything))


def _beside(report: CheckReport, other: CheckReport, *, everything: bool) -> Iterator[Part]:
    """One table of both targets, and the answers of what did not come out alike."""
    pairs = sorted(wording.beside(report), key=lambda pair: not wording.differs(*pair))
    head = table_head((plain(report.target), plain(other.target), "assistant", "check", ""))
    yield Part(head, tuple(map(_pair, pairs)), left_out="| | | | … {} more | |")
    told = [
        (outcome, f" on {name}")
        for pair in pairs
        if everything or wording.differs(*pair)
        for name, outcome in zip((report.target, other.target), pair, strict=True)
        if outcome is not None
    ]
    yield from _complaints((outcome, where, wording.complaints(outcome)) for outcome, where in told)
    yield from (_details(outcome, where) for outcome, where in told if outcome.shown.exchanges)


def _pair(pair: tuple[CheckOutcome | None, CheckOutcome | None]) -> str:
    either = pair[0] or pair[1]
    assert either is not None  # noqa: S101  # there is no pair of nothing
    marks = [f"{_EMOJI[outcome.status]} {outcome.status}" if outcome else "-" for outcome in pair]
    figures = wording.figures_beside(pair)
    cells = (either.key, cut(wording.title(either)), figures)
    return f"| {' | '.join(marks)} | {' | '.join(map(plain, cells))} |"


def _row(outcome: CheckOutcome, comparison: str) -> str:
    figures = "; ".join(filter(None, (wording.figures(outcome), comparison)))
    cells = (outcome.key, cut(wording.title(outcome)), figures)
    return f"| {_EMOJI[outcome.status]} {outcome.status} | {' | '.join(map(plain, cells))} |"


def _complaints(told: Iterable[tuple[CheckOutcome, str, Sequence[str]]]) -> Iterator[Part]:
    lines = [
        f"- {plain(f'{outcome.key} {outcome.index + 1}{where}')}: {plain(complaint)}"
        for outcome, where, complaints in told
        for complaint in complaints
    ]
    if lines:
        yield Part("", tuple(lines), left_out="- … {} more")


def _details(outcome: CheckOutcome, where: str = "") -> Part:
    summary = html_code(cut(f"{outcome.key} {wording.title(outcome)}") + where)
    lines = [
        shortened(line)
        for part in wording.transcript(outcome.shown)
        # Masked as a whole, because a secret may go over several lines, some of which may be left out.
        for line in (f"{part.label}:", *visible(mask(part.text), multiline=True).split("\n"), "")
    ][:-1]
    fence = fence_for(lines)
    head = f"<details><summary>{summary}</summary>\n\n{fence}text"
    return Part(head, tuple(lines), f"{fence}\n\n</details>")
