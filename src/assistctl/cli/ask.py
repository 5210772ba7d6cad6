"""``assistctl ask``: talk with a deployed assistant."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistctl.cli.completing import complete_keys
from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ProjectError

if TYPE_CHECKING:
    from assistctl.cli.asking import LiveAnswer
    from assistctl.model.checks import FunctionAnswer
    from assistctl.operations.ask import TalkSettings

HELP = """Ask a deployed assistant, and print its answer as it comes.

MESSAGE is the message, or - to read it from standard input. Without one, on a terminal, it is a conversation.
Functions that the assistant calls are answered by the programs that --tool names, else by you, on a terminal.
Ctrl-C cancels the run. The conversation stays on the platform, to go on with, unless --no-keep deletes it."""
EXAMPLE = """\
Examples:
  assistctl ask order-desk "Where is order 1001?"
  assistctl ask order-desk
  git diff | assistctl ask reviewer - --thread thread_abc
  assistctl ask data-analyst "Plot this" --attach sales.csv --save charts
  assistctl ask order-desk "Where is 1001?" --tool "order_status=python3 tools/order_status.py"
  assistctl ask order-desk "Where is 1001?" --format json | jq -r .answer"""
_TOOLS = ("file_search", "code_interpreter")


def _commands(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, FunctionAnswer]:
    from assistctl.model.checks import FunctionAnswer

    answers = {}
    for text in texts:
        name, equals, command = text.partition("=")
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise click.BadParameter(f"{text!r} cannot be read: {error}.") from error
        if not name or not equals or not words:
            raise click.BadParameter(f"{text!r} is not NAME=COMMAND.")
        answers[name] = FunctionAnswer(command=words)
    return answers


def _attachments(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> tuple[tuple[Path, str | None], ...]:
    found = []
    for text in texts:
        path, _colon, tool = text.rpartition(":")
        is_named = bool(path) and tool in _TOOLS
        found.append((Path(path if is_named else text), tool if is_named else None))
    return tuple(found)


@subcommand("ask", HELP, EXAMPLE)
@click.argument("key", metavar="KEY", shell_complete=complete_keys)
@click.argument("message", metavar="[MESSAGE]", required=False)
@format_option("text", "json")
@click.option(
    "--attach",
    "attachments",
    multiple=True,
    metavar="FILE[:TOOL]",
    callback=_attachments,
    help="Send a file along, for file_search or code_interpreter. Can be repeated.",
)
@click.option("--thread", "thread_id", metavar="ID", help="Continue this conversation.")
@click.option(
    "--save",
    "save_to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the files that the assistant makes into this folder.",
)
@click.option(
    "--tool",
    "tools",
    multiple=True,
    metavar="NAME=COMMAND",
    callback=_commands,
    help="Have a program answer a function: it reads the arguments as JSON and prints the answer. Repeatable.",
)
@click.option("--keep/--no-keep", default=True, help="Keep the conversation on the platform, or delete it.")
def command(
    terminal: Terminal,
    *,
    key: str,
    message: str | None,
    output_format: str,
    attachments: tuple[tuple[Path, str | None], ...],
    thread_id: str | None,
    save_to: Path | None,
    tools: Mapping[str, FunctionAnswer],
    keep: bool,
) -> int:
    """Ask, and print what comes."""
    from assistctl.cli.asking import Asking, LiveAnswer, asked_once
    from assistctl.operations.ask import TalkSettings

    from_stdin = message == "-"
    if message is None and (output_format == "json" or not terminal.is_interactive):
        raise click.UsageError("there is no MESSAGE: give one, or - to read it from standard input.")
    if message is not None and not message.strip():
        raise click.UsageError("the MESSAGE is empty.")
    text = _read_stdin() if from_stdin else message
    settings = TalkSettings(thread_id, keep, tools, Path.cwd(), save_to=save_to)
    live = None if output_format == "json" else LiveAnswer(terminal)
    settings = _with_people(terminal, settings, live, is_interactive=terminal.is_interactive and not from_stdin)
    asking = Asking(terminal, key, attachments, settings)
    try:
        if live is None or text is not None:
            return run_until_interrupted(asked_once(asking, text or "", live))
        from assistctl.cli.conversation import converse

        return run_until_interrupted(converse(asking, live))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        if live is not None:
            live.break_line()


def _with_people(
    terminal: Terminal, settings: TalkSettings, live: LiveAnswer | None, *, is_interactive: bool
) -> TalkSettings:
    """``settings`` with who hears what comes, and answers functions."""
    from dataclasses import replace

    if live is not None:
        settings = replace(settings, heard=live.hear)
    if live is None or not is_interactive:
        return settings
    from assistctl.cli.conversation import answered_on

    return replace(settings, otherwise=answered_on(terminal, live))


def _read_stdin() -> str:
    # A byte that is no text would be half a character in a request.
    text = sys.stdin.buffer.read().decode("utf-8", errors="replace").removeprefix("\ufeff").rstrip("\r\n")
    if not text.strip():
        raise ProjectError("standard input has no message", "Pipe one in, or give it as MESSAGE.")
    return text
