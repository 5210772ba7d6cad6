"""``assistctl list``: what is deployed."""

from __future__ import annotations

import asyncio

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.table import TABLE_FORMATS, print_listing
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.model.counting import counted
from assistctl.model.plan import Json
from assistctl.model.serving import WHOLE
from assistctl.operations.list_deployed import DeployedAssistant, list_deployed
from assistctl.rendering.listing import Column, Listing

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


def _print_json(terminal: Terminal, found: list[DeployedAssistant]) -> None:
    assistants: list[Json] = [
        {
            "key": assistant.key,
            "id": assistant.id,
            "name": assistant.name,
            "model": assistant.model,
            "prevent_destroy": assistant.prevent_destroy,
            **_versions(assistant),
        }
        for assistant in found
    ]
    terminal.write_json({**terminal.head, "assistants": assistants})


def _print_table(terminal: Terminal, found: list[DeployedAssistant], output_format: str) -> None:
    if not found:
        terminal.say("Nothing is deployed. `assistctl plan` shows what would be.")
        if output_format == "text":
            return
    columns = [Column("KEY"), Column("ID"), Column("MODEL"), Column("NAME", free=True)]
    rows = [_row(assistant) for assistant in found]
    if any(assistant.version is not None for assistant in found):
        columns.insert(2, Column("VERSION"))
        rows = [(*row[:2], _version(each), *row[2:]) for row, each in zip(rows, found, strict=True)]
    conclusion = f"{counted(len(found), 'assistant is', 'assistants are')} deployed."
    print_listing(terminal, Listing("list", "Deployed assistants", conclusion, columns, rows), output_format)


def _versions(assistant: DeployedAssistant) -> dict[str, Json]:
    """The newest version, if there are any, and which versions answer, as far as the platform says."""
    version: dict[str, Json] = {"version": assistant.version}
    if assistant.serving is None:
        return version
    traffic: dict[str, Json] = {**assistant.serving.resolved(assistant.version)}
    return {**version, "traffic": traffic, "disabled": assistant.serving.disabled}


def _version(assistant: DeployedAssistant) -> str:
    """The newest version; where that does not answer all, who does."""
    version, serving = assistant.version or "", assistant.serving
    if serving is None:
        return version
    if serving.disabled:
        return f"{version} (disabled)"
    return version if serving.share_of(version) == WHOLE else f"{version} ({serving})"


def _row(assistant: DeployedAssistant) -> tuple[str, ...]:
    name = f"{assistant.name or ''}{' (protected)' if assistant.prevent_destroy else ''}"
    return assistant.key, assistant.id, assistant.model or "", name
