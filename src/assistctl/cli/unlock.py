"""``assistctl unlock``: take the lock from a holder that died."""

from __future__ import annotations

import asyncio

import click

from assistctl.cli.options import subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode

HELP = """Take the lock with this ID from its holder.

For when an apply died and its lease is too long to wait for. The id is in the message of the apply that could not
begin. Only a shared journal (`journal:` in assistctl.yaml) has a lock."""
EXAMPLE = """\
Examples:
  assistctl unlock 7c9e1b --target prod"""


@subcommand("unlock", HELP, EXAMPLE)
@click.argument("lock_id", metavar="ID")
def command(terminal: Terminal, *, lock_id: str) -> int:
    """Unlock, and say whose it was."""
    deployment = terminal.deployment()
    journal = deployment.journal(terminal.shown)
    holder = asyncio.run(journal.unlock(deployment.target.name, lock_id))
    terminal.say(f"Unlocked {deployment.target.name}: it was held by {holder}.")
    return ExitCode.OK
