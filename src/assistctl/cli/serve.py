"""``assistctl serve``: the embedded platform for any OpenAI SDK."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistctl.cli.options import subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode
from assistctl.local.code_interpreter.choice import DEFAULT, NAMES, SandboxName
from assistctl.secrets.redaction import mask, register

if TYPE_CHECKING:
    from assistctl.local.http.observation import Observer

HELP = """Serve the embedded platform over HTTP, for any OpenAI SDK.

It is the Assistants API v2 over one SQLite file, by default .assistctl/local.db, which the target `local` uses
too. Runs are answered by a model at any OpenAI-compatible address; its key is taken from
ASSISTCTL_MODEL_API_KEY. It listens on this machine only unless told otherwise."""
EXAMPLE = """\
Examples:
  assistctl serve
  assistctl serve --model-url http://127.0.0.1:11434/v1 --model-alias gpt-4o=llama3.1:8b
  assistctl serve --port 9000 --db team.db --api-key "$KEY"
  assistctl serve --prepare-code
  OPENAI_BASE_URL=http://127.0.0.1:8788/v1 OPENAI_API_KEY=any python app.py"""
_PORT = 8788
_KEY_VARIABLE = "ASSISTCTL_SERVE_API_KEY"


def _usable_key(_: click.Context, __: click.Parameter, api_key: str | None) -> str | None:
    # click takes an empty variable for one that is not set; here that would open what was to be closed.
    if api_key is None and _KEY_VARIABLE in os.environ:
        api_key = ""
    if api_key is None:
        return None
    from assistctl.local.http.access import usable_key

    try:
        return usable_key(api_key)
    except AssistctlError as error:
        raise click.BadParameter(f"{error.summary}. {error.hint}") from error


def _usable_url(_: click.Context, __: click.Parameter, url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url!r} is not a server's address: it must begin with http:// or https://.")
    return url


def _aliases(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for pair in pairs:
        # Names of models have colons, slashes and dots in them, and no equals sign.
        name, separator, other = pair.partition("=")
        if not separator or not name or not other:
            raise click.BadParameter(f"{pair!r} is not NAME=NAME.")
        aliases[name] = other
    return aliases


@subcommand("serve", HELP, EXAMPLE)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The database file.  [default: .assistctl/local.db in the project]",
)
@click.option(
    "--api-key",
    envvar=_KEY_VARIABLE,
    show_envvar=True,
    callback=_usable_key,
    metavar="KEY",
    help="The key that clients must send.  [default: any key will do]",
)
@click.option(
    "--model-url",
    envvar="ASSISTCTL_MODEL_URL",
    show_envvar=True,
    callback=_usable_url,
    metavar="URL",
    help="The base address of a Chat Completions server that answers runs.",
)
@click.option(
    "--model-alias",
    "model_aliases",
    multiple=True,
    callback=_aliases,
    metavar="NAME=NAME",
    help="Ask for the model on the right where an assistant names the one on the left. Repeatable.",
)
@click.option(
    "--max-connections",
    type=click.IntRange(1),
    metavar="N",
    help="Connections open at once; others wait.  [default: as many as open files allow, at most 1024]",
)
@click.option(
    "--code-sandbox",
    type=click.Choice(NAMES),
    default=DEFAULT,
    show_default=True,
    help="Run the code interpreter's code as WebAssembly (extra `code`), under Linux' Landlock (extra "
    "`code-linux`), or not at all.",
)
@click.option(
    "--prepare-code",
    is_flag=True,
    help="Get the code sandbox ready and exit: compile it once, which takes a minute or two.",
)
@click.option(
    "--embeddings-url",
    envvar="ASSISTCTL_EMBEDDINGS_URL",
    show_envvar=True,
    metavar="URL",
    help="Search vector stores by meaning too, with vectors from this OpenAI-compatible address; its key is in"
    " ASSISTCTL_EMBEDDINGS_API_KEY.",
)
@click.option(
    "--embeddings-model",
    envvar="ASSISTCTL_EMBEDDINGS_MODEL",
    show_envvar=True,
    metavar="NAME",
    help="The model to ask for vectors.  [default: text-embedding-3-small]",
)
@click.option(
    "--access-log",
    type=click.Choice(["json", "text"]),
    help="Write a line for each request to stdout.",
)
@click.option("--metrics", is_flag=True, help="Serve /metrics for Prometheus, with the same key.")
def command(
    terminal: Terminal,
    *,
    host: str,
    port: int,
    db: Path | None,
    api_key: str | None,
    model_url: str | None,
    model_aliases: dict[str, str],
    max_connections: int | None,
    code_sandbox: SandboxName,
    prepare_code: bool,
    embeddings_url: str | None,
    embeddings_model: str | None,
    access_log: str | None,
    metrics: bool,
) -> int:
    """Listen until told to stop, or get the code sandbox ready."""
    if prepare_code:
        from assistctl.cli.code_preparation import prepare

        prepare(terminal, code_sandbox)
        return ExitCode.OK
    from assistctl.checkout.untrusted_files import place_in
    from assistctl.local.runs.model_client import ModelSettings
    from assistctl.local.server import serve
    from assistctl.local.vector_stores.embeddings import configured
    from assistctl.manifest.project.project import settings_in
    from assistctl.platforms.local import DATABASE

    register("ASSISTCTL_SERVE_API_KEY", api_key or "")
    environ = settings_in(terminal.invocation.directory, os.environ)
    database = db or place_in(terminal.invocation.directory, DATABASE)
    key = "the key it was given" if api_key else "any key"

    def announce(url: str, is_reachable: bool) -> None:  # a callback
        terminal.complain(url)
        terminal.say(f"Serving {database} to anyone with {key}. Ctrl-C stops it.")
        if is_reachable and not api_key:
            terminal.complain("warning: anyone who reaches this machine can change everything; pass --api-key")

    log = _ErrorLog(terminal)
    logging.getLogger().addHandler(log)
    try:
        serve(
            host=host,
            port=port,
            database=database,
            api_key=api_key,
            announce=announce,
            max_connections=max_connections,
            code_sandbox=code_sandbox,
            model=ModelSettings.from_environment(model_url, model_aliases, environ),
            embeddings=configured(embeddings_url, embeddings_model, environ),
            observers=_observers(terminal, access_log),
            with_metrics=metrics,
        )
    finally:
        logging.getLogger().removeHandler(log)
    return ExitCode.OK


def _observers(terminal: Terminal, form: str | None) -> list[Observer]:
    if form is None:
        return []
    from assistctl.local.http.observation import access_log

    return [access_log(form, _AccessLogLines(terminal).write)]


class _AccessLogLines:
    """Lines on stdout, as long as they can be written: a full or closed log must not stop the server.

    Past ``cli.terminal``, which keeps what could not be written for the end: a server may be far from that.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._is_lost = False
        self._descriptor = sys.stdout.fileno()

    def write(self, line: str) -> None:
        """Write a masked line; lost lines are reported once on stderr, until writing works again."""
        content = f"{mask(line)}\n".encode()
        try:
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError as error:
            if not self._is_lost:
                reason = error.strerror or type(error).__name__
                self._terminal.complain(f"warning: the access log cannot be written ({reason})")
            self._is_lost = True
        else:
            self._is_lost = False


class _ErrorLog(logging.Handler):
    """Log errors that clients are not told about, for the operator: a line each, with ``-v`` all of it."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        text = record.getMessage()
        if record.exc_info and self._terminal.invocation.verbose:
            text = self.format(record)
        elif record.exc_info:
            text = f"{text}: {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        self._terminal.complain(f"{record.levelname.lower()}: {text}")
