"""``assistctl completion``: the script with which a shell completes commands, options, keys and targets."""

from __future__ import annotations

import contextlib
from collections.abc import Container

import click
from click.shell_completion import get_completion_class

from assistctl.cli.options import subcommand, takes_value
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode

HELP = """Print a completion script for bash, zsh or fish.

Besides commands and options it completes the keys and targets of the project in this folder (or that of -C), and
the pages of the manual. It reads files only and speaks to no platform."""
EXAMPLE = """\
Examples:
  source <(assistctl completion bash)        in ~/.bashrc
  source <(assistctl completion zsh)         in ~/.zshrc, after compinit
  assistctl completion fish > ~/.config/fish/completions/assistctl.fish"""
VARIABLE = "_ASSISTCTL_COMPLETE"
"""The variable with which the script asks for completions, as click names it."""


@subcommand("completion", HELP, EXAMPLE)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="bash|zsh|fish")
def command(terminal: Terminal, *, shell: str) -> int:
    """Print click's own script for the shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    program = click.get_current_context().find_root().command
    terminal.write(found(program, {}, "assistctl", VARIABLE).source().lstrip("\n"))
    return ExitCode.OK


def answer(instruction: str, program: click.Group, commands: Container[str]) -> str:
    """The answer to a shell that asks with ``bash_complete`` or the like; empty whatever is wrong.

    ``commands`` are the names of those that ``program`` has.

    click itself would answer with bytes, which the streams that mask do not take, and only after a command.
    """
    lines: list[str] = []
    with contextlib.suppress(Exception):
        made = get_completion_class(instruction.partition("_")[0])
        if made is not None:
            shell = made(program, {}, "assistctl", VARIABLE)
            words, incomplete = shell.get_completion_args()
            items = shell.get_completions(_with_command(words, commands), incomplete)
            lines = [shell.format_completion(item) for item in items]
    return "".join(f"{line}\n" for line in lines)


def _with_command(words: list[str], commands: Container[str]) -> list[str]:
    """``words`` with a command where the value of an option before it is typed: every command takes these alike.

    Raises ``LookupError`` for a command that is none.
    """
    place = 0
    while place < len(words):
        if words[place] in commands:
            return words
        if not words[place].startswith("-"):
            raise LookupError(words[place])
        place += 2 if takes_value(words[place]) else 1
    return words if place == len(words) else ["list", *words]
