"""Checks as GitHub Flavored Markdown, for a comment on a pull request or a job's summary."""

from __future__ import annotations

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
    # What did not pass comes first, for where there is not room for all.
    checks = sorted(report.checks, key=lambda one: one.status is CheckStatus.PASSED)
    if checks:
        text += "\n| | assistant | check | |\n| --- | --- | --- | --- |\n"
    shown = [one for one in checks if wording.has_transcript(one, everything=everything)]
    left_out = 0
    for piece in (*map(_row, checks), "\n", *map(_complaints, checks), *map(_details, shown)):
        fits = len(text) + len(piece) <= _LONGEST
        text += piece if fits else ""
        left_out += not fits
    return f"{text}\n_Shortened to fit into a comment: `--format json` has all._\n" if left_out else text


def _row(outcome: CheckOutcome) -> str:
    cells = (outcome.key, cut(wording.title(outcome)), wording.figures(outcome))
    return f"| {_EMOJI[outcome.status]} {outcome.status} | {' | '.join(map(plain, cells))} |\n"


def _complaints(outcome: CheckOutcome) -> str:
    place = plain(f"{outcome.key} {outcome.index + 1}")
    return "".join(f"- {place}: {plain(complaint)}\n" for complaint in wording.complaints(outcome))


def _details(outcome: CheckOutcome) -> str:
    summary = html_code(cut(f"{outcome.key} {wording.title(outcome)}"))
    lines = [
        line
        for part in wording.transcript(outcome.shown)
        for line in (f"{part.label}:", *visible(part.text, multiline=True).split("\n"), "")
    ]
    fence = fence_for(lines)
    body = "\n".join(lines[:-1])
    return f"\n<details><summary>{summary}</summary>\n\n{fence}text\n{body}\n{fence}\n\n</details>\n"
