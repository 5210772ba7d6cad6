"""The streams of a command and its global options: results to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from assistctl.cli.signals import ctrl_c_ends_reading
from assistctl.cli.streams import stderr_is_lost
from assistctl.json_value import Json

if TYPE_CHECKING:
    from rich.console import Console

    from assistctl.operations.deployment import Deployment

_WIDTH_WITHOUT_TERMINAL = 100


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options as given; ``timeout`` is in seconds, ``config_from`` names a git commit."""

    directory: Path
    target: str | None
    variables: Mapping[str, str]
    color: str
    verbose: bool
    quiet: bool
    timeout: float = 600.0
    config_from: str | None = None


@dataclass(slots=True)
class Terminal:
    """Both streams of one command. ``changes`` is whether it has begun to change something."""

    invocation: Invocation
    changes: bool = False
    _deployment: Deployment | None = None

    def deployment(self, target: str | None = None) -> Deployment:
        """The project on the target that the options name (or on ``target``).

        Raises what ``open_deployment`` raises.
        """
        self._deployment = self.other_deployment(self.invocation.target or target)
        return self._deployment

    def other_deployment(self, target: str | None) -> Deployment:
        """The project on ``target``, beside the one that the command is about.

        Raises what ``open_deployment`` raises.
        """
        from assistctl.operations.deployment import open_deployment

        given = self.invocation
        return open_deployment(
            given.directory,
            target,
            given.variables,
            os.environ,
            throttle_timeout=given.timeout,
            told=self.say,
            config_from=given.config_from,
        )

    @property
    def head(self) -> dict[str, Json]:
        """Whose results these are, as JSON has it, as far as that is known yet."""
        if self._deployment is None:
            return {}
        target = self._deployment.target
        return {
            "project": self._deployment.owner,
            "target": {"name": target.name, "platform": target.platform},
        }

    @property
    def whose(self) -> tuple[str, str]:
        """The project and the target that results are about; empty where there is none yet."""
        return (self._deployment.owner, self._deployment.target.name) if self._deployment else ("", "")

    @property
    def is_interactive(self) -> bool:
        """Whether somebody is there to answer a question."""
        return sys.stdin is not None and sys.stdin.isatty()

    def results(self) -> Console:
        """Where results go, as a console."""
        return _console(self.invocation.color, sys.stdout)

    def messages(self) -> Console:
        """Where progress and messages go, as a console."""
        return _console(self.invocation.color, sys.stderr)

    def write(self, text: str) -> None:
        """Print a finished document."""
        # As it is: a document that was masked as JSON or HTML is one that the sink knows by its type.
        sys.stdout.write(text)
        sys.stdout.flush()

    def write_json(self, document: Mapping[str, Json]) -> None:
        """Print ``document`` as JSON, the version of its format first."""
        from assistctl.model.plan_document import FORMAT_VERSION
        from assistctl.rendering.json import dumps

        self.write(dumps({"format_version": FORMAT_VERSION, **document}))

    def say(self, text: str) -> None:
        """Print one line of progress, unless it is to be quiet."""
        if not (self.invocation.quiet or stderr_is_lost()):
            self.complain(text)

    def complain(self, text: str) -> None:
        """Print one line to stderr, whatever was said about quiet."""
        from assistctl.secrets.escaping import visible

        click.echo(visible(text, multiline=True), err=True)

    def ask(self, question: str) -> bool:
        """Ask on the terminal; only a clear yes is one."""
        with ctrl_c_ends_reading():
            click.echo(f"{question} [yes/no] ", nl=False, err=True)
            return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _console(color: str, stream: TextIO) -> Console:
    from rich.console import Console

    is_terminal = stream.isatty()
    return Console(
        file=stream,
        force_terminal=True if color == "always" else (False if color == "never" else None),
        color_system=None if color == "never" else ("truecolor" if color == "always" else "auto"),
        width=None if is_terminal else _WIDTH_WITHOUT_TERMINAL,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not is_terminal,
    )
