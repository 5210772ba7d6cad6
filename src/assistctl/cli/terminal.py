"""The streams of a command: results on stdout, all else on stderr; a failure to write stops no work.

A full disk, a reader that is gone or a stream that was closed before we began must not change what becomes of the
platform, nor what the exit code says of it: what cannot be written is kept. The two streams stand in for each
other: what one could not take is told on the other at the end.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click

from assistctl.cli.signals import ctrl_c_ends_reading
from assistctl.errors import ExitCode
from assistctl.json_value import Json
from assistctl.secrets.escaping import DeliberateCommands, RunnerCommands, visible
from assistctl.secrets.sink import MaskingStream

if TYPE_CHECKING:
    from rich.console import Console

    from assistctl.operations.deployment import Deployment

_WIDTH_WITHOUT_TERMINAL = 100
_CLOSED = OSError(errno.EBADF, "it is closed")


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
        """The project and target of the results, as JSON has them, as far as they are known yet."""
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
        """The console for results."""
        return _console(self.invocation.color, sys.stdout)

    def messages(self) -> Console:
        """The console for progress and messages."""
        return _console(self.invocation.color, sys.stderr)

    def write(self, text: str) -> None:
        """Print a finished document."""
        # As it is: a document that was masked as JSON or HTML is one that the sink knows by its type.
        sys.stdout.write(text)
        sys.stdout.flush()

    def write_json(self, document: Mapping[str, Json]) -> None:
        """Print ``document`` as JSON, the version of its format first."""
        from assistctl.model.document_parts import FORMAT_VERSION
        from assistctl.rendering.json import dumps

        self.write(dumps({"format_version": FORMAT_VERSION, **document}))

    def say(self, text: str) -> None:
        """Print one line of progress, unless it is to be quiet."""
        if not (self.invocation.quiet or _stderr_is_lost()):
            self.complain(text)

    def complain(self, text: str) -> None:
        """Print one line to stderr, whatever was said about quiet."""
        click.echo(visible(text, multiline=True), err=True)

    def ask(self, question: str) -> bool:
        """Ask on the terminal; only a clear yes is one."""
        with ctrl_c_ends_reading():
            click.echo(f"{question} [yes/no] ", nl=False, err=True)
            return sys.stdin.readline().strip().lower() in {"y", "yes"}


class OutputStream(io.TextIOBase):
    """``stream`` without the errors of writing: from the first on, everything is kept in ``unwritten``.

    ``lost`` is that error. What a CI runner would take for a command is written so that it is none.
    ``takes_messages``: people read it, and no program that messages would be in the way of.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._commands = RunnerCommands()
        self.lost = _CLOSED if stream is None else None
        self.unwritten: list[str] = []
        self.takes_messages = True

    @property
    def is_refused(self) -> bool:
        """Whether writing failed although somebody wanted it: the reader did not leave, and it was open."""
        return self.lost is not None and self.lost is not _CLOSED and not isinstance(self.lost, BrokenPipeError)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute of the base class, a delegated one here
        """That of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]  # as above
        """The error handler for characters that the stream cannot encode."""
        return getattr(self._stream, "errors", None) or "backslashreplace"

    def writable(self) -> bool:
        """Always: what cannot be written is kept."""
        return True

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        """The stream's descriptor. Raises ``OSError`` when it has none."""
        if self._stream is None:
            raise _CLOSED
        return self._stream.fileno()

    def write(self, text: str, /) -> int:
        """Write at once, or keep; never raises ``OSError``."""
        harmless = text if isinstance(text, DeliberateCommands) else self._commands.disarmed(text)
        if self._stream is not None and self.lost is None:
            try:
                self._stream.write(harmless)
                self._stream.flush()
            except OSError as error:
                self._lose(self._stream, error)
        if self.lost is not None:
            self.unwritten.append(harmless)
        return len(text)

    def flush(self) -> None:
        """Nothing is left to flush."""

    def _lose(self, stream: TextIO, error: OSError) -> None:
        self.lost = error
        # What the stream still holds must go somewhere, or the interpreter complains of it at its exit.
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


@dataclass(slots=True)
class Output:
    """Both streams of the process."""

    out: OutputStream
    err: OutputStream

    def settled(self, code: int, *, changes: bool) -> int:
        """Tell on the other stream what one could not take; the exit code.

        Of a command that ``changes`` something, it goes on saying what was changed. Any other has failed when its
        results were wanted and could not be written.
        """
        if self.out.lost is not None and (changes or self.out.is_refused):
            code = self._results_are_lost(self.out.lost, code, changes=changes)
        if self.err.unwritten and self.out.takes_messages and self.out.lost is None:
            self.out.write("".join(self.err.unwritten))
        return code

    def _results_are_lost(self, why: OSError, code: int, *, changes: bool) -> int:
        reason = f"stdout could not take the results: {why.strerror or why}"
        if not changes:
            self.err.write(f"error: {reason}\n")
            return ExitCode.ERROR if code in {ExitCode.OK, ExitCode.PENDING} else code
        if self.out.unwritten:
            self.err.write(f"warning: {reason}. They are:\n{''.join(self.out.unwritten)}")
        return code


@contextlib.contextmanager
def guarded_output() -> Iterator[Output]:
    """The streams of the process, guarded while the context lasts."""
    before = sys.stdout, sys.stderr
    output = Output(*(OutputStream(cast("TextIO | None", _unmasked(stream))) for stream in before))
    sys.stdout, sys.stderr = cast("TextIO", output.out), cast("TextIO", output.err)
    try:
        yield output
    finally:
        sys.stdout, sys.stderr = before


def keep_messages_off_stdout() -> None:
    """Note that a program reads the results: what stderr cannot take is not put between them."""
    stream = _unmasked(sys.stdout)
    if isinstance(stream, OutputStream):
        stream.takes_messages = False


def hold_closed_descriptors() -> None:
    """Open what is closed of the first three descriptors to nowhere.

    Otherwise the next file that is opened, a database, becomes the stdout or stderr of all that writes there.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _stderr_is_lost() -> bool:
    """Whether nothing that is written to stderr arrives."""
    stream = _unmasked(sys.stderr)
    return isinstance(stream, OutputStream) and stream.lost is not None


def _unmasked(stream: object) -> object:
    """The stream below the masking, if it is masked: that comes first, and what is written here is final."""
    return stream.below if isinstance(stream, MaskingStream) else stream


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
