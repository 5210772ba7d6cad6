"""``assistctl rollback``: put back what an apply found."""

from __future__ import annotations

import asyncio

import click

from assistctl.cli.carrying_out import Order, carry_out_order
from assistctl.cli.how import How, how_options
from assistctl.cli.options import allow_deletes_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.deployment import Deployment
from assistctl.errors import ExitCode, RefusedError
from assistctl.journal import Apply
from assistctl.rolling_back import rollback_of

HELP = """Put back what the apply ID found.

What it created is deleted, what it deleted is created again under a new id, what it changed goes back, what it
adopted is nobody's again, by an ordinary plan. No assistant or vector store is deleted that the apply did not
create. Files and secrets are not in the journal: they are taken from the manifests as they are now, and what those
do not have is named. The manifests stay as they are, so check out the commit that goes with it, too."""
EXAMPLE = """\
Examples:
  assistctl history                        shows the ids
  assistctl rollback 20261122T214455-1f3a
  assistctl rollback 1f3a --yes            the end of an id is enough, if it is the only one"""


@subcommand("rollback", HELP, EXAMPLE)
@click.argument("apply_id", metavar="ID")
@how_options(waits=True)
@allow_deletes_option()
def command(terminal: Terminal, *, apply_id: str, allow_deletes: bool, how: How) -> int:
    """Plan the way back, and carry it out."""
    return asyncio.run(_rolled_back(terminal, apply_id, how, allow_deletes=allow_deletes))


async def _rolled_back(terminal: Terminal, apply_id: str, how: How, *, allow_deletes: bool) -> int:
    deployment = terminal.deployment()
    journal = deployment.journal()
    apply = await journal.read(apply_id)
    _check_target(deployment, apply)
    back = await rollback_of(deployment, journal, apply, deployment.manifests(), allow_deletes=allow_deletes)
    for diagnostic in back.loaded.diagnostics:
        terminal.say(f"{diagnostic.severity}: {diagnostic.summary}. {diagnostic.detail}")
    order = Order(back.loaded, back.policy, how, command=f"rollback {apply.header.id}")
    code = await carry_out_order(terminal, deployment, order)
    if code == ExitCode.OK:
        terminal.say("The manifests are as they were; `assistctl plan` shows what differs from them now.")
    return code


def _check_target(deployment: Deployment, apply: Apply) -> None:
    """Raise ``RefusedError`` when the apply was made somewhere else."""
    then, now = apply.header.target, deployment.journal_target()
    if then.name != now.name:
        raise RefusedError(
            f"the apply {apply.header.id} was made on the target {then.name}, and this is {now.name}",
            f"Add --target {then.name}.",
        )
    if (then.platform, then.address) != (now.platform, now.address):
        raise RefusedError(
            f"the target {then.name} is not where it was when the apply {apply.header.id} was made",
            "What was there then cannot be put back here.",
        )
