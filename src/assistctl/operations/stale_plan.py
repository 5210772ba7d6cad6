"""Whether a plan that was reviewed still is what apply would do.

It is compared in all that people read, and in a digest of all that would be sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from assistctl.diagnostics import Severity
from assistctl.errors import RefusedError
from assistctl.json_value import Json
from assistctl.model.change import Missing, QualifiedKey
from assistctl.model.document_parts import change_part
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, plan_document, read_seen
from assistctl.operations.saved_plan import SavedPlan
from assistctl.secrets.redaction import masked

_PLAN_AGAIN = "Nothing was changed. Plan again, and review what is new."


def check_still_holds(saved: SavedPlan, plan: Plan, *, but_for_rules: bool = False) -> None:
    """Raise ``RefusedError``, naming what moved, unless ``plan`` is what was saved.

    With ``but_for_rules``, only what would be sent is compared, and not what rules have to say of it.
    """
    then = saved.shown
    if (then.project, then.target.name) != (plan.project, plan.target.name):
        raise RefusedError(
            f"the plan was made for project {then.project}, target {then.target.name}, "
            f"and this is project {plan.project}, target {plan.target.name}"
        )
    moved = sorted(set(_moved(then.seen, plan.seen)))
    if moved:
        raise RefusedError(
            f"the plan is stale: the platform changed since it was made: {'; '.join(moved)}", _PLAN_AGAIN
        )
    if then.fingerprint != plan.fingerprint:
        # All that it is of beside what was seen: where that was.
        place = f", {saved.made.address}" if saved.made is not None and saved.made.address else ""
        raise RefusedError(
            f"the plan is stale: the target {plan.target.name} had another platform or address when it was made"
            f" ({then.target.platform}{place})",
            _PLAN_AGAIN,
        )
    now = SavedPlan.of(plan)
    _check_requests(saved, now)
    differing = [] if but_for_rules else sorted(_differing(then, now.shown))
    if differing:
        raise RefusedError(
            f"the saved plan does not show what would be done: its {', '.join(differing)} would be different",
            "It was edited, or saved by another version of assistctl. Plan again, and review that.",
        )


def _check_requests(saved: SavedPlan, now: SavedPlan) -> None:
    keys = {**saved.keys, **now.keys}
    differing = sorted({keys[name] for name, _ in {*now.requests.items()} ^ {*saved.requests.items()}})
    if differing:
        raise RefusedError(
            f"the plan is stale: the manifests or variables of {', '.join(differing)} are not what was planned",
            _PLAN_AGAIN,
        )


def _differing(then: Plan, now: Plan) -> Iterator[str]:
    """The parts of a plan's document that are not the same, but for what is known to be secret only by now."""
    before, after = plan_document(then), plan_document(now)
    before["diagnostics"], after["diagnostics"] = _stable(then), _stable(now)
    before["changes"], after["changes"] = _without_places(then), _without_places(now)
    before["missing"], after["missing"] = _absent(then.missing), _absent(now.missing)
    for name, part in after.items():
        if masked(before.get(name)) != masked(part):
            yield name


def _without_places(plan: Plan) -> list[Json]:
    """The changes without the lines that declare them, which a comment moves."""
    return [
        change_part(replace(change, position=None, diffs=tuple(replace(d, position=None) for d in change.diffs)))
        for change in plan.changes
    ]


def _absent(missing: Iterable[Missing]) -> list[Json]:
    """The missing things without the reason, which is from the journal: another machine may not have that."""
    return [[str(thing.kind), thing.key] for thing in missing]


def _stable(plan: Plan) -> list[Json]:
    """The messages that are the same whenever they are made, without their lines, which a comment moves.

    A warning about a model is not: models retire by the calendar, and come and go on the platform. Nor is their
    order, which is that of the lines.
    """
    messages: list[list[Json]] = [
        [
            str(diagnostic.severity),
            diagnostic.key,
            diagnostic.position.file if diagnostic.position else None,
            diagnostic.path,
            diagnostic.summary,
            diagnostic.detail,
        ]
        for diagnostic in plan.diagnostics
        if (diagnostic.severity, diagnostic.path) != (Severity.WARNING, "model")
    ]
    return [*sorted(messages, key=str)]


def _moved(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in {*then, *now}:
        thing = read_seen(name)
        about = f"{QualifiedKey(Kind(thing.kind), thing.key)} ({thing.id})"
        if thing.kind == Kind.FILE:
            if then.get(name) != now.get(name):
                yield f"what others read of {thing.key} ({thing.id}) was changed"
        elif name not in now:
            yield f"{about} is gone"
        elif name not in then:
            yield f"{about} is new"
        elif then[name] != now[name]:
            yield f"{about} was changed"
