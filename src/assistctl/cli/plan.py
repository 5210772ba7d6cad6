"""``assistctl plan``: what apply would do. Changes nothing, anywhere."""

from __future__ import annotations

from pathlib import Path

import click

from assistctl.cli.changing_options import adopt_option, allow_deletes_option
from assistctl.cli.options import format_option, keys_argument, run_until_interrupted, subcommand
from assistctl.cli.plan_output import (
    REPORT_FORMATS,
    SignOff,
    check_max_size,
    command_for_plan,
    command_for_saved,
    max_size_option,
    print_plan,
)
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.model.plan import Plan, PlanScope
from assistctl.operations.deployment import Deployment
from assistctl.operations.plan import create_plan

HELP = """Show what apply would do.

Compares the manifests with what is on the platform. Changes nothing. With one or more KEYs, looks only at
those."""
EXAMPLE = """\
Examples:
  assistctl plan
  assistctl plan order-desk --target staging
  assistctl plan --detailed-exitcode       exits with 2 if changes are pending
  assistctl plan --out change.plan         and later: assistctl apply change.plan
  assistctl plan --format github           notes at the changed lines of a pull request
  assistctl plan --format markdown --max-size step-summary >> "$GITHUB_STEP_SUMMARY\""""


@subcommand("plan", HELP, EXAMPLE)
@keys_argument()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan to FILE, for apply. Overwrites nothing but saved plans.",
)
@format_option(*REPORT_FORMATS, "github")
@max_size_option()
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if changes are pending.")
@click.option("--destroy", is_flag=True, help="Plan to delete everything the project owns.")
@adopt_option()
@allow_deletes_option()
def command(
    terminal: Terminal,
    *,
    keys: tuple[str, ...],
    out: Path | None,
    output_format: str,
    max_size: int | None,
    detailed_exitcode: bool,
    destroy: bool,
    adopt: bool | None,
    allow_deletes: bool,
) -> int:
    """Plan, print, save; the exit code says whether changes are pending where that was asked for."""
    check_max_size(max_size, output_format)
    deployment, scope = terminal.deployment(), PlanScope(keys, destroy, adopt, allow_deletes)
    plan = run_until_interrupted(create_plan(deployment, scope, out))
    if out is not None:
        command_line = command_for_saved(out, scope, terminal.invocation)
        terminal.say(f"Saved to {out}; `{command_line}` does exactly this, or nothing.")
    if output_format == "github":
        _annotate(terminal, deployment, plan)
    else:
        sign_off = _sign_off(terminal, deployment, plan, out) if output_format == "html" else SignOff()
        print_plan(terminal, plan, output_format, sign_off=sign_off, max_size=max_size)
    if plan.errors:
        return ExitCode.ERROR
    return ExitCode.PENDING if detailed_exitcode and plan.changes else ExitCode.OK


def _sign_off(terminal: Terminal, deployment: Deployment, plan: Plan, out: Path | None) -> SignOff:
    from assistctl.operations.provenance import provenance_of

    scope, invocation = plan.scope or PlanScope(), terminal.invocation
    command = command_for_saved(out, scope, invocation) if out else command_for_plan(plan, scope, invocation)
    return SignOff(run_until_interrupted(provenance_of(deployment)), command)


def _annotate(terminal: Terminal, deployment: Deployment, plan: Plan) -> None:
    from assistctl.checkout.repository import folder_in_repository
    from assistctl.rendering.editors.github import plan_annotations
    from assistctl.rendering.editors.placed import Places

    places = Places(folder_in_repository(deployment.project.directory))
    terminal.write(plan_annotations(plan, places))
