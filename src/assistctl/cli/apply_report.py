"""Apply for a person at a terminal or for a script: who confirms, and how the outcome is printed."""

from __future__ import annotations

from dataclasses import dataclass

from assistctl.cli.changing_options import ApplyOptions
from assistctl.cli.plan_output import print_plan, print_results, print_warnings
from assistctl.cli.progress_bars import progress_listener
from assistctl.cli.signals import cancelled_by_signals
from assistctl.cli.terminal import Terminal
from assistctl.model.counting import first_named
from assistctl.model.plan import Plan
from assistctl.operations.apply import Confirm, apply
from assistctl.operations.apply_request import ApplyRequest
from assistctl.operations.deployment import Deployment
from assistctl.operations.outcome import ApplyOutcome, OperationStatus

# A refusal names so many keys; the plan has them all.
_NAMED = 5


async def apply_and_report(
    terminal: Terminal, deployment: Deployment, request: ApplyRequest, options: ApplyOptions
) -> int:
    """Apply, ask where there is somebody to ask, and print the outcome; the exit code."""
    report = _Report(terminal, options)
    outcome = await apply(
        deployment,
        request,
        confirm=_confirm(terminal, options),
        progress=progress_listener(terminal),
        cancellation=cancelled_by_signals(terminal.complain),
        report=report.show,
    )
    report.warn(outcome)
    return outcome.exit_code


def _confirm(terminal: Terminal, options: ApplyOptions) -> Confirm | None:
    if options.yes:
        return None
    if not terminal.is_interactive:
        return lambda _: False

    def ask(plan: Plan) -> bool:
        # Where the results are for a script, the question and what it is about go to the person.
        print_plan(terminal, plan, "text", to_messages=options.output_format != "text")
        return terminal.ask(f"Make these changes on {plan.target.name}?")

    return ask


@dataclass(slots=True)
class _Report:
    """The printed report of one apply. ``warned`` counts the warnings printed so far."""

    terminal: Terminal
    options: ApplyOptions
    warned: int = 0

    def show(self, outcome: ApplyOutcome) -> None:
        """Print the outcome: the results, or why there are none."""
        self.warn(outcome)
        if outcome.status is OperationStatus.DECLINED and self.terminal.is_interactive:
            self.terminal.complain("Nothing was changed.")
        elif refusal := _refusal(outcome):
            print_plan(self.terminal, outcome.plan, self.options.output_format)
            self.terminal.complain(refusal)
        elif outcome.status is OperationStatus.NO_CHANGES and self.options.output_format == "text":
            print_plan(self.terminal, outcome.plan, "text")
        else:
            self._show_results(outcome)

    def warn(self, outcome: ApplyOutcome) -> None:
        """Print the warnings that were not printed yet."""
        for warning in outcome.warnings[self.warned :]:
            self.terminal.complain(f"warning: {warning}")
        self.warned = len(outcome.warnings)

    def _show_results(self, outcome: ApplyOutcome) -> None:
        if self.options.yes and self.options.output_format == "text":
            print_warnings(self.terminal, outcome.plan)
        print_results(self.terminal, outcome, self.options.output_format)


def _refusal(outcome: ApplyOutcome) -> str | None:
    if outcome.status is OperationStatus.INVALID:
        return "error: nothing was changed: the plan has errors"
    if outcome.status is OperationStatus.BLOCKED:
        keys = list(dict.fromkeys(str(change.qualified_key) for change in outcome.plan.blocked))
        named = first_named(keys, _NAMED)
        return f"refused: nothing was changed, because of {named}; the plan says why and how to pass"
    if outcome.status is OperationStatus.DECLINED:
        return "refused: nothing was changed, because there is no terminal to ask on; pass --yes"
    return None
