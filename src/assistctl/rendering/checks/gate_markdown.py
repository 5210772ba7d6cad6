"""Checks of what an apply changed, as blocks of its report in GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.rendering.checks import gate_wording, wording
from assistctl.rendering.markdown.document import Block
from assistctl.rendering.markdown.escape import plain


def gate_blocks(report: GateReport | None) -> Iterator[Block]:
    """What the checks came to, and each of them; nothing without a ``report``."""
    if report is None:
        return
    sentences = "  \n".join(plain(sentence) for sentence in gate_wording.conclusion(report))
    lines = [line for check in gate_wording.told(report, everything=True) for line in _check(check)]
    yield Block(f"**Checks**\n\n{sentences}\n", lines)


def _check(check: GatedCheck) -> Iterator[str]:
    sign = gate_wording.SIGNS[check.after.status] if check.after else "-"
    ask = " ".join(check.ask.split())
    yield f"- {sign} {plain(f'{check.key} {check.index + 1}. {ask}')}: {plain(gate_wording.course(check))}"
    for complaint in wording.complaints(check.after) if check.after else ():
        yield f"  - {plain(complaint)}"
