"""``assistctl output``: key and id of each assistant, for scripts and applications."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

import click

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode
from assistctl.model.kind import Kind
from assistctl.operations.list_deployed import (
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
place there."""
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


@subcommand("output", HELP, EXAMPLE)
@format_option("json", "dotenv", "github")
@click.option("--files", is_flag=True, help="Print the ids of uploads as well.")
def command(terminal: Terminal, output_format: str, *, files: bool) -> int:
    """Ask the platform and print."""
    found = asyncio.run(list_deployed(terminal.deployment(), environments=True, files=files))
    if found.hidden:
        terminal.complain(said_of_hidden(found).strip())
    things: list[tuple[Kind, DeployedAssistant | DeployedResource]] = []
    things += [(Kind.ASSISTANT, one) for one in found.assistants]
    things += [(one.kind, one) for one in (*found.resources, *found.environments)]
    named = _by_name(things)
    ids = {name: _harmless(name, object_id) for name, (_, _, object_id) in named.items()}
    if output_format == "json":
        from assistctl.rendering.json import dumps

        uploads = {f"{one.key}/{one.name}": _harmless(one.name, one.id) for one in found.files}
        terminal.write(dumps({**ids, **uploads}))
        return ExitCode.OK
    if output_format == "dotenv":
        lines = [(_variable(str(kind), key), ids[name]) for name, (kind, key, _) in named.items()]
        lines += [(_variable("file", one.key, one.name), one.id) for one in found.files]
    else:
        lines = [*ids.items(), *((f"file.{one.key}.{_plain(one.name)}", one.id) for one in found.files)]
    lines = [(name, _harmless(name, identifier)) for name, identifier in lines]
    terminal.write("".join(f"{name}={identifier}\n" for name, identifier in _named_once(lines).items()))
    return ExitCode.OK


def _by_name(
    things: Iterable[tuple[Kind, DeployedAssistant | DeployedResource]],
) -> dict[str, tuple[Kind, str, str]]:
    """The kind, the key and the id of each thing by its key; of what has the key of another kind, with its own."""
    named: dict[str, tuple[Kind, str, str]] = {}
    for kind, one in things:
        name = one.key if named.get(one.key, (kind,))[0] is kind else f"{kind}.{one.key}"
        named[name] = (kind, one.key, one.id)
    return named


def _named_once(things: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The ids by the names of their lines. Raises ``AssistctlError`` for two of one name."""
    lines: dict[str, str] = {}
    for name, identifier in things:
        if name in lines:
            raise AssistctlError(f"two keys come to the name {name} here", "Use --format json, or rename a key.")
        lines[name] = identifier
    return lines


def _variable(*parts: str) -> str:
    return "_".join(_NOT_IN_VARIABLES.sub("_", part) for part in parts).upper()


def _plain(name: str) -> str:
    return _NOT_IN_LINES.sub("_", name)


def _harmless(key: str, identifier: str) -> str:
    if not _HARMLESS.fullmatch(identifier):
        raise AssistctlError(f"the id of {key} on the platform is not one that is safe to print: {identifier!r}")
    return identifier
