"""``assistctl apply``: plan again, and make it so."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import click

from assistctl.cli.carrying_out import Order, Reviewed, carry_out_order
from assistctl.cli.how import How, how_options
from assistctl.cli.options import (
    KEY,
    adopt_option,
    allow_deletes_option,
    keys_argument,
    subcommand,
)
from assistctl.cli.terminal import Terminal
from assistctl.planfile import SavedPlan, Scope, load_plan

HELP = """Create, update and delete what the plan says.

Plans again with the same code as plan, asks on a terminal, and carries it out; every change is compared with
what the platform then has. Given the FILE of a saved plan, it does exactly what that says or, when something
moved meanwhile, nothing. What the plan deletes at once beyond the safety rules, or was saved with --destroy, wants
--allow-deletes here as well."""
EXAMPLE = """\
Examples:
  assistctl apply
  assistctl apply order-desk translator --target staging
  assistctl apply --yes                    in a pipeline, where nobody can answer
  assistctl apply change.plan --yes        a plan saved with plan --out"""


@subcommand("apply", HELP, EXAMPLE)
@keys_argument("[KEY... | FILE]")
@how_options(waits=True)
@adopt_option()
@allow_deletes_option()
def command(
    terminal: Terminal,
    *,
    keys: tuple[str, ...],
    adopt: bool | None,
    allow_deletes: bool,
    how: How,
) -> int:
    """Carry out the plan for these keys, or the saved one."""
    saved = _saved_plan(keys)
    scope = saved.scope if saved else Scope(keys)
    deployment = terminal.deployment(saved.shown.target.name if saved else None)
    # Manifests first: what is wrong in them is told before a key is looked for.
    loaded = deployment.keys_only() if scope.destroy else deployment.manifests()
    reviewed = deployment.policy(
        adopt=scope.adopt, destroy=scope.destroy, allow_deletes=scope.allow_deletes, only=scope.keys
    )
    # What a file says does not speak for whoever applies it: to delete much at once takes a word said here.
    policy = replace(
        reviewed,
        adopt=scope.adopt if adopt is None else adopt,
        allow_deletes=allow_deletes,
        confirm_destroy=scope.destroy,
    )
    order = Order(loaded, policy, how, Reviewed(saved, reviewed) if saved else None)
    return asyncio.run(carry_out_order(terminal, deployment, order))


def _saved_plan(arguments: tuple[str, ...]) -> SavedPlan | None:
    """The saved plan that is named: an argument that cannot be a key is one."""
    files = [argument for argument in arguments if not KEY.fullmatch(argument)]
    if not files:
        return None
    if len(arguments) > 1:
        raise click.UsageError(f"{files[0]!r} is no key, and a saved plan is applied by itself.")
    return load_plan(Path(files[0]))
