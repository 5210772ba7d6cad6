"""What was changed outside, and what is missing, as GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.model.plan import Drift, Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.diff.word_diff import Side
from assistctl.rendering.drift_words import drift_conclusion
from assistctl.rendering.field_view import FieldView, Limits, view_drift
from assistctl.rendering.markdown.document import Block, document
from assistctl.rendering.markdown.escape import code, fence_for, plain

_LIMITS = Limits(rows=40, preview=20)


def drift_markdown(plan: Plan) -> str:
    """The drift in a plan, a block of differences for each thing."""
    first = f"### {plain(wording.heading(plan))}\n\n**{plain(drift_conclusion(plan))}**"
    return document(first, _blocks(plan))


def _blocks(plan: Plan) -> Iterator[Block]:
    if plan.missing:
        lines = [
            f"- {code(wording.thing(one))}: {one.reason}" + (f" ({code(one.id)})" if one.id else "")
            for one in plan.missing
        ]
        yield Block(f"**{wording.MISSING_TITLE}**\n", lines)
    by_name: dict[str, list[Drift]] = {}
    for drift in plan.drift:
        by_name.setdefault(wording.thing(drift), []).append(drift)
    if by_name:
        yield Block(f"**{wording.DRIFT_TITLE}**", ())
    for name, drifts in by_name.items():
        yield _fenced(name, [line for drift in drifts for line in _lines(view_drift(drift, _LIMITS))])


def _fenced(name: str, lines: Sequence[str]) -> Block:
    fence = fence_for(list(lines))
    whole = "\n".join([f"{fence}diff", *lines, fence])
    return Block(code(name), [f"\n{whole}"])


def _lines(view: FieldView) -> Iterator[str]:
    if view.old is not None:
        yield f"- {view.path}: {view.old}"
    if view.new is not None:
        yield f"+ {view.path}: {view.new}"
    if view.size:
        yield f"  {view.path}: {view.size}"
    for row in view.rows:
        sides = {segment.side for segment in row.segments} - {Side.SAME}
        for side, sign in ((Side.OLD, "-"), (Side.NEW, "+")):
            if side in sides:
                kept = (segment.text for segment in row.segments if segment.side in {side, Side.SAME})
                yield f"{sign} {str(row.number or '').rjust(5)} │ {''.join(kept)}".rstrip()
    if view.more:
        yield f"    {wording.more_rows(view)}"
