"""``assistctl models``: what the target offers, until when, and for whom."""

from __future__ import annotations

from collections.abc import Sequence

from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.table import TABLE_FORMATS, print_listing
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.json_value import Json
from assistctl.model import model_catalog
from assistctl.model.counting import counted
from assistctl.operations.list_models import OfferedModel, list_models
from assistctl.rendering.listing import Column, Listing

HELP = """List the models of the target, when they are shut down, and what uses them.

Asks the platform for its models and for the project's assistants, and reads the manifests. Dates that the platform
does not give are those announced when this version was made."""
EXAMPLE = """\
Examples:
  assistctl models
  assistctl models --target prod --format json"""


@subcommand("models", HELP, EXAMPLE)
@format_option(*TABLE_FORMATS)
def command(terminal: Terminal, output_format: str) -> int:
    """Ask the platform and print."""
    found = run_until_interrupted(list_models(terminal.deployment()))
    if output_format == "json":
        _print_json(terminal, found)
    else:
        _print_table(terminal, found, output_format)
    return ExitCode.OK


def _print_json(terminal: Terminal, found: Sequence[OfferedModel]) -> None:
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
    terminal.write_json({**terminal.head, "models": models})


def _print_table(terminal: Terminal, found: Sequence[OfferedModel], output_format: str) -> None:
    if not found:
        terminal.say("The target lists no models, and nothing uses one.")
        if output_format == "text":
            return
    columns = Column("MODEL"), Column("SHUTDOWN"), Column("DECLARED BY"), Column("DEPLOYED AS")
    conclusion = f"{counted(len(found), 'model')}."
    rows = tuple(map(_row, found))
    print_listing(terminal, Listing("models", "Models", conclusion, columns, rows), output_format)


def _row(model: OfferedModel) -> tuple[str, ...]:
    name = f"{model.name} (not listed)" if model.is_listed is False else model.name
    return name, _shutdown(model), ", ".join(model.declared_by), ", ".join(model.deployed_as)


def _shutdown(model: OfferedModel) -> str:
    if model.shutdown is None:
        return ""
    return f"{model.shutdown}{' (over)' if model.shutdown <= model_catalog.today() else ''}"
