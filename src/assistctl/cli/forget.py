"""``assistctl forget``: let go of an assistant without deleting it."""

from __future__ import annotations

import asyncio

import click

from assistctl.cli.carrying_out import Order, carry_out_order
from assistctl.cli.options import format_option, lock_timeout_option, parallelism_option, subcommand, yes_option
from assistctl.cli.terminal import Terminal
from assistctl.errors import ProjectError

HELP = """Let go of assistants without deleting them.

Takes this project's marks out of their metadata; they stay as they are, and nobody owns them. Remove the manifest
first. `removed: [KEY]` in assistctl.yaml does the same with the next apply."""
EXAMPLE = """\
Examples:
  assistctl forget old-bot
  assistctl forget old-bot --target prod --yes"""


@subcommand("forget", HELP, EXAMPLE)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
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
    """Plan to let go of these keys, and carry it out."""
    deployment = terminal.deployment()
    loaded = deployment.manifests()
    declared = {one.key: one for one in loaded.desired}
    for key in keys:
        if key in declared:
            raise ProjectError(
                f"{key!r} is still declared at {declared[key].position}", "Remove its manifest first."
            )
    policy = deployment.policy(only=keys, forget=keys)
    order = Order(loaded, policy, yes, parallelism, output_format, lock_timeout=lock_timeout, command="forget")
    return asyncio.run(carry_out_order(terminal, deployment, order))
