"""``assistctl output``: key and id of each assistant, for scripts and applications."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode
from assistctl.model.kind import Kind
from assistctl.operations.list_deployed import (
    Deployed,
    DeployedAssistant,
    DeployedResource,
    list_deployed,
    said_of_hidden,
)

HELP = """Print the key and id of each deployed assistant, environment, memory store and skill, for scripts.

json prints {"key": "id"}; dotenv prints a line ASSISTANT_<KEY>=id for each, with the key in capitals and _ for -,
and likewise ENVIRONMENT_<KEY>, MEMORY_STORE_<KEY> and SKILL_<KEY>;
an environment that comes with an assistant's files has its key, and is environment.<key> in json and github;
github prints key=id lines for $GITHUB_OUTPUT.

With --files the uploads of each assistant's code interpreter are there as well, for sessions that an application
starts: <key>/<name> in json, FILE_<KEY>_<NAME> in dotenv and file.<key>.<name> in github, with _ for what has no
place there.

Kinds that the target's key may not see are left out, and named on stderr."""
EXAMPLE = """\
Examples:
  assistctl output | jq -r '."order-desk"'
  assistctl output --format dotenv >> .env.assistants
  assistctl output --files | jq -r '."order-desk/prices.csv"'
  assistctl output --format github >> "$GITHUB_OUTPUT\""""
# What a platform calls an id goes into files that a shell or a runner reads.
_HARMLESS = re.compile(r"[A-Za-z0-9_.:@/+-]+")
_NOT_IN_VARIABLES = re.compile(r"[^A-Za-z0-9_]")
_NOT_IN_LINES = re.compile(r"[^A-Za-z0-9_.-]")
_TELL_APART = (
    "Rename a key or an upload, or delete what is there twice: `assistctl list` shows it. "
    "In --format json, keys and uploads have their names as they are."
)


@subcommand("output", HELP, EXAMPLE)
@format_option("json", "dotenv", "github")
@click.option("--files", is_flag=True, help="Print the ids of uploads as well.")
def command(terminal: Terminal, output_format: str, *, files: bool) -> int:
    """Ask the platform and print."""
    found = run_until_interrupted(list_deployed(terminal.deployment(), environments=True, files=files))
    if found.hidden:
        terminal.complain(said_of_hidden(found).strip())
    ids = _named_once(_named(found, output_format))
    if output_format == "json":
        from assistctl.rendering.json import dumps

        terminal.write(dumps({**ids}))
    else:
        terminal.write("".join(f"{name}={identifier}\n" for name, identifier in ids.items()))
    return ExitCode.OK


def _named(found: Deployed, output_format: str) -> Iterator[tuple[str, str]]:
    """Each id with its name in that format."""
    things: list[tuple[Kind, DeployedAssistant | DeployedResource]] = []
    things += [(Kind.ASSISTANT, assistant) for assistant in found.assistants]
    things += [(resource.kind, resource) for resource in (*found.resources, *found.environments)]
    first: dict[str, Kind] = {}
    for kind, deployed in things:
        name = deployed.key if first.setdefault(deployed.key, kind) is kind else f"{kind}.{deployed.key}"
        yield _variable(str(kind), deployed.key) if output_format == "dotenv" else name, deployed.id
    for file in found.files:
        names = {
            "json": f"{file.key}/{file.name}",
            "dotenv": _variable("file", file.key, file.name),
            "github": f"file.{file.key}.{_plain(file.name)}",
        }
        yield names[output_format], file.id


def _named_once(things: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The ids by their names. Raises ``AssistctlError`` for two of one name, and for what is not safe to print."""
    ids: dict[str, str] = {}
    for name, identifier in things:
        if ids.get(name, identifier) != identifier:
            raise AssistctlError(f"two ids come to the name {name} here", _TELL_APART)
        ids[name] = _harmless(name, identifier)
    return ids


def _variable(*parts: str) -> str:
    return "_".join(_NOT_IN_VARIABLES.sub("_", part) for part in parts).upper()


def _plain(name: str) -> str:
    return _NOT_IN_LINES.sub("_", name)


def _harmless(key: str, identifier: str) -> str:
    if not _HARMLESS.fullmatch(identifier):
        raise AssistctlError(f"the id of {key} on the platform is not one that is safe to print: {identifier!r}")
    return identifier
