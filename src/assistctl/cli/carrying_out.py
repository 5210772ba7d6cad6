"""From a plan to its results, for every command that changes something: check, ask, do, tell."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistctl.cli.progress import watching
from assistctl.cli.showing import has_errors, print_plan, print_results
from assistctl.cli.terminal import Terminal
from assistctl.deployment import Deployment
from assistctl.errors import ExitCode
from assistctl.manifest import Loaded
from assistctl.model import Plan, Result, Status
from assistctl.planfile import SavedPlan, check_still_holds
from assistctl.planning.policy import Policy
from assistctl.platforms.base import Platform

DEFAULT_WAIT = 600.0
"""How long files may take to be indexed, in seconds."""

# A refusal names so many keys; the plan has them all.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Order:
    """What to carry out, and how."""

    loaded: Loaded
    policy: Policy
    yes: bool
    parallelism: int
    output_format: str
    saved: SavedPlan | None = None
    wait: float = DEFAULT_WAIT


async def carry_out_order(terminal: Terminal, deployment: Deployment, order: Order) -> int:
    """Plan, and make the changes unless a rule, a stale plan or the person says no; the exit code."""
    stop = asyncio.Event()
    async with deployment.open(stop) as platform:
        plan = await deployment.plan_on(platform, order.loaded, order.policy)
        if order.saved is not None:
            check_still_holds(order.saved, plan)
        refusal = _refusal(terminal, plan, order)
        if refusal is not None:
            return refusal
        if not order.yes:
            # Where the results are for a script, the question and what it is about go to the person.
            print_plan(terminal, plan, "text", to_messages=order.output_format == "json")
            if not terminal.ask(f"Make these changes on {plan.target.name}?"):
                terminal.complain("Nothing was changed.")
                return ExitCode.REFUSED
            # What was agreed to must be what is done, however long the answer took.
            agreed = SavedPlan.of(plan)
            plan = await deployment.plan_on(platform, order.loaded, order.policy)
            check_still_holds(agreed, plan)
        return await _done(terminal, deployment, platform, plan, order, stop=stop)


def _refusal(terminal: Terminal, plan: Plan, order: Order) -> int | None:
    """Why nothing is to be done, if so: the plan is printed, and the exit code returned."""
    if plan.changes and not plan.blocked and not has_errors(plan) and (order.yes or terminal.is_interactive):
        return None
    if order.output_format == "json" and not plan.changes and not has_errors(plan):
        print_results(terminal, plan, (), "json")
        return ExitCode.OK
    print_plan(terminal, plan, order.output_format)
    if has_errors(plan):
        terminal.complain("error: nothing was changed: the plan has errors")
        return ExitCode.ERROR
    if plan.blocked:
        keys = list(dict.fromkeys(change.key for change in plan.blocked))
        more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
        named = ", ".join(keys[:_NAMED]) + more
        terminal.complain(f"refused: nothing was changed, because of {named}; the plan says why and how to pass")
        return ExitCode.REFUSED
    if not plan.changes:
        return ExitCode.OK
    terminal.complain("refused: nothing was changed, because there is no terminal to ask on; pass --yes")
    return ExitCode.REFUSED


async def _done(
    terminal: Terminal,
    deployment: Deployment,
    platform: Platform,
    plan: Plan,
    order: Order,
    *,
    stop: asyncio.Event,
) -> int:
    from assistctl.applying.engine import carry_out

    with watching(terminal, plan) as watch, _stopping(terminal, stop):
        results = await carry_out(
            plan,
            platform,
            parallelism=order.parallelism,
            wait=order.wait,
            watch=watch,
            stop=stop,
            record=deployment.upload_record(),
            replan=deployment.replan(platform, order.loaded, order.policy),
        )
    print_results(terminal, plan, results, order.output_format)
    return _exit_code(results, interrupted=stop.is_set())


def _exit_code(results: Sequence[Result], *, interrupted: bool) -> int:
    if all(result.status is Status.OK for result in results):
        return ExitCode.OK
    if any(result.touched for result in results):
        return ExitCode.PARTIAL
    return ExitCode.INTERRUPTED if interrupted else ExitCode.ERROR


@contextlib.contextmanager
def _stopping(terminal: Terminal, stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM lets what is under way finish; the second ends it at once."""
    loop = asyncio.get_running_loop()

    def wind_down() -> None:
        stop.set()
        restore()
        terminal.complain("Stopping: what is under way is finished first. Once more ends it at once.")

    def restore() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; there Ctrl-C ends the process at once.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, wind_down)
    try:
        yield
    finally:
        restore()
