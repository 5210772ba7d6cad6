"""The subjects and outcomes of a gated apply, in words for results and the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from assistctl.errors import AssistctlError, PlatformError
from assistctl.journal import CheckEntry
from assistctl.manifest import Loaded
from assistctl.model.assistant import Desired
from assistctl.model.change import Action, QualifiedKey, Result, Status
from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.model.check_report import CheckStatus
from assistctl.model.kind import RESOURCE_KINDS, SURROUNDINGS, Kind
from assistctl.model.plan import Plan
from assistctl.planning.rosters import naming
from assistctl.platforms.base import Platform

_CHANGED = frozenset({Action.CREATE, Action.UPDATE, Action.ADOPT})


def changed_by(plan: Plan, loaded: Loaded) -> list[Desired]:
    """The declared assistants that ``plan`` changes, themselves or what they search and run in."""
    qualified = {change.qualified_key for change in plan.changes if change.action in _CHANGED}
    return [desired for desired in loaded.desired if qualified & about(desired)]


def about(desired: Desired) -> set[QualifiedKey]:
    """An assistant, the vector store that it searches, and what its conversations have beside it."""
    store = {QualifiedKey(Kind.VECTOR_STORE, desired.store)} if desired.store is not None else set()
    return {QualifiedKey(Kind.ASSISTANT, desired.key), *store, *surroundings_of(desired)}


def surroundings_of(desired: Desired) -> set[QualifiedKey]:
    """The environment and the memory stores that an assistant's manifest names."""
    return {QualifiedKey(use.kind, use.key) for use in desired.uses if use.kind in SURROUNDINGS}


def undone_with(desired: Desired, plan: Plan) -> set[QualifiedKey]:
    """The parts of ``plan`` undone with an assistant. A new environment stays: its manifest names it."""
    stay = {
        change.qualified_key
        for change in plan.changes
        if change.kind in RESOURCE_KINDS and change.action is Action.CREATE
    }
    return about(desired) - stay


def failure(desired: Desired, results: Sequence[Result]) -> str | None:
    """The reason why an assistant is not back as it was; ``None`` when it is."""
    qualified = about(desired)
    failed = [result for result in results if result.qualified_key in qualified and result.status is not Status.OK]
    return (failed[0].error or str(failed[0].status)) if failed else None


def uploads_deleted(plan: Plan, results: Sequence[Result]) -> frozenset[str]:
    """The ids of the uploads that ``plan`` deleted, by its ``results``, which are in its order."""
    return frozenset(
        file_id
        for change, result in zip(plan.changes, results, strict=True)
        if change.file is not None and result.status is Status.OK
        for file_id in change.file.discards
    )


def told(report: GateReport, key: str, failure: str | None) -> AssistctlError:
    """The reason why the change of ``key`` does not stand; ``failure`` says why it could not be put back."""
    places = [str(check.index + 1) for check in report.worse if check.key == key]
    several = len(places) > 1
    worse = (
        f"{'checks' if several else 'check'} {', '.join(places)} passed before it and"
        f" {'fail' if several else 'fails'} now"
    )
    if failure is None:
        return PlatformError(f"it was put back: {worse}")
    return PlatformError(f"{worse}, and it could not be put back: {failure}")


def changed_with(platform: Platform, plan: Plan, loaded: Loaded, keys: frozenset[str]) -> dict[str, str]:
    """The assistants that ``plan`` changes and that pin a version of one of ``keys``, and whom each names."""
    changed = {
        change.key for change in plan.changes if change.kind is Kind.ASSISTANT and change.action is Action.UPDATE
    }
    found = naming(loaded.desired, platform.name, platform.capabilities.roster_entry, keys)
    return {key: named for key, named in found.items() if key in changed}


def told_with(named: str, failure: str | None) -> AssistctlError:
    """The reason why an assistant's change does not stand: it names ``named``, which was put back."""
    if failure is None:
        return PlatformError(f"it was put back with {named}, which it names")
    return PlatformError(f"{named}, which it names, got worse, and it could not be put back: {failure}")


def entry(check: GatedCheck) -> CheckEntry:
    """A check as the journal keeps it."""
    from assistctl.rendering.checks.wording import complaints

    after = check.after
    return CheckEntry(
        check.key,
        check.index,
        check.ask,
        datetime.now(UTC),
        check.before,
        after.status if after else None,
        check.got_worse,
        tuple(complaints(after)) if after and after.status is not CheckStatus.PASSED else (),
    )
