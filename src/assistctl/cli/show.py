"""``assistctl show``: a saved plan again."""

from __future__ import annotations

from pathlib import Path

import click

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.showing import print_plan
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.planfile import load_plan

HELP = """Show a saved plan.

Prints what `plan --out FILE` saved, in each format that plan has. Asks no platform, and needs neither a project
nor a key: whether the plan still holds is for apply to say. A file that was altered is refused."""
EXAMPLE = """\
Examples:
  assistctl show change.plan
  assistctl show change.plan -v            every row of every difference, and ids
  assistctl show change.plan --format markdown >> "$GITHUB_STEP_SUMMARY\""""


@subcommand("show", HELP, EXAMPLE)
@click.argument("plan_file", metavar="PLANFILE", type=click.Path(path_type=Path))
@format_option("text", "json", "markdown", "html")
def command(terminal: Terminal, *, plan_file: Path, output_format: str) -> int:
    """Read, and print."""
    print_plan(terminal, load_plan(plan_file).shown, output_format)
    return ExitCode.OK
