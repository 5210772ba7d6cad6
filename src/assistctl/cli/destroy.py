"""``assistctl destroy``: delete what the project owns, and nothing else."""

from __future__ import annotations

import asyncio

from assistctl.cli.carrying_out import Order, carry_out_order
from assistctl.cli.options import (
    format_option,
    keys_argument,
    lock_timeout_option,
    parallelism_option,
    subcommand,
    yes_option,
)
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
@yes_option()
@parallelism_option()
@lock_timeout_option()
@format_option("text", "json")
def command(
    terminal: Terminal,
    *,
    keys: tuple[str, ...],
    yes: bool,
    parallelism: int,
    lock_timeout: float,
    output_format: str,
) -> int:
    """Plan the deletion of these keys, or of everything, and carry it out."""
    deployment = terminal.deployment()
    policy = deployment.policy(destroy=True, only=keys)
    order = Order(
        deployment.keys_only(),
        policy,
        yes,
        parallelism,
        output_format,
        lock_timeout=lock_timeout,
        command="destroy",
    )
    return asyncio.run(carry_out_order(terminal, deployment, order))
