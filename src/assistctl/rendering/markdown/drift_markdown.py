"""Drift, and missing things, as GitHub Flavored Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.model.change import Drift
from assistctl.model.plan import Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.field_view import view_drift
from assistctl.rendering.markdown.budget import Part
from assistctl.rendering.markdown.document import document
from assistctl.rendering.markdown.escape import code, plain
from assistctl.rendering.markdown.field_lines import LIMITS, fenced, field_lines


def drift_markdown(plan: Plan) -> str:
    """The drift in a plan, a block of differences for each thing."""
    first = f"### {plain(wording.heading(plan))}\n\n**{plain(wording.drift_conclusion(plan))}**"
    return document(first, _parts(plan))


def missing(plan: Plan) -> Iterator[Part]:
    """The declared things that are not there; nothing where none is missing."""
    if plan.missing:
        lines = tuple(
            f"- {code(wording.thing(absent))}: {absent.reason}" + (f" ({code(absent.id)})" if absent.id else "")
            for absent in plan.missing
        )
        yield Part(f"**{wording.MISSING_TITLE}**\n", lines, left_out="- … {} more")


def _parts(plan: Plan) -> Iterator[Part]:
    yield from missing(plan)
    by_name: dict[str, list[Drift]] = {}
    for drift in plan.drift:
        by_name.setdefault(wording.thing(drift), []).append(drift)
    if by_name:
        yield Part(f"**{wording.DRIFT_TITLE}**", ())
    for name, drifts in by_name.items():
        lines = [line for drift in drifts for line in field_lines(view_drift(drift, LIMITS))]
        yield fenced(f"{code(name)}\n", lines)
