"""Applying: lock, plan, ask, make the changes and put them on record. Prints nothing and asks no terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import TYPE_CHECKING, TypeAlias

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.progress import ProgressListener
from assistctl.errors import JournalError
from assistctl.model.change import Result, Status
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.operations.apply_request import ApplyRequest
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.journal import left_locked, putting_back, told_of_holder
from assistctl.operations.outcome import ApplyOutcome, OperationStatus, status_of
from assistctl.operations.plan import plan_on, replan
from assistctl.operations.saved_plan import SavedPlan
from assistctl.operations.stale_plan import check_still_holds
from assistctl.platforms.base import Platform

if TYPE_CHECKING:
    from assistctl.applying.conflicts import Replan
    from assistctl.applying.duplicates import Uniqueness
    from assistctl.applying.engine import Settled, TakenBack
    from assistctl.journal import Actor, Heading, Holder, Journal, Lock, Record
    from assistctl.operations.check_gate import CheckGate
    from assistctl.operations.put_back import WayBack

Confirm: TypeAlias = Callable[[Plan], "bool | Awaitable[bool]"]
"""Asked whether to make a plan's changes, before anything is changed."""


def _tell_nobody(_: ApplyOutcome) -> None:
    """Nobody waits for the outcome but who called."""


async def apply(
    deployment: Deployment,
    request: ApplyRequest,
    *,
    confirm: Confirm | None = None,
    progress: ProgressListener | None = None,
    cancellation: CancellationToken | None = None,
    report: Callable[[ApplyOutcome], None] = _tell_nobody,
) -> ApplyOutcome:
    """Plan, and make the changes unless the manifests, a safety rule or ``confirm`` say no.

    Without ``confirm`` nobody is asked. After a yes it plans again: what was agreed to is what is done. With a
    shared journal nobody else applies to the target meanwhile. ``report`` is called with the outcome as soon as it
    is known, before the lock is released; what is returned can have one warning more, about that.

    Raises ``LockedError`` when somebody else applies for longer than the request waits, ``RefusedError`` when what
    was reviewed is not what would be done, ``PlatformError`` when the platform cannot be listed and
    ``JournalError`` when what is about to be done cannot be put on record.
    """
    journal = deployment.journal()
    run = _ApplyRun(
        deployment,
        request,
        journal,
        confirm,
        progress or ProgressListener(),
        cancellation or CancellationToken(),
        report,
    )
    if not journal.shared:
        return await run.outcome()
    actor = await _actor(deployment)
    timeout = request.limits.lock_timeout
    async with journal.locked(deployment.target.name, actor, timeout=timeout, waiting=run.waiting) as lock:
        outcome = await run.under(lock).outcome()
    warning = left_locked(lock)
    return replace(outcome, warnings=(*outcome.warnings, warning)) if warning else outcome


