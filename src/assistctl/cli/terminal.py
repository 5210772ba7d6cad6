"""Results to stdout, everything else to stderr; and how an error is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from assistctl.cli.invocation import Invocation
from assistctl.cli.signals import ctrl_c_ends_reading
from assistctl.cli.streams import keep_messages_off_stdout, stderr_is_lost
from assistctl.errors import AssistctlError, ExitCode, ManifestError, ProjectError
from assistctl.model.diagnostics import Diagnostic, Severity
from assistctl.model.json_value import Json

if TYPE_CHECKING:
    from rich.console import Console

    from assistctl.operations.deployment import Deployment

# The commands that only look, and those that say when they begin to change something.
_CHANGES_NOTHING = frozenset(
    {
        "ask",
        "check",
        "completion",
        "drift",
        "help",
        "history",
        "list",
        "models",
        "output",
        "plan",
        "schema",
        "show",
        "validate",
    }
)
_TELLS_OF_CHANGES = frozenset({"apply", "destroy", "forget", "gc", "rollback"})
_WIDTH_WITHOUT_TERMINAL = 100


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


def reporting(invocation: Invocation, function: Callable[..., int], own: Mapping[str, object]) -> int:
    """Call a command's ``function`` with a terminal; tell of its failure; the exit code."""
    terminal = Terminal(invocation)
    if own.get("output_format", "text") != "text":
        keep_messages_off_stdout()
    try:
        _refuse_manifests(own.get("keys"))
        return int(function(terminal, **own))
    except ManifestError as error:
        diagnostics, code = error.diagnostics, error.exit_code
    except AssistctlError as error:
        diagnostics, code = (Diagnostic(Severity.ERROR, error.summary, error.hint),), error.exit_code
    except KeyboardInterrupt:
        left = _left_by_interruption(terminal, function)
        diagnostics, code = (Diagnostic(Severity.ERROR, "interrupted", left),), ExitCode.INTERRUPTED
    except (click.ClickException, click.Abort):
        raise
    except OSError as error:
        diagnostics, code = (_refused_by_the_system(terminal, error),), ExitCode.ERROR
    except Exception as error:  # noqa: BLE001  # whatever it is, nobody should meet a traceback
        diagnostics, code = (_defect(terminal, error),), ExitCode.ERROR
    output_format = own.get("output_format", getattr(own.get("apply_options"), "output_format", "text"))
    _tell(terminal, diagnostics, str(output_format), command=function.__module__.rpartition(".")[2])
    return code


def _tell(terminal: Terminal, diagnostics: Sequence[Diagnostic], output_format: str, *, command: str) -> None:
    """Say what went wrong, to people and, where another format was asked for, to what reads that as well."""
    from assistctl.rendering.text.plan_text import print_diagnostics

    print_diagnostics(terminal.messages(), diagnostics)
    if output_format != "text":
        from assistctl.cli.failure_report import print_failure

        print_failure(terminal, diagnostics, output_format, command=command)


def _refuse_manifests(keys: object) -> None:
    """Raise ``ProjectError`` for a manifest's path where keys are wanted."""
    for word in keys if isinstance(keys, tuple) else ():
        if isinstance(word, str) and word.endswith((".yaml", ".yml", ".md")):
            raise ProjectError(f"{word!r} is a file, and this takes keys", f"did you mean {Path(word).stem!r}?")


def _left_by_interruption(terminal: Terminal, function: Callable[..., int]) -> str:
    """How far a command came that was interrupted, as a sentence."""
    name = function.__module__.rpartition(".")[2]
    if name == "ask":
        return "A run that was under way is cancelled."
    if name in _CHANGES_NOTHING or (name in _TELLS_OF_CHANGES and not terminal.changes):
        return "Nothing was changed."
    return "What was done until then stays done; `assistctl plan` shows what is left to do."


def _refused_by_the_system(terminal: Terminal, error: OSError) -> Diagnostic:
    """An error of the system that no command handles: no access, a folder that is gone, a full disk."""
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    if error.filename is None and not _is_somewhere():
        return Diagnostic(Severity.ERROR, "the folder this runs in is gone", "Change to one that is there.")
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    summary = f"{place}: {reason}" if place else f"the system refused: {reason}"
    return Diagnostic(Severity.ERROR, summary, _where(terminal, error, "With -v it says where that was."))


def _is_somewhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109  # nothing is done with it
    except OSError:
        return False
    return True


def _defect(terminal: Terminal, error: Exception) -> Diagnostic:
    summary = f"something went wrong inside assistctl: {type(error).__name__}: {error}"
    advice = "This is a defect. With -v it says where; please report that."
    return Diagnostic(Severity.ERROR, summary, _where(terminal, error, advice))


def _where(terminal: Terminal, error: Exception, advice: str) -> str:
    """``advice``, or where an error came from if that was asked for."""
    if not terminal.invocation.verbose:
        return advice
    import traceback

    return "".join(traceback.format_exception(error))
