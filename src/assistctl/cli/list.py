"""``assistctl list``: what is deployed."""

from __future__ import annotations

from collections import Counter

from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.table import TABLE_FORMATS, print_listing
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.json_value import Json
from assistctl.model.counting import counted
from assistctl.model.kind import Kind
from assistctl.model.serving import WHOLE
from assistctl.operations.list_deployed import (
    Deployed,
    DeployedAssistant,
    DeployedResource,
    list_deployed,
    said_of_hidden,
)
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
    found = run_until_interrupted(list_deployed(deployment))
    if found.hidden:
        terminal.complain(said_of_hidden(found).strip())
    if output_format == "json":
        _print_json(terminal, found)
    else:
        _print_table(terminal, found, output_format)
    return ExitCode.OK


def _print_json(terminal: Terminal, found: Deployed) -> None:
    assistants: list[Json] = [
        {
            "key": assistant.key,
            "id": assistant.id,
            "name": assistant.name,
            "model": assistant.model,
            "prevent_destroy": assistant.prevent_destroy,
            **_versions(assistant),
        }
        for assistant in found.assistants
    ]
    resources: list[Json] = [
        {
            "kind": str(each.kind),
            "key": each.key,
            "id": each.id,
            "name": each.name,
            "prevent_destroy": each.prevent_destroy,
        }
        for each in found.resources
    ]
    hidden: dict[str, Json] = {"hidden": [str(kind) for kind in found.hidden]} if found.hidden else {}
    terminal.write_json({**terminal.head, "assistants": assistants, "resources": resources, **hidden})


def _print_table(terminal: Terminal, found: Deployed, output_format: str) -> None:
    if not (found.assistants or found.resources):
        terminal.say("Nothing is deployed. `assistctl plan` shows what would be.")
        if output_format == "text":
            return
    columns = [Column("KEY"), Column("ID"), Column("MODEL"), Column("NAME", free=True)]
    rows = [*map(_row, found.assistants), *map(_row_of_resource, found.resources)]
    if any(assistant.version is not None for assistant in found.assistants):
        versions = [*map(_version, found.assistants), *("" for _ in found.resources)]
        columns.insert(2, Column("VERSION"))
        rows = [(*row[:2], version, *row[2:]) for row, version in zip(rows, versions, strict=True)]
    title = "Deployed assistants"
    if found.resources:
        columns.insert(0, Column("KIND"))
        kinds = [*(Kind.ASSISTANT for _ in found.assistants), *(each.kind for each in found.resources)]
        rows = [(kind.noun, *row) for row, kind in zip(rows, kinds, strict=True)]
        title = "Deployed assistants, and what they use"
    print_listing(terminal, Listing("list", title, _conclusion(found), columns, rows), output_format)


def _conclusion(found: Deployed) -> str:
    assistants = f"{counted(len(found.assistants), 'assistant is', 'assistants are')} deployed"
    counts = Counter(each.kind for each in found.resources)
    others = ", ".join(counted(count, kind.noun) for kind, count in counts.items())
    return (f"{assistants}, with {others}." if others else f"{assistants}.") + said_of_hidden(found)


def _row_of_resource(resource: DeployedResource) -> tuple[str, ...]:
    name = f"{resource.name or ''}{' (protected)' if resource.prevent_destroy else ''}"
    return resource.key, resource.id, "", name


def _versions(assistant: DeployedAssistant) -> dict[str, Json]:
    """The newest version, if there are any, and which versions or aliases answer, as far as the platform says."""
    version: dict[str, Json] = {"version": assistant.version}
    if assistant.serving is None:
        return version
    if assistant.serving.aliases is not None:
        return {**version, "aliases": {**assistant.serving.aliases}}
    traffic: dict[str, Json] = {**assistant.serving.resolved(assistant.version)}
    return {**version, "traffic": traffic, "disabled": assistant.serving.disabled}


def _version(assistant: DeployedAssistant) -> str:
    """The newest version; where that does not answer all, which do, and the aliases of each."""
    version, serving = assistant.version or "", assistant.serving
    if serving is None:
        return version
    if serving.disabled:
        return f"{version} (disabled)"
    if serving.aliases:
        return f"{version} ({serving.aliases_text()})"
    return version if serving.share_of(version) == WHOLE else f"{version} ({serving})"


def _row(assistant: DeployedAssistant) -> tuple[str, ...]:
    name = f"{assistant.name or ''}{' (protected)' if assistant.prevent_destroy else ''}"
    return assistant.key, assistant.id, assistant.model or "", name
