"""``assistctl schema``: the JSON Schemas of what people write and of what the commands print."""

from __future__ import annotations

import click

from assistctl.cli.completing import complete_schemas
from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode, did_you_mean, with_hint
from assistctl.manifest.validation.schema import SCHEMAS, whole_schema

HELP = """Print a JSON Schema.

There are schemas for manifests and assistctl.yaml (for editors), and for the JSON that commands print (for
scripts). Without NAME, lists them. Each is complete in itself (JSON Schema 2020-12)."""
EXAMPLE = """\
Examples:
  assistctl schema
  assistctl schema manifest > manifest.schema.json
  assistctl schema plan | jq '.properties | keys'"""


@subcommand("schema", HELP, EXAMPLE)
@click.argument("name", metavar="[NAME]", required=False, shell_complete=complete_schemas)
@format_option("text", "json")
def command(terminal: Terminal, *, name: str | None, output_format: str) -> int:
    """Print one, or the names there are."""
    if name is not None:
        from assistctl.rendering.json import dumps

        terminal.write(dumps(whole_schema(_known(name))))
    elif output_format == "json":
        terminal.write_json({"schemas": dict(SCHEMAS.items())})
    else:
        width = max(map(len, SCHEMAS))
        terminal.write("".join(f"{schema:<{width}}  {about}\n" for schema, about in SCHEMAS.items()))
    return ExitCode.OK


def _known(name: str) -> str:
    if name not in SCHEMAS:
        hint = did_you_mean(name, SCHEMAS) or f"The schemas are: {', '.join(SCHEMAS)}."
        raise click.UsageError(with_hint(f"there is no schema {name!r}", hint))
    return name
