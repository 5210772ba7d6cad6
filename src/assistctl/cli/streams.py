"""Where output leaves the process: what cannot be written there is kept, and nothing that runs is stopped by it.

A full disk, a reader that is gone or a stream that was closed before we began must not change what becomes of the
platform, nor what the exit code says of it. The two streams stand in for each other: what one could not take is
told on the other at the end.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO, cast

from assistctl.errors import ExitCode
from assistctl.secrets.escaping import DeliberateCommands, RunnerCommands
from assistctl.secrets.sink import MaskingStream

_CLOSED = OSError(errno.EBADF, "it is closed")


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
        """How the stream handles a character that it cannot encode."""
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


def stderr_is_lost() -> bool:
    """Whether progress is told to nobody."""
    stream = _unmasked(sys.stderr)
    return isinstance(stream, OutputStream) and stream.lost is not None


def _unmasked(stream: object) -> object:
    """The stream below the masking, if it is masked: that comes first, and what is written here is final."""
    return stream.below if isinstance(stream, MaskingStream) else stream


def hold_closed_descriptors() -> None:
    """Open what is closed of the first three descriptors to nowhere.

    Otherwise the next file that is opened, a database, becomes the stdout or stderr of all that writes there.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
