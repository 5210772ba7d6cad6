"""``assistctl models``: what the target offers, until when, and for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from assistctl import clock
from assistctl.cli.options import format_option, subcommand
from assistctl.cli.table import print_table
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.model.plan import Json
from assistctl.operations.list_models import OfferedModel, list_models

HELP = """List the models of the target, when they are shut down, and what uses them.

Asks the platform for its models and for the project's assistants, and reads the manifests. Dates that the platform
does not give are those announced when this version was made."""
EXAMPLE = """\
Examples:
  assistctl models
  assistctl models --target prod --format json"""


@subcommand("models", HELP, EXAMPLE)
@format_option("text", "json")
def command(terminal: Terminal, output_format: str) -> int:
    """Ask the platform and print."""
    found = asyncio.run(list_models(terminal.deployment()))
    if output_format == "json":
        _print_json(terminal, found)
    elif found:
        print_table(terminal, ("MODEL", "SHUTDOWN", "DECLARED BY", "DEPLOYED AS"), map(_row, found))
    else:
        terminal.say("The target lists no models, and nothing uses one.")
    return ExitCode.OK


def _print_json(terminal: Terminal, found: Sequence[OfferedModel]) -> None:
    from assistctl.rendering.json import FORMAT_VERSION, dumps

    models: list[Json] = [
        {
            "model": model.name,
            "listed": model.is_listed,
            "shutdown_date": None if model.shutdown is None else model.shutdown.isoformat(),
            "declared_by": [*model.declared_by],
            "deployed_as": [*model.deployed_as],
        }
        for model in found
    ]
    terminal.write(dumps({"format_version": FORMAT_VERSION, **terminal.head, "models": models}))


def _row(model: OfferedModel) -> tuple[str, ...]:
    name = f"{model.name} (not listed)" if model.is_listed is False else model.name
    return name, _shutdown(model), ", ".join(model.declared_by), ", ".join(model.deployed_as)


def _shutdown(model: OfferedModel) -> str:
    if model.shutdown is None:
        return ""
    return f"{model.shutdown}{' (over)' if model.shutdown <= clock.today() else ''}"
