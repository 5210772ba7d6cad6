"""``assistctl show``: a saved plan again."""

from __future__ import annotations

from pathlib import Path

import click

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.plan_output import (
    REPORT_FORMATS,
    SignOff,
    check_max_size,
    command_for_saved,
    max_size_option,
    print_plan,
)
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode
from assistctl.operations.saved_plan import load_plan

HELP = """Show a saved plan.

Prints a plan saved with `plan --out FILE`, in any format that plan has. Needs no project, no API key and no
platform; whether the plan still holds is checked by apply. A file that was edited is refused."""
EXAMPLE = """\
Examples:
  assistctl show change.plan
  assistctl show change.plan -v            every line of every difference, with ids
  assistctl show change.plan --format markdown --max-size step-summary >> "$GITHUB_STEP_SUMMARY\""""


@subcommand("show", HELP, EXAMPLE)
@click.argument("plan_file", metavar="PLANFILE", type=click.Path(path_type=Path))
@format_option(*REPORT_FORMATS)
@max_size_option()
def command(terminal: Terminal, *, plan_file: Path, output_format: str, max_size: int | None) -> int:
    """Read, and print."""
    check_max_size(max_size, output_format)
    if not plan_file.exists():
        raise AssistctlError(f"there is no saved plan {plan_file}", "`assistctl plan --out FILE` saves one.")
    if plan_file.is_dir():
        raise AssistctlError(
            f"{plan_file} is a folder, not a saved plan", "`assistctl plan --out FILE` saves one."
        )
    saved = load_plan(plan_file)
    sign_off = SignOff(saved.made, command_for_saved(plan_file, saved.scope))
    print_plan(terminal, saved.shown, output_format, sign_off=sign_off, max_size=max_size)
    return ExitCode.OK
