"""``assistctl destroy``: delete what the project owns, and nothing else."""

from __future__ import annotations

from assistctl.cli.apply_report import apply_and_report
from assistctl.cli.changing_options import ApplyOptions, apply_options_decorator
from assistctl.cli.options import keys_argument, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.operations.apply_request import destroy_request

HELP = """Delete what the project owns on the target.

Never touches what others own. Refuses while any of it is protected: set lifecycle: {prevent_destroy: false} in the
manifest and apply that first."""
EXAMPLE = """\
Examples:
  assistctl plan --destroy                 see what would be deleted
  assistctl destroy
  assistctl destroy order-desk --target staging --yes"""


@subcommand("destroy", HELP, EXAMPLE)
@keys_argument()
@apply_options_decorator(waits=False)
def command(terminal: Terminal, *, keys: tuple[str, ...], apply_options: ApplyOptions) -> int:
    """Plan the deletion of these keys, or of everything, and carry it out."""
    deployment = terminal.deployment()
    request = destroy_request(deployment, keys, apply_options.limits)
    return run_until_interrupted(apply_and_report(terminal, deployment, request, apply_options))
