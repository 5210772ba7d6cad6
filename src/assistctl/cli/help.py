"""``assistctl help``: the manual, and the commands' own help."""

from __future__ import annotations

import re
import sys

import click

from assistctl.cli.completing import complete_topics
from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode, did_you_mean, with_hint
from assistctl.manual import page, topics, topics_of

HELP = """Read the manual.

Without a TOPIC, lists the pages; a part of a page's name will do. The name of a command without a page
shows its --help. On a terminal pages are laid out, elsewhere they are Markdown."""
EXAMPLE = """\
Examples:
  assistctl help
  assistctl help getting-started       from an empty repository to CI, in ten minutes
  assistctl help secrets
  assistctl help apply                 as assistctl apply --help"""
_WIDEST = 100
_LINK = re.compile(r"\[([^\]]+)\]\(([a-z-]+)\.md(?:#[a-z0-9-]*)?\)")
_FOREIGN_LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./|#)[^)]*\)")


@subcommand("help", HELP, EXAMPLE)
@click.argument("topic", nargs=-1, metavar="[TOPIC]", shell_complete=complete_topics)
@format_option("text", "json")
def command(terminal: Terminal, *, topic: tuple[str, ...], output_format: str) -> int:
    """Print a page, a command's help, or the list of topics."""
    name = " ".join(topic)
    if not topic:
        _print_topics(terminal, output_format)
        return ExitCode.OK
    described = None if name in topics() else _help_of(name)
    found = [] if described else topics_of(name)
    if not described and len(found) != 1:
        hint = f"did you mean {' or '.join(map(repr, found))}?" if found else did_you_mean(name, topics())
        raise click.UsageError(with_hint(f"there is no page {name!r}", hint or "`assistctl help` lists them."))
    text = described or page(found[0])
    if output_format == "json":
        terminal.write_json({"topic": found[0] if found else name, "text": text})
    elif described:
        terminal.write(f"{text}\n")
    else:
        _print_page(terminal, text)
    return ExitCode.OK


def _print_topics(terminal: Terminal, output_format: str) -> None:
    pages = topics()
    if output_format == "json":
        terminal.write_json({"topics": dict(pages.items())})
        return
    width = max(map(len, pages), default=0)
    terminal.write("".join(f"{name:<{width}}  {title}\n" for name, title in pages.items()))
    terminal.say("\nassistctl help TOPIC prints a page, assistctl COMMAND --help the options of a command.")


def _help_of(name: str) -> str | None:
    """The ``--help`` text of a command; ``None`` where no command has that name."""
    from assistctl.cli.main import COMMANDS, assistctl

    if name not in COMMANDS:
        return None
    with click.Context(assistctl, info_name="assistctl") as parent:
        described = assistctl.get_command(parent, name)
        if described is None:
            return None
        with described.make_context(name, [], parent=parent, resilient_parsing=True) as ctx:
            return described.get_help(ctx)


def _print_page(terminal: Terminal, text: str) -> None:
    if not sys.stdout.isatty() and terminal.invocation.color != "always":
        terminal.write(text)
        return
    from rich.markdown import Markdown

    console = terminal.results()
    links = _FOREIGN_LINK.sub(r"\1", _LINK.sub(_way_to, text))
    console.print(Markdown(links, hyperlinks=False), width=min(_WIDEST, console.width))


def _way_to(link: re.Match[str]) -> str:
    """A link to another page as the command that prints it."""
    shown = f"`assistctl help {link[2]}`"
    return shown if link[1] in {link[2], f"{link[2]}.md"} else f"{link[1]} ({shown})"
