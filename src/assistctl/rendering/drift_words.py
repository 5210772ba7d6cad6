"""The sentence that a report of drift comes to."""

from __future__ import annotations

from assistctl.model.plan import Plan


def drift_conclusion(plan: Plan) -> str:
    """How much was changed outside and how much is missing."""
    fields, missing = len(plan.drift), len(plan.missing)
    if not fields and not missing:
        return "No drift. Nothing was changed outside."
    things = len({(drift.kind, drift.key) for drift in plan.drift})
    told = []
    if fields:
        told.append(f"{_counted(fields, 'field')} of {_counted(things, 'thing')} changed outside")
    if missing:
        told.append(f"{_counted(missing, 'thing')} missing")
    return f"Drift: {', '.join(told)}."


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
