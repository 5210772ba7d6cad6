"""``assistctl list``: what is deployed."""

from __future__ import annotations

import asyncio
from collections import Counter

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.table import TABLE_FORMATS, Listing, print_listing
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.model.plan import Json
from assistctl.operations.list_deployed import Deployed, DeployedAssistant, DeployedResource, list_deployed

HELP = """List what the project has deployed on the target.

Asks the platform, and shows only what this project owns there. Reads no manifests."""
EXAMPLE = """\
Examples:
  assistctl list
  assistctl list --target prod --format json"""


@subcommand("list", HELP, EXAMPLE)
@format_option(*TABLE_FORMATS)
def command(terminal: Terminal, output_format: str) -> int:
    """Ask the platform and print."""
    deployment = terminal.deployment()
    found = asyncio.run(list_deployed(deployment))
    if output_format == "json":
        _print_json(terminal, found)
    else:
        _print_table(terminal, found, output_format)
    return ExitCode.OK


def _print_json(terminal: Terminal, found: Deployed) -> None:
    from assistctl.rendering.json import FORMAT_VERSION, dumps

    assistants: list[Json] = [
        {
            "key": assistant.key,
            "id": assistant.id,
            "name": assistant.name,
            "model": assistant.model,
            "prevent_destroy": assistant.prevent_destroy,
        }
        for assistant in found.assistants
    ]
    resources: list[Json] = [
        {
            "kind": str(one.kind),
            "key": one.key,
            "id": one.id,
            "name": one.name,
            "prevent_destroy": one.prevent_destroy,
        }
        for one in found.resources
    ]
    lists: dict[str, Json] = {"assistants": assistants, "resources": resources}
    terminal.write(dumps({"format_version": FORMAT_VERSION, **terminal.head, **lists}))


def _print_table(terminal: Terminal, found: Deployed, output_format: str) -> None:
    from assistctl.rendering.text.table import Column

    if not (found.assistants or found.resources):
        terminal.say("Nothing is deployed. `assistctl plan` shows what would be.")
        if output_format == "text":
            return
    columns: tuple[Column, ...] = (Column("KEY"), Column("ID"), Column("MODEL"), Column("NAME", free=True))
    rows: tuple[tuple[str, ...], ...] = tuple(map(_row, found.assistants))
    title = "Deployed assistants"
    if found.resources:
        columns = (Column("KIND"), *columns)
        rows = (*(("assistant", *row) for row in rows), *map(_row_of_resource, found.resources))
        title = "Deployed assistants, and what they use"
    print_listing(terminal, Listing("list", title, _conclusion(found), columns, rows), output_format)


def _conclusion(found: Deployed) -> str:
    number = len(found.assistants)
    said = f"{number:,} {'assistant is' if number == 1 else 'assistants are'} deployed"
    counts = Counter(one.kind for one in found.resources)
    others = [f"{count:,} {kind.noun}{'' if count == 1 else 's'}" for kind, count in counts.items()]
    return f"{said}, with {', '.join(others)}." if others else f"{said}."


def _row_of_resource(one: DeployedResource) -> tuple[str, ...]:
    name = f"{one.name or ''}{' (protected)' if one.prevent_destroy else ''}"
    return one.kind.noun, one.key, one.id, "", name


def _row(assistant: DeployedAssistant) -> tuple[str, ...]:
    name = f"{assistant.name or ''}{' (protected)' if assistant.prevent_destroy else ''}"
    return assistant.key, assistant.id, assistant.model or "", name
