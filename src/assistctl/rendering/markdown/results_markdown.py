"""What an apply did, as GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.model.check_gate import GateReport
from assistctl.model.plan import Plan, Result, Status
from assistctl.rendering import phrases as wording
from assistctl.rendering.checks.gate_markdown import gate_blocks
from assistctl.rendering.field_view import label
from assistctl.rendering.markdown.document import Block, document, paragraph, table_head
from assistctl.rendering.markdown.escape import code, code_cell, plain
from assistctl.rendering.result_words import said, tried

_FILES = 50
_STATUS = {Status.OK: "✅", Status.FAILED: "❌", Status.SKIPPED: "⏭️"}


def results_markdown(plan: Plan, results: Sequence[Result], gate: GateReport | None = None) -> str:
    """The outcome, and the checks of what was changed where they were asked.

    What failed is told first, in case there is not room for all, and why at the end.
    """
    first = f"### {plain(wording.heading(plan))}\n\n**{plain(wording.done(plan, results))}**"
    return document(first, [*_blocks(results), *gate_blocks(gate)])


def _blocks(results: Sequence[Result]) -> Iterator[Block]:
    told, hidden = wording.told_results(results, _FILES)
    failed = [result for result in results if result.status is Status.FAILED]
    others = [result for result in told if result.status is not Status.FAILED]
    rows = [_row(result) for result in (*failed, *others)]
    if hidden:
        rows.append(f"| | {plain(wording.more_files(hidden))} | | |")
    why = Block("**Failed**\n", [f"- {code(tried(one))}: {paragraph(one.error)}" for one in failed])
    if rows:
        head = table_head(("", "What", "Outcome", "Id"))
        listed = Block(head, rows, left_out="| | … {} more | | |")
        # The reasons are last to be read, and not the first to give way.
        yield Block(listed.within(_ROOM_FOR_ROWS if failed else _ROOM), ())
    if failed:
        yield why


_ROOM, _ROOM_FOR_ROWS = 64_000, 30_000


def _row(result: Result) -> str:
    identifier = code_cell(label(result.id)) if result.id else ""
    return f"| {_STATUS[result.status]} | {code_cell(wording.thing(result))} | {said(result)} | {identifier} |"
