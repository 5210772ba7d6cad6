"""``assistctl rollback``: put back what an apply found."""

from __future__ import annotations

import click

from assistctl.cli.apply_report import apply_and_report
from assistctl.cli.changing_options import ApplyOptions, allow_deletes_option, apply_options_decorator
from assistctl.cli.options import run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.operations.rollback import rollback_request

HELP = """Undo an apply.

Plans and applies the way back: deletes what that apply created, recreates (under new ids) what it deleted, reverts
what it changed, and releases what it adopted. Deletes no other assistant or vector store. The journal holds no
files and no secrets, so those come from the current manifests, and any that are missing there are named. Manifests
are not changed: check out the matching commit as well."""
EXAMPLE = """\
Examples:
  assistctl history                        shows the ids
  assistctl rollback 20261122T214455-1f3a
  assistctl rollback 1f3a --yes            the end of an id is enough if no other ends so"""


@subcommand("rollback", HELP, EXAMPLE)
@click.argument("apply_id", metavar="ID")
@apply_options_decorator(waits=True)
@allow_deletes_option()
def command(terminal: Terminal, *, apply_id: str, allow_deletes: bool, apply_options: ApplyOptions) -> int:
    """Plan the way back, and carry it out."""
    return run_until_interrupted(_rolled_back(terminal, apply_id, apply_options, allow_deletes=allow_deletes))


async def _rolled_back(
    terminal: Terminal, apply_id: str, apply_options: ApplyOptions, *, allow_deletes: bool
) -> int:
    deployment = terminal.deployment()
    request = await rollback_request(deployment, apply_id, apply_options.limits, allow_deletes=allow_deletes)
    for diagnostic in request.loaded.diagnostics:
        terminal.say(f"{diagnostic.severity}: {diagnostic.summary}. {diagnostic.detail}")
    code = await apply_and_report(terminal, deployment, request, apply_options)
    if code == ExitCode.OK:
        terminal.say("The manifests are as they were; `assistctl plan` shows what differs from them now.")
    return code