@dataclass(frozen=True, slots=True)
class _ApplyRun:
    """One apply on its way. ``alone``: it holds the lock."""

    deployment: Deployment
    request: ApplyRequest
    journal: Journal
    confirm: Confirm | None
    progress: ProgressListener
    cancellation: CancellationToken
    report: Callable[[ApplyOutcome], None]
    alone: bool = False

    def under(self, lock: Lock | None) -> _ApplyRun:
        """The same apply, which stops when ``lock`` is lost."""
        if lock is None:
            return self
        given = self.cancellation.lock_lost
        cancellation = replace(self.cancellation, lock_lost=lambda: lock.lost or given())
        return replace(self, cancellation=cancellation, alone=True)

    def waiting(self, holder: Holder) -> None:
        """Tell that another apply is waited for."""
        self.deployment.told(told_of_holder(holder))

    async def outcome(self) -> ApplyOutcome:
        """Plan, ask, make the changes, report."""
        async with self.deployment.open(self.cancellation.stop) as platform:
            listings = Listings(platform, self.deployment)
            plan = await self._planned(listings)
            status = _not_applicable(plan)
            if status is None and self.confirm is not None:
                # What was agreed to must be what is done, however long the answer took: all is listed anew.
                listings = Listings(platform, self.deployment)
                plan, status = await self._confirmed(self.confirm, listings, plan)
            outcome = ApplyOutcome(plan, status) if status else await self._changed(listings, plan)
            self.report(outcome)
            return outcome

    async def _planned(self, listings: Listings) -> Plan:
        """The plan as it is now. Raises ``RefusedError`` when it is not the one that was reviewed."""
        request, deployment = self.request, self.deployment
        reviewed = request.reviewed
        if reviewed is None:
            # Only who is asked reads why something is missing.
            explains = self.confirm is not None
            return await plan_on(deployment, listings, request.loaded, request.plan_options, explains=explains)
        plan = await plan_on(deployment, listings, request.loaded, reviewed.plan_options)
        check_still_holds(reviewed.plan, plan)
        if request.plan_options == reviewed.plan_options:
            return plan
        # The options of this apply decide what is refused, and nothing else.
        plan = await plan_on(deployment, listings, request.loaded, request.plan_options)
        check_still_holds(reviewed.plan, plan, but_for_rules=True)
        return plan

    async def _confirmed(
        self, confirm: Confirm, listings: Listings, plan: Plan
    ) -> tuple[Plan, OperationStatus | None]:
        answer = confirm(plan)
        if not (await answer if isawaitable(answer) else answer):
            return plan, OperationStatus.DECLINED
        agreed = SavedPlan.of(plan)
        plan = await plan_on(self.deployment, listings, self.request.loaded, self.request.plan_options)
        check_still_holds(agreed, plan)
        return plan, None

    async def _changed(self, listings: Listings, plan: Plan) -> ApplyOutcome:
        """The changes, between the checks of what is changed where those are wanted."""
        platform = listings.platform
        if self.request.check is None:
            return await self._applied(platform, plan, None)
        from assistctl.operations.check_gate import CheckGate

        gate = CheckGate(
            self.deployment, self.request.loaded, self.request.check, self.progress, self.cancellation
        )
        await gate.look_before(listings, plan)
        outcome = await self._applied(platform, plan, gate)
        report = gate.finished()
        unproven = report.is_unproven and outcome.status is OperationStatus.DONE
        return replace(
            outcome,
            status=OperationStatus.PARTIAL if unproven else outcome.status,
            warnings=(*outcome.warnings, *report.warnings),
            checks=report,
        )

    async def _applied(self, platform: Platform, plan: Plan, gate: CheckGate | None) -> ApplyOutcome:
        """The changes, on record. What is there is looked at meanwhile, before the first create."""
        from assistctl.applying.duplicates import looking_ahead

        async with looking_ahead(platform, plan) as unique:
            return await self._recorded(platform, plan, gate, unique)

    async def _recorded(
        self, platform: Platform, plan: Plan, gate: CheckGate | None, unique: Mapping[Kind, Uniqueness]
    ) -> ApplyOutcome:
        from assistctl.rendering.tally import done_summary

        results: Sequence[Result] | None = None
        warnings: tuple[str, ...] = ()
        heading = await self._heading(plan)
        self.progress.started(plan)
        try:
            async with self.journal.apply(heading) as record:
                results = await self._carried_out(platform, plan, record, gate, unique)
                record.shortfall = self._shortfall(results) or _unproven(gate)
                record.done = done_summary(plan, results).by_action()
                record.touched = any(result.touched for result in results)
        except JournalError as error:
            if results is None:
                raise
            warnings = (f"the end of this is not on record: {error.summary}",)
        finally:
            self.progress.ended()
        return ApplyOutcome(plan, status_of(results, interrupted=self._interrupted), tuple(results), warnings)

    async def _heading(self, plan: Plan, command: str | None = None) -> Heading:
        from assistctl.journal import Heading

        return Heading(
            target=self.deployment.journal_target(),
            who=await _actor(self.deployment),
            command=command or self.request.command,
            summary=plan.summary,
        )

    async def _carried_out(
        self,
        platform: Platform,
        plan: Plan,
        record: Record,
        gate: CheckGate | None,
        unique: Mapping[Kind, Uniqueness],
    ) -> Sequence[Result]:
        again = replan(self.deployment, platform, self.request.loaded, self.request.plan_options)
        settled = None if gate is None else self._settled_by(gate, platform, record)
        with self.cancellation.heeded():
            return await self._made(platform, plan, record, again, settled=settled, unique=unique)

    def _settled_by(self, gate: CheckGate, platform: Platform, record: Record) -> Settled:
        """The say that checks have, before anything is deleted."""

        @asynccontextmanager
        async def open_record(plan: Plan) -> AsyncIterator[Record]:
            heading = await self._heading(plan, putting_back(record.id))
            async with self.journal.apply(heading) as back:
                yield back

        async def carry_back(way: WayBack, back: Record) -> Sequence[Result]:
            self.progress.putting_back(way.plan)
            again = replan(self.deployment, platform, way.loaded, way.plan_options, way.unread)
            try:
                return await self._made(platform, way.plan, back, again)
            finally:
                self.progress.put_back()

        async def settled(results: Sequence[Result]) -> TakenBack:
            return await gate.look_after(platform, results, record, (open_record, carry_back))

        return settled

    async def _made(
        self,
        platform: Platform,
        plan: Plan,
        record: Record,
        again: Replan,
        *,
        settled: Settled | None = None,
        unique: Mapping[Kind, Uniqueness] | None = None,
    ) -> Sequence[Result]:
        from assistctl.applying.engine import carry_out
        from assistctl.applying.journaling import JournalRecorder

        return await carry_out(
            plan,
            platform,
            parallelism=self.request.limits.parallelism,
            wait=self.request.limits.wait,
            progress=self.progress,
            cancellation=self.cancellation,
            record=self.deployment.upload_log(),
            replan=again,
            recorder=JournalRecorder(record, platform.capabilities),
            alone=self.alone,
            settled=settled,
            unique=unique,
        )

    def _shortfall(self, results: Sequence[Result]) -> str | None:
        missing = sum(result.status is not Status.OK for result in results)
        if not missing:
            return None
        return "interrupted" if self._interrupted else f"{missing} of {len(results)} changes were not made"

    @property
    def _interrupted(self) -> bool:
        return self.cancellation.stop.is_set()


def _unproven(gate: CheckGate | None) -> str | None:
    """The record's note on an apply whose checks did not come out as they should."""
    if gate is None or not gate.report.is_unproven:
        return None
    number = len(gate.report.worse) + len(gate.report.in_doubt)
    return f"{number} of {len(gate.report.checks)} checks do not hold"


def _not_applicable(plan: Plan) -> OperationStatus | None:
    """The reason why nothing is to be done, if there is one."""
    if plan.errors:
        return OperationStatus.INVALID
    if plan.blocked:
        return OperationStatus.BLOCKED
    return None if plan.changes else OperationStatus.NO_CHANGES


async def _actor(deployment: Deployment) -> Actor:
    from assistctl.journal import current_actor

    return await asyncio.to_thread(current_actor, deployment.project.directory, deployment.project.settings)
