"""What a gated apply is about, and what became of it, in words for results and the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from assistctl.errors import AssistctlError, PlatformError
from assistctl.journal import CheckEntry
from assistctl.manifest import Loaded
from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.model.check_report import CheckStatus
from assistctl.model.plan import Action, Desired, Kind, Plan, QualifiedKey, Result, Status

_CHANGED = frozenset({Action.CREATE, Action.UPDATE, Action.ADOPT})


def changed_by(plan: Plan, loaded: Loaded) -> list[Desired]:
    """The declared assistants that ``plan`` changes, themselves or what they search."""
    qualified = {change.qualified_key for change in plan.changes if change.action in _CHANGED}
    return [one for one in loaded.desired if qualified & about(one)]


def about(desired: Desired) -> set[QualifiedKey]:
    """An assistant, and the vector store that it searches."""
    store = {QualifiedKey(Kind.VECTOR_STORE, desired.store)} if desired.store is not None else set()
    return {QualifiedKey(Kind.ASSISTANT, desired.key), *store}


def failure(desired: Desired, results: Sequence[Result]) -> str | None:
    """Why an assistant is not back as it was, ``None`` when it is."""
    qualified = about(desired)
    failed = [one for one in results if one.qualified_key in qualified and one.status is not Status.OK]
    return (failed[0].error or str(failed[0].status)) if failed else None


def told(report: GateReport, key: str, failure: str | None) -> AssistctlError:
    """Why the change of ``key`` does not stand: ``failure`` is why it could not be put back, if so."""
    places = [str(one.index + 1) for one in report.worse if one.key == key]
    several = len(places) > 1
    worse = (
        f"{'checks' if several else 'check'} {', '.join(places)} passed before it and"
        f" {'fail' if several else 'fails'} now"
    )
    if failure is None:
        return PlatformError(f"it was put back: {worse}")
    return PlatformError(f"{worse}, and it could not be put back: {failure}")


def entry(one: GatedCheck) -> CheckEntry:
    """A check as the journal keeps it."""
    from assistctl.rendering.checks.wording import complaints

    after = one.after
    return CheckEntry(
        one.key,
        one.index,
        one.ask,
        datetime.now(UTC),
        one.before,
        after.status if after else None,
        one.got_worse,
        tuple(complaints(after)) if after and after.status is not CheckStatus.PASSED else (),
    )
