"""``assistctl output``: key and id of each assistant, for scripts and applications."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode
from assistctl.operations.list_deployed import list_deployed

HELP = """Print the key and id of each deployed assistant, for scripts.

json prints {"key": "id"}; dotenv prints a line ASSISTANT_<KEY>=id for each, with the key in capitals and _ for -;
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
    found = asyncio.run(list_deployed(terminal.deployment()))
    ids = {assistant.key: _harmless(assistant.key, assistant.id) for assistant in found}
    if output_format == "json":
        from assistctl.rendering.json import dumps

        terminal.write(dumps(dict(ids.items())))
    else:
        lines = _dotenv(ids) if output_format == "dotenv" else ids
        terminal.write("".join(f"{name}={identifier}\n" for name, identifier in lines.items()))
    return ExitCode.OK


def _dotenv(ids: Mapping[str, str]) -> dict[str, str]:
    lines: dict[str, str] = {}
    for key, identifier in ids.items():
        name = f"ASSISTANT_{key.upper().replace('-', '_')}"
        if name in lines:
            raise AssistctlError(f"two keys come to the name {name} here", "Use --format json, or rename a key.")
        lines[name] = identifier
    return lines


def _harmless(key: str, identifier: str) -> str:
    if not _HARMLESS.fullmatch(identifier):
        raise AssistctlError(f"the id of {key} on the platform is not one that is safe to print: {identifier!r}")
    return identifier
