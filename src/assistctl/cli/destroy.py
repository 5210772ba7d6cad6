"""``assistctl destroy``: delete what the project owns, and nothing else."""

from __future__ import annotations

import asyncio

from assistctl.cli.carrying_out import Order, carry_out_order
from assistctl.cli.how import How, how_options
from assistctl.cli.options import keys_argument, subcommand
from assistctl.cli.terminal import Terminal

HELP = """Delete what the project owns on the target.

Assistants that others own are not touched, and protected ones stop it: declare them with
lifecycle: {prevent_destroy: false} and apply that first."""
EXAMPLE = """\
Examples:
  assistctl plan --destroy                 look first
  assistctl destroy
  assistctl destroy order-desk --target staging --yes"""


@subcommand("destroy", HELP, EXAMPLE)
@keys_argument()
@how_options(waits=False)
def command(terminal: Terminal, *, keys: tuple[str, ...], how: How) -> int:
    """Plan the deletion of these keys, or of everything, and carry it out."""
    deployment = terminal.deployment()
    policy = deployment.policy(destroy=True, only=keys)
    order = Order(deployment.keys_only(), policy, how, command="destroy")
    return asyncio.run(carry_out_order(terminal, deployment, order))
