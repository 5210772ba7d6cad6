"""``assistctl forget``: let go of an assistant without deleting it."""

from __future__ import annotations

import asyncio

import click

from assistctl.cli.carrying_out import Order, carry_out_order
from assistctl.cli.how import How, how_options
from assistctl.cli.options import subcommand
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
@how_options(waits=False)
def command(terminal: Terminal, *, keys: tuple[str, ...], how: How) -> int:
    """Plan to let go of these keys, and carry it out."""
    deployment = terminal.deployment()
    loaded = deployment.manifests()
    declared = {one.key: one.position for one in loaded.stores} | {one.key: one.position for one in loaded.desired}
    for key in keys:
        if key in declared:
            raise ProjectError(f"{key!r} is still declared at {declared[key]}", "Remove its manifest first.")
    policy = deployment.policy(only=keys, forget=keys)
    order = Order(loaded, policy, how, command="forget")
    return asyncio.run(carry_out_order(terminal, deployment, order))
