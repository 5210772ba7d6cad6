"""``assistctl``: finds the command, runs it, and turns whatever happens into an exit code of ours."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

import click

from assistctl.cli.options import GLOBAL_OPTIONS, takes_value
from assistctl.cli.signals import take_sigterm_as_ctrl_c
from assistctl.cli.terminal import guarded_output, hold_closed_descriptors
from assistctl.errors import ExitCode, did_you_mean, with_hint
from assistctl.platforms.packages_on_demand import load_on_demand
from assistctl.secrets.sink import MaskingStream, mask_streams, masked_output
from assistctl.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# Help for all of them without importing any of them.
COMMANDS: Mapping[str, str] = {
    "init": "Set up a project and its CI pipeline.",
    "validate": "Check manifests offline.",
    "plan": "Show what apply would do.",
    "show": "Show a saved plan.",
    "apply": "Create, update and delete what the plan says.",
    "destroy": "Delete what the project owns.",
    "forget": "Stop managing assistants without deleting them.",
    "drift": "Show what was changed outside of assistctl.",
    "ask": "Talk with a deployed assistant.",
    "check": "Run the manifests' checks against what is deployed.",
    "dump": "Write manifests for assistants that already exist.",
    "migrate": "Move assistants to another platform, with a loss report.",
    "list": "List what is deployed on the target.",
    "models": "List the target's models, their shutdowns, and what uses them.",
    "output": "Print the key and id of each deployed assistant.",
    "history": "List past applies, or show what one of them did.",
    "rollback": "Undo an apply.",
    "unlock": "Release a lock whose apply died.",
    "gc": "Delete uploads and vector stores that nothing refers to.",
    "schema": "Print a JSON Schema of manifests or of a command's JSON.",
    "serve": "Serve the embedded platform over HTTP.",
    "help": "Read the manual.",
    "completion": "Print a completion script for bash, zsh or fish.",
}
# They build trees of manifests and answers, and end: between two searches for cycles among those may lie more
# objects than 10,000 assistants take.
_BUILD_AND_END = frozenset({"validate", "plan", "drift"})
# What was changed is what their exit code tells of, whether or not the results could be written.
_CHANGING = frozenset({"init", "apply", "destroy", "forget", "dump", "migrate", "rollback", "unlock", "gc"})
# Other tools' words for commands.
_OTHER_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("diff", "preview"), "plan"),
    **dict.fromkeys(("deploy", "up", "push", "sync", "create", "update"), "apply"),
    **dict.fromkeys(("delete", "rm", "remove", "down"), "destroy"),
    **dict.fromkeys(("import", "export", "pull"), "dump"),
    **dict.fromkeys(("ls", "state"), "list"),
    "lint": "validate",
    **dict.fromkeys(("chat", "talk", "say"), "ask"),
    **dict.fromkeys(("test", "eval"), "check"),
    **dict.fromkeys(("status", "refresh"), "drift"),
    **dict.fromkeys(("log", "undo"), "history"),
    **dict.fromkeys(("man", "docs"), "help"),
}
_EPILOG = """\
\b
Start with:
  assistctl init                       set up a project in this folder
  assistctl plan                       see what would change
  assistctl apply                      change it
  assistctl help                       the manual; getting-started takes ten minutes

\b
Exit codes: 0 done, or nothing to do; 1 error; 2 changes pending, drift, or a
failed check; 3 refused by a safety rule; 4 applied in part; 64 wrong usage.
"""


class CommandsOnDemand(click.Group):
    """Imports a command when it is run, and takes the global options before it as well as after it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """All commands, in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", import_module(f"assistctl.cli.{cmd_name}").command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names."""
        if args and args[0] not in COMMANDS and not ctx.resilient_parsing:
            meant = _OTHER_WORDS.get(args[0])
            near = f"did you mean {meant!r}?" if meant else did_you_mean(args[0], COMMANDS)
            ctx.fail(with_hint(f"there is no command {args[0]!r}", near))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put what stands before the command behind it: every command takes the global options itself."""
        place = _place_of_command(args)
        if place is not None:
            args = [args[place], *args[:place], *args[place + 1 :]]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands without importing them."""
        from click.shell_completion import CompletionItem

        own = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return own or click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options that every command takes."""
        rows = [row for option in GLOBAL_OPTIONS if (row := option.get_help_record(ctx))]
        with formatter.section("Options of every command, before or after it"):
            formatter.write_dl(rows)
        super().format_options(ctx, formatter)


def _place_of_command(args: list[str]) -> int | None:
    place = 0
    while place < len(args):
        word = args[place]
        if word in COMMANDS:
            return place
        if not word.startswith("-") or word in {"--", "--help", "-h", "--version"}:
            return None
        place += 2 if takes_value(word) else 1
    return None


@click.command(
    cls=CommandsOnDemand,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(__version__, prog_name="assistctl", message="%(prog)s %(version)s")
def assistctl() -> None:
    """Assistants as code: declare AI assistants in YAML, see with plan what would change, and apply it."""


def main() -> None:
    """Run the command line and exit the process."""
    if _is_one_of(_BUILD_AND_END, sys.argv[1:]):
        # They only build trees, and end: there is next to nothing to find (``__main__`` has the usual threshold).
        gc.set_threshold(2_000_000, 20, 20)
    hold_closed_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its code, not a crash.
            stream.reconfigure(errors="backslashreplace")
    mask_streams()
    take_sigterm_as_ctrl_c()
    load_on_demand()
    asked = os.environ.get("_ASSISTCTL_COMPLETE", "")
    if asked.endswith("_complete"):
        from assistctl.cli.completion import answer

        sys.stdout.write(answer(asked, assistctl, COMMANDS))
        sys.exit()
    code = run(sys.argv[1:])
    # All that is left goes with the process: to look for cycles among it first takes longer than to print a plan.
    gc.freeze()
    sys.exit(code)


def run(args: list[str]) -> int:
    """Run the command line; the exit code. Every failure has been reported when it returns."""
    for_good = isinstance(sys.stderr, MaskingStream)
    with guarded_output() as output:
        with masked_output(for_good=for_good):
            code = _run(args)
        return output.settled(code, changes=_changes_something(args))


def _changes_something(args: list[str]) -> bool:
    return _is_one_of(_CHANGING, args) and not {"-h", "--help"}.intersection(args)


def _is_one_of(commands: Collection[str], args: list[str]) -> bool:
    place = _place_of_command(args)
    return place is not None and args[place] in commands


def _run(args: list[str]) -> int:
    try:
        code = assistctl.main(args, prog_name="assistctl", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        error.show()
        return ExitCode.ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    return int(code or 0)
