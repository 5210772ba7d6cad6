"""``assistctl drift``: only what others changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from assistctl.cli.options import format_option, keys_argument, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode
from assistctl.model import Blocked

HELP = """Show only what was changed outside, and what is missing.

Compares what the platform has with what this project last applied, which it reads from the assistants
themselves: a fresh clone knows as much. What is declared and not there with this project's mark is missing; the
journal tells why, if it can. Exits 2 when there is either. Changes nothing."""
EXAMPLE = """\
Examples:
  assistctl drift
  assistctl drift order-desk --target prod
  assistctl drift --format json | jq '.drift[].path'"""


@subcommand("drift", HELP, EXAMPLE)
@keys_argument()
@format_option("text", "json")
def command(terminal: Terminal, *, keys: tuple[str, ...], output_format: str) -> int:
    """Plan, and print the drift in it."""
    deployment = terminal.deployment()
    loaded = deployment.manifests()
    plan = asyncio.run(deployment.planned(loaded, deployment.policy(only=keys), thorough=True))
    unjudged = [str(change.qualified_key) for change in plan.changes if change.blocked is Blocked.AMBIGUOUS]
    if unjudged:
        raise AssistctlError(
            f"what was changed outside cannot be told for {', '.join(unjudged)}", "`assistctl plan` says why."
        )
    shown = replace(plan, changes=(), diagnostics=())
    if output_format == "json":
        from assistctl.rendering.as_json import drift_document, dumps

        terminal.write(dumps(drift_document(shown)))
    else:
        from assistctl.rendering.as_text import print_drift

        print_drift(terminal.results(), shown, verbose=terminal.invocation.verbose)
    return ExitCode.PENDING if plan.drift or plan.missing else ExitCode.OK
