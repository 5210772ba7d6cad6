"""``assistctl forget``: let go of an assistant without deleting it."""

from __future__ import annotations

from assistctl.cli.apply_report import apply_and_report
from assistctl.cli.changing_options import ApplyOptions, apply_options_decorator
from assistctl.cli.options import keys_argument, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.operations.apply_request import forget_request

HELP = """Stop managing assistants without deleting them.

Removes this project's marks from their metadata. The assistants stay as they are, owned by nobody. Remove their
manifests first. To do the same with the next apply, put `removed: [KEY]` in assistctl.yaml."""
EXAMPLE = """\
Examples:
  assistctl forget old-bot
  assistctl forget old-bot --target prod --yes"""


@subcommand("forget", HELP, EXAMPLE)
@keys_argument("KEY...", required=True)
@apply_options_decorator(waits=False)
def command(terminal: Terminal, *, keys: tuple[str, ...], apply_options: ApplyOptions) -> int:
    """Plan to let go of these keys, and carry it out."""
    deployment = terminal.deployment()
    request = forget_request(deployment, keys, apply_options.limits)
    return run_until_interrupted(apply_and_report(terminal, deployment, request, apply_options))
