"""``assistctl plan``: what apply would do. Changes nothing, anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from assistctl.cli.max_size import check_max_size, max_size_option
from assistctl.cli.options import KEY, adopt_option, allow_deletes_option, format_option, keys_argument, subcommand
from assistctl.cli.plan_output import print_plan
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.model.plan import PlanScope
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
  assistctl plan --format markdown --max-size step-summary >> "$GITHUB_STEP_SUMMARY\""""


@subcommand("plan", HELP, EXAMPLE)
@keys_argument()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan to FILE, for apply. Overwrites nothing but saved plans.",
)
@format_option("text", "json", "markdown", "html")
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
    deployment = terminal.deployment()
    plan = asyncio.run(create_plan(deployment, PlanScope(keys, destroy, adopt, allow_deletes), out))
    if out is not None:
        # A name that could be a key would be taken for one.
        shown = f"./{out}" if KEY.fullmatch(str(out)) else out
        word = " --allow-deletes" if destroy or allow_deletes else ""
        terminal.say(f"Saved to {out}; `assistctl apply{word} {shown}` does exactly this, or nothing.")
    print_plan(terminal, plan, output_format, max_size=max_size)
    if plan.errors:
        return ExitCode.ERROR
    return ExitCode.PENDING if detailed_exitcode and plan.changes else ExitCode.OK
