"""From a plan to its results, for every command that changes something: check, ask, do, tell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistctl.cli.apply_options import ApplyOptions
from assistctl.cli.plan_output import has_errors, print_plan, print_results, print_warnings
from assistctl.cli.progress_bars import show_progress
from assistctl.cli.signals import stopping
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode, JournalError
from assistctl.manifest import Loaded
from assistctl.model.plan import Plan, Result, Status
from assistctl.operations.deployment import Deployment
from assistctl.operations.saved_plan import SavedPlan, check_still_holds
from assistctl.planning.options import PlanOptions
from assistctl.platforms.base import Platform

if TYPE_CHECKING:
    from assistctl.journal import Actor, Holder, Journal, Lock, Record

# A refusal names so many keys; the plan has them all.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A plan that was saved, and the policy it was made with."""

    plan: SavedPlan
    plan_options: PlanOptions


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What to carry out, and how; no more and no less than what was ``reviewed``, if anything was."""

    loaded: Loaded
    plan_options: PlanOptions
    apply_options: ApplyOptions
    reviewed: Reviewed | None = None
    command: str = "apply"


async def carry_out_request(terminal: Terminal, deployment: Deployment, apply_request: ApplyRequest) -> int:
    """Plan, and make the changes unless a rule, a stale plan or the person says no; the exit code.

    With a shared journal nobody else applies to the target meanwhile. Raises ``LockedError`` when somebody does
    for longer than the order waits.
    """
    journal = deployment.journal()
    if not journal.shared:
        return await _Carrying(terminal, deployment, apply_request, journal).out()
    who = await _who(deployment)
    target = deployment.target.name
    async with journal.locked(
        target, who, timeout=apply_request.apply_options.lock_timeout, waiting=_waiting(terminal)
    ) as lock:
        code = await _Carrying(terminal, deployment, apply_request, journal, lock).out()
    if lock is not None and lock.left_behind is not None:
        terminal.complain(f"warning: the lock {lock.id} was not released: {lock.left_behind.summary}")
    return code


@dataclass(slots=True)
class _Carrying:
    """One order on its way. ``lock`` is held, where there is one."""

    terminal: Terminal
    deployment: Deployment
    apply_request: ApplyRequest
    journal: Journal
    lock: Lock | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    cut_off: asyncio.Event = field(default_factory=asyncio.Event)

    async def out(self) -> int:
        """Plan, ask, do, tell."""
        terminal, deployment, apply_request = self.terminal, self.deployment, self.apply_request
        async with deployment.open(self.stop) as platform:
            plan = await self._planned(platform)
            refusal = _refusal(terminal, plan, apply_request)
            if refusal is not None:
                return refusal
            if not apply_request.apply_options.yes:
                # Where the results are for a script, the question and what it is about go to the person.
                print_plan(terminal, plan, "text", to_messages=apply_request.apply_options.output_format == "json")
                if not terminal.ask(f"Make these changes on {plan.target.name}?"):
                    terminal.complain("Nothing was changed.")
                    return ExitCode.REFUSED
                # What was agreed to must be what is done, however long the answer took.
                agreed = SavedPlan.of(plan)
                plan = await deployment.plan_on(platform, apply_request.loaded, apply_request.plan_options)
                check_still_holds(agreed, plan)
            return await self._done(platform, plan)

    async def _planned(self, platform: Platform) -> Plan:
        """What would be done now. Raises ``RefusedError`` when that is not what was reviewed."""
        apply_request, plan_on = self.apply_request, self.deployment.plan_on
        reviewed = apply_request.reviewed
        if reviewed is None:
            return await plan_on(
                platform,
                apply_request.loaded,
                apply_request.plan_options,
                explains=not apply_request.apply_options.yes,
            )
        plan = await plan_on(platform, apply_request.loaded, reviewed.plan_options)
        check_still_holds(reviewed.plan, plan)
        if apply_request.plan_options == reviewed.plan_options:
            return plan
        # The words of this command line decide what is refused, and nothing else.
        plan = await plan_on(platform, apply_request.loaded, apply_request.plan_options)
        check_still_holds(reviewed.plan, plan, but_for_rules=True)
        return plan

    async def _done(self, platform: Platform, plan: Plan) -> int:
        from assistctl.journal import Heading
        from assistctl.rendering.tally import done_summary

        heading = Heading(
            target=self.deployment.journal_target(),
            who=await _who(self.deployment),
            command=self.apply_request.command,
            summary=plan.summary,
        )
        results: Sequence[Result] | None = None
        self.terminal.changes = True
        try:
            async with self.journal.apply(heading) as record:
                results = await self._carried_out(platform, plan, record)
                record.shortfall = self._shortfall(results)
                record.done = done_summary(plan, results).by_action()
                record.touched = any(result.touched for result in results)
        except JournalError as error:
            if results is None:
                raise
            self.terminal.complain(f"warning: the end of this is not on record: {error.summary}")
        if self.apply_request.apply_options.yes and self.apply_request.apply_options.output_format == "text":
            print_warnings(self.terminal, plan)
        print_results(self.terminal, plan, results, self.apply_request.apply_options.output_format)
        return _exit_code(results, interrupted=self.stop.is_set())

    async def _carried_out(self, platform: Platform, plan: Plan, record: Record) -> Sequence[Result]:
        from assistctl.applying.cancellation import CancellationToken
        from assistctl.applying.engine import carry_out
        from assistctl.applying.journaling import JournalRecorder

        terminal, deployment, apply_request = self.terminal, self.deployment, self.apply_request
        with show_progress(terminal, plan) as progress, stopping(terminal, self.stop, self.cut_off):
            return await carry_out(
                plan,
                platform,
                parallelism=apply_request.apply_options.parallelism,
                wait=apply_request.apply_options.wait,
                progress=progress,
                cancellation=CancellationToken(self.stop, self._lock_is_lost, self.cut_off),
                record=deployment.upload_log(),
                replan=deployment.replan(platform, apply_request.loaded, apply_request.plan_options),
                recorder=JournalRecorder(record),
                alone=self.lock is not None,
            )

    def _shortfall(self, results: Sequence[Result]) -> str | None:
        missing = sum(result.status is not Status.OK for result in results)
        if not missing:
            return None
        return "interrupted" if self.stop.is_set() else f"{missing} of {len(results)} changes were not made"

    def _lock_is_lost(self) -> bool:
        return self.lock is not None and self.lock.lost


async def _who(deployment: Deployment) -> Actor:
    from assistctl.journal import current_actor

    return await asyncio.to_thread(current_actor, deployment.project.directory, deployment.project.settings)


def _waiting(terminal: Terminal) -> Callable[[Holder], None]:
    return lambda holder: terminal.say(f"waiting for another apply to end: {holder}")


def _refusal(terminal: Terminal, plan: Plan, apply_request: ApplyRequest) -> int | None:
    """Why nothing is to be done, if so: the plan is printed, and the exit code returned."""
    if (
        plan.changes
        and not plan.blocked
        and not has_errors(plan)
        and (apply_request.apply_options.yes or terminal.is_interactive)
    ):
        return None
    if apply_request.apply_options.output_format == "json" and not plan.changes and not has_errors(plan):
        print_results(terminal, plan, (), "json")
        return ExitCode.OK
    print_plan(terminal, plan, apply_request.apply_options.output_format)
    if has_errors(plan):
        terminal.complain("error: nothing was changed: the plan has errors")
        return ExitCode.ERROR
    if plan.blocked:
        keys = list(dict.fromkeys(str(change.qualified_key) for change in plan.blocked))
        more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
        named = ", ".join(keys[:_NAMED]) + more
        terminal.complain(f"refused: nothing was changed, because of {named}; the plan says why and how to pass")
        return ExitCode.REFUSED
    if not plan.changes:
        return ExitCode.OK
    terminal.complain("refused: nothing was changed, because there is no terminal to ask on; pass --yes")
    return ExitCode.REFUSED


def _exit_code(results: Sequence[Result], *, interrupted: bool) -> int:
    if all(result.status is Status.OK for result in results):
        return ExitCode.OK
    if any(result.touched for result in results):
        return ExitCode.PARTIAL
    return ExitCode.INTERRUPTED if interrupted else ExitCode.ERROR
