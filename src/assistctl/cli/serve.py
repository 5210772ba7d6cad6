"""``assistctl serve``: the embedded platform for any OpenAI SDK."""

from __future__ import annotations

from pathlib import Path

import click

from assistctl.cli.options import subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.secrets.redaction import register

HELP = """Serve the embedded platform over HTTP, to any OpenAI SDK.

It is the Assistants API v2 over one SQLite file, by default .assistctl/local.db, which the target `local` uses
too. It listens on this machine only unless told otherwise."""
EXAMPLE = """\
Examples:
  assistctl serve
  assistctl serve --port 9000 --db team.db --api-key "$KEY"
  OPENAI_BASE_URL=http://127.0.0.1:8788/v1 OPENAI_API_KEY=any python app.py"""
_PORT = 8788


@subcommand("serve", HELP, EXAMPLE)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="The port to listen on; 0 is any free one.",
)
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The database's file.  [default: .assistctl/local.db in the project]",
)
@click.option(
    "--api-key",
    envvar="ASSISTCTL_SERVE_API_KEY",
    metavar="KEY",
    help="Want this key from clients; any will do otherwise.",
)
def command(terminal: Terminal, host: str, port: int, db: Path | None, api_key: str | None) -> int:
    """Listen until told to stop."""
    from assistctl.local.server import serve
    from assistctl.platforms.local import DATABASE

    register("ASSISTCTL_SERVE_API_KEY", api_key or "")
    database = db or terminal.invocation.directory / DATABASE
    key = "the key it was given" if api_key else "any key"

    def announce(url: str, is_reachable: bool) -> None:  # a callback
        terminal.complain(url)
        terminal.say(f"Serving {database} to whoever has {key}. Ctrl-C stops it.")
        if is_reachable and not api_key:
            terminal.complain("warning: whoever reaches this machine can change all of it; pass --api-key")

    serve(host=host, port=port, database=database, api_key=api_key, announce=announce)
    return ExitCode.OK
