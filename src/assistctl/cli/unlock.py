"""``assistctl unlock``: take the lock from a holder that died."""

from __future__ import annotations

import click

from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.operations.journal import release_lock

HELP = """Release a lock whose apply died.

For when you cannot wait for the lock to expire. The ID is in the message of the apply that could not start. Only a
shared journal (`journal:` in assistctl.yaml) has a lock."""
EXAMPLE = """\
Examples:
  assistctl unlock 7c9e1b --target prod"""


@subcommand("unlock", HELP, EXAMPLE)
@click.argument("lock_id", metavar="ID")
@format_option("text", "json")
def command(terminal: Terminal, *, lock_id: str, output_format: str) -> int:
    """Unlock, and say whose it was."""
    deployment = terminal.deployment()
    holder = run_until_interrupted(release_lock(deployment, lock_id))
    if output_format == "json":
        terminal.write_json({**terminal.head, "unlocked": {"id": lock_id, "held_by": str(holder)}})
    else:
        terminal.say(f"Unlocked {deployment.target.name}: it was held by {holder}.")
    return ExitCode.OK
