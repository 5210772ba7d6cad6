"""What the platform answered against what was sent, value by value."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.model import Observed, Request
from assistctl.planning.canonical import canonical_units, default_of, same
from assistctl.planning.paths import dotted


def not_kept(request: Request, answer: Observed, unreported: frozenset[str]) -> tuple[str, ...]:
    """The paths of what was sent and is not in the answer; values are told apart as the planner does it.

    ``unreported`` fields that are missing from the answer cannot be judged, and are left out.
    """
    return tuple(_lost(request, answer, unreported))


def _lost(request: Request, answer: Observed, unreported: frozenset[str]) -> Iterator[str]:
    kept = canonical_units(answer.fields, dict(answer.metadata))
    for unit, value in canonical_units(request.fields, dict(request.metadata)).items():
        if unit not in kept and unit[0] in unreported:
            continue
        if not same(value, kept.get(unit, default_of(unit))):
            yield dotted(unit)
    yield from (
        f"metadata.{pair} (which should be gone)" for pair in sorted(request.removed & answer.metadata.keys())
    )
