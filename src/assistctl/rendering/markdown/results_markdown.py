"""The results of an apply, as GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.diagnostics import Diagnostic
from assistctl.model.change import Result, Status
from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.model.plan import Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.checks import gate_wording
from assistctl.rendering.checks import wording as checks_wording
from assistctl.rendering.markdown.document import Part, document, paragraph, table_head
from assistctl.rendering.markdown.escape import code, code_cell, plain
from assistctl.rendering.markdown.messages_markdown import messages
from assistctl.rendering.result_phrases import done, said, told_results, tried
from assistctl.rendering.shared_reasons import grouped_in_lines
from assistctl.rendering.values import label

_FILES = 50
_STATUS = {Status.OK: "✅", Status.FAILED: "❌", Status.SKIPPED: "⏭️"}


def results_markdown(
    plan: Plan,
    results: Sequence[Result],
    gate: GateReport | None = None,
    warnings: Sequence[Diagnostic] = (),
) -> str:
    """The outcome, the checks of what was changed where they were asked, and other warnings.

    What failed is told first, in case there is not room for all, and why at the end.
    """
    first = f"### {plain(wording.heading(plan))}\n\n**{plain(done(plan, results))}**"
    beside = [messages("**Warnings**\n", warnings)] if warnings else []
    return document(first, [*_parts(results), *_gate_parts(gate), *beside])


def _parts(results: Sequence[Result]) -> Iterator[Part]:
    told, hidden = told_results(results, _FILES)
    failed = [result for result in results if result.status is Status.FAILED]
    others = [result for result in told if result.status is not Status.FAILED]
    rows = [_row(result) for result in (*failed, *others)]
    if hidden:
        rows.append(f"| | {plain(wording.more_files(hidden))} | | |")
    if rows:
        yield Part(table_head(("", "What", "Outcome", "Id")), tuple(rows), left_out="| | … {} more | | |")
    if failed:
        reasons = grouped_in_lines(failed, lambda result: result.error or "", tried)
        why = tuple(f"- {', '.join(map(code, names))}: {paragraph(reason)}" for names, reason in reasons)
        yield Part("**Failed**\n", why, left_out="- … {} more")


def _row(result: Result) -> str:
    identifier = code_cell(label(result.id)) if result.id else ""
    return f"| {_STATUS[result.status]} | {code_cell(wording.thing(result))} | {said(result)} | {identifier} |"


def _gate_parts(report: GateReport | None) -> Iterator[Part]:
    """The conclusion of the checks, and each of them; nothing without a ``report``."""
    if report is None:
        return
    sentences = "  \n".join(plain(sentence) for sentence in gate_wording.conclusion(report))
    lines = tuple(line for check in gate_wording.told(report, everything=True) for line in _check(check))
    yield Part(f"**Checks**\n\n{sentences}\n", lines, left_out="- … {} more")


def _check(check: GatedCheck) -> Iterator[str]:
    sign = gate_wording.SIGNS[check.after.status] if check.after else "-"
    ask = " ".join(check.ask.split())
    yield f"- {sign} {plain(f'{check.key} {check.index + 1}. {ask}')}: {plain(gate_wording.course(check))}"
    for complaint in checks_wording.complaints(check.after) if check.after else ():
        yield f"  - {plain(complaint)}"
