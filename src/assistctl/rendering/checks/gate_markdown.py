"""Checks of what an apply changed, as parts of its report in GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.rendering.checks import gate_wording, wording
from assistctl.rendering.markdown.budget import Part
from assistctl.rendering.markdown.escape import plain


def gate_parts(report: GateReport | None) -> Iterator[Part]:
    """What the checks came to, and each of them; nothing without a ``report``."""
    if report is None:
        return
    sentences = "  \n".join(plain(sentence) for sentence in gate_wording.conclusion(report))
    lines = tuple(line for check in gate_wording.told(report, everything=True) for line in _check(check))
    yield Part(f"**Checks**\n\n{sentences}\n", lines, left_out="- … {} more")


def _check(check: GatedCheck) -> Iterator[str]:
    sign = gate_wording.SIGNS[check.after.status] if check.after else "-"
    ask = " ".join(check.ask.split())
    yield f"- {sign} {plain(f'{check.key} {check.index + 1}. {ask}')}: {plain(gate_wording.course(check))}"
    for complaint in wording.complaints(check.after) if check.after else ():
        yield f"  - {plain(complaint)}"
