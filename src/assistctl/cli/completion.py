"""``assistctl completion``: the script with which a shell completes commands, options, keys and targets."""

from __future__ import annotations

import contextlib

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
    from assistctl.cli.main import assistctl

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    terminal.write(found(assistctl, {}, "assistctl", VARIABLE).source().lstrip("\n"))
    return ExitCode.OK


def answer(instruction: str) -> str:
    """The answer to a shell that asks with ``bash_complete`` or the like; empty whatever is wrong.

    click itself would answer with bytes, which the streams that mask do not take, and only after a command.
    """
    from assistctl.cli.main import assistctl

    lines: list[str] = []
    with contextlib.suppress(Exception):
        made = get_completion_class(instruction.partition("_")[0])
        if made is not None:
            shell = made(assistctl, {}, "assistctl", VARIABLE)
            words, incomplete = shell.get_completion_args()
            items = shell.get_completions(_with_command(words), incomplete)
            lines = [shell.format_completion(item) for item in items]
    return "".join(f"{line}\n" for line in lines)


def _with_command(words: list[str]) -> list[str]:
    """``words`` with a command where the value of an option before it is typed: every command takes these alike.

    Raises ``LookupError`` for a command that is none.
    """
    from assistctl.cli.main import COMMANDS

    place = 0
    while place < len(words):
        if words[place] in COMMANDS:
            return words
        if not words[place].startswith("-"):
            raise LookupError(words[place])
        place += 2 if takes_value(words[place]) else 1
    return words if place == len(words) else ["list", *words]
