"""``assistctl output``: key and id of each assistant, for scripts and applications."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode
from assistctl.model.kind import Kind
from assistctl.operations.list_deployed import DeployedAssistant, DeployedResource, list_deployed

HELP = """Print the key and id of each deployed assistant, environment, memory store and skill, for scripts.

json prints {"key": "id"}; dotenv prints a line ASSISTANT_<KEY>=id for each, with the key in capitals and _ for -,
and likewise ENVIRONMENT_<KEY>, MEMORY_STORE_<KEY> and SKILL_<KEY>;
an environment that comes with an assistant's files has its key, and is environment.<key> in json and github;
github prints key=id lines for $GITHUB_OUTPUT."""
EXAMPLE = """\
Examples:
  assistctl output | jq -r '."order-desk"'
  assistctl output --format dotenv >> .env.assistants
  assistctl output --format github >> "$GITHUB_OUTPUT\""""
# What a platform calls an id goes into files that a shell or a runner reads.
_HARMLESS = re.compile(r"[A-Za-z0-9_.:@/+-]+")


@subcommand("output", HELP, EXAMPLE)
@format_option("json", "dotenv", "github")
def command(terminal: Terminal, output_format: str) -> int:
    """Ask the platform and print."""
    found = asyncio.run(list_deployed(terminal.deployment(), environments=True))
    things: list[tuple[Kind, DeployedAssistant | DeployedResource]] = []
    things += [(Kind.ASSISTANT, one) for one in found.assistants]
    things += [(one.kind, one) for one in (*found.resources, *found.environments)]
    named = _by_name(things)
    ids = {name: _harmless(name, object_id) for name, (_, _, object_id) in named.items()}
    if output_format == "json":
        from assistctl.rendering.json import dumps

        terminal.write(dumps(dict(ids.items())))
    else:
        lines = _dotenv(named.values()) if output_format == "dotenv" else ids
        terminal.write("".join(f"{name}={identifier}\n" for name, identifier in lines.items()))
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


def _dotenv(things: Iterable[tuple[Kind, str, str]]) -> dict[str, str]:
    lines: dict[str, str] = {}
    for kind, key, identifier in things:
        name = f"{kind}_{key}".upper().replace("-", "_")
        if name in lines:
            raise AssistctlError(f"two keys come to the name {name} here", "Use --format json, or rename a key.")
        lines[name] = identifier
    return lines


def _harmless(key: str, identifier: str) -> str:
    if not _HARMLESS.fullmatch(identifier):
        raise AssistctlError(f"the id of {key} on the platform is not one that is safe to print: {identifier!r}")
    return identifier
