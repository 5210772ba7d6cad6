"""Checks as GitHub Flavored Markdown, for a comment on a pull request or a job's summary."""

from __future__ import annotations

from collections.abc import Sequence

from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering.checks import wording
from assistctl.rendering.markdown.escape import fence_for, html_code, plain
from assistctl.secrets.escaping import cut, visible

_LONGEST = 60_000
"""Characters: a comment on GitHub takes 65,536."""
_EMOJI = {CheckStatus.PASSED: "✅", CheckStatus.FAILED: "❌", CheckStatus.ERROR: "⚠️"}


def checks_markdown(report: CheckReport, *, everything: bool = False) -> str:
    """The report; with ``everything`` the transcripts of checks that passed as well, as far as there is room."""
    text = f"## {plain(wording.heading(report))}\n\n**{plain(wording.conclusion(report))}**\n"
    text += "".join(f"\n> {plain(warning)}\n" for warning in report.warnings)
    if report.against is not None:
        return _beside(report, text, everything=everything)
    # What did not pass comes first, for where there is not room for all.
    checks = sorted(report.checks, key=lambda one: one.status is CheckStatus.PASSED)
    if checks:
        text += "\n| | assistant | check | |\n| --- | --- | --- | --- |\n"
    shown = [one for one in checks if wording.has_transcript(one, everything=everything)]
    rows = [_row(one, wording.comparison(report, one)) for one in checks]
    return _fitted(text, [*rows, "\n", *map(_complaints, checks), *map(_details, shown)])


def _beside(report: CheckReport, text: str, *, everything: bool) -> str:
    """One table of both targets, and the answers of what did not come out alike."""
    other = report.against
    assert other is not None  # noqa: S101  # whoever calls this has looked
    pairs = sorted(wording.beside(report), key=lambda pair: not wording.differs(*pair))
    text += f"\n| {plain(report.target)} | {plain(other.target)} | assistant | check | |\n"
    text += "| --- | --- | --- | --- | --- |\n"
    rows = [_pair(pair) for pair in pairs]
    told = [
        (outcome, f" on {name}")
        for pair in pairs
        if everything or wording.differs(*pair)
        for name, outcome in zip((report.target, other.target), pair, strict=True)
        if outcome is not None
    ]
    complaints = [_complaints(outcome, where) for outcome, where in told]
    details = [_details(outcome, where) for outcome, where in told if outcome.shown.exchanges]
    return _fitted(text, [*rows, "\n", *complaints, *details])


def _pair(pair: tuple[CheckOutcome | None, CheckOutcome | None]) -> str:
    one = pair[0] or pair[1]
    assert one is not None  # noqa: S101  # there is no pair of nothing
    marks = [f"{_EMOJI[outcome.status]} {outcome.status}" if outcome else "-" for outcome in pair]
    figures = wording.figures_beside(pair)
    cells = (one.key, cut(wording.title(one)), figures)
    return f"| {' | '.join(marks)} | {' | '.join(map(plain, cells))} |\n"


def _fitted(text: str, pieces: Sequence[str]) -> str:
    """``text`` with as many of ``pieces`` as there is room for, and a word where that is not all."""
    left_out = 0
    for piece in pieces:
        fits = len(text) + len(piece) <= _LONGEST
        text += piece if fits else ""
        left_out += not fits
    return f"{text}\n_Shortened to fit into a comment: `--format json` has all._\n" if left_out else text


def _row(outcome: CheckOutcome, comparison: str) -> str:
    figures = "; ".join(filter(None, (wording.figures(outcome), comparison)))
    cells = (outcome.key, cut(wording.title(outcome)), figures)
    return f"| {_EMOJI[outcome.status]} {outcome.status} | {' | '.join(map(plain, cells))} |\n"


def _complaints(outcome: CheckOutcome, where: str = "") -> str:
    place = plain(f"{outcome.key} {outcome.index + 1}{where}")
    return "".join(f"- {place}: {plain(complaint)}\n" for complaint in wording.complaints(outcome))


def _details(outcome: CheckOutcome, where: str = "") -> str:
    summary = html_code(cut(f"{outcome.key} {wording.title(outcome)}") + where)
    lines = [
        line
        for part in wording.transcript(outcome.shown)
        for line in (f"{part.label}:", *visible(part.text, multiline=True).split("\n"), "")
    ]
    fence = fence_for(lines)
    body = "\n".join(lines[:-1])
    return f"\n<details><summary>{summary}</summary>\n\n{fence}text\n{body}\n{fence}\n\n</details>\n"
