"""The way out of the process: standard output, standard error and logs, with every known secret masked.

What may be the beginning of a secret is held back until more is written, so that none passes in two writes.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

from assistctl.secrets import redaction
from assistctl.secrets.redaction import Masked, Secrets

if TYPE_CHECKING:
    import logging


class _Pending:
    """Text that was written and not yet passed on."""

    def __init__(self) -> None:
        self._text = ""

    def line_by_line(self, text: str) -> str:
        """The text that may pass once ``text`` is written, too: whole lines."""
        self._text += text
        return self._passed(redaction.whole_until(self._text, self._text.rfind("\n") + 1))

    def all_but_begun(self) -> str:
        """The text that may pass now: all but the beginning of a secret."""
        return self._passed(redaction.whole_until(self._text, len(self._text))) if self._text else ""

    def everything(self) -> str:
        """All of it, when nothing more is to come."""
        return self._passed(len(self._text))

    def _passed(self, end: int) -> str:
        passed, self._text = self._text[:end], self._text[end:]
        return redaction.mask(passed)


class MaskingStream(io.TextIOBase):
    """A text stream that writes to another what is left of a text when the secrets are masked."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pending = _Pending()
        # A log of another thread may be written meanwhile, or a signal's message by this one.
        self._lock = threading.RLock()
        self._buffer: BinaryIO | None = None

    def write(self, text: str) -> int:
        """Write ``text``, or as much of it as may pass yet; its length."""
        if not isinstance(text, str):
            raise TypeError(f"text is wanted, not {type(text).__name__}")
        with self._lock:
            if isinstance(text, Masked):
                self._stream.write(self._pending.everything())
                self._stream.write(text)
            elif passed := self._pending.line_by_line(text):
                self._stream.write(passed)
        return len(text)

    def flush(self) -> None:
        """Pass on what may pass, and let the stream below do the same."""
        with self._lock:
            if passed := self._pending.all_but_begun():
                self._stream.write(passed)
            self._stream.flush()

    def finish(self) -> None:
        """Pass on all that was written: nothing more is to come."""
        with self._lock:
            if passed := self._pending.everything():
                self._stream.write(passed)
            self._stream.flush()

    def close(self) -> None:
        """Pass on all that was written; the stream below stays open, for it is the process's."""
        if not self._stream.closed:
            self.finish()

    @property
    def below(self) -> TextIO:
        """The stream it writes to."""
        return self._stream

    @property
    def buffer(self) -> BinaryIO:
        """The stream's bytes, masked too, for writers that bypass its encoding."""
        if self._buffer is None:
            self._buffer = cast("BinaryIO", _MaskingBytes(self._stream.buffer))
        return self._buffer

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only, where typeshed has an attribute
        """The stream's encoding."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]  # read-only, where typeshed has an attribute
        """The stream's error handler for characters that its encoding lacks."""
        return self._stream.errors

    @property
    def closed(self) -> bool:
        """Whether the stream is closed."""
        return self._stream.closed

    def writable(self) -> bool:
        """Whether it can be written to, which it can."""
        return True

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's file descriptor."""
        return self._stream.fileno()


class _MaskingBytes(io.BufferedIOBase):
    """The bytes of a stream as UTF-8, masked."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._pending = _Pending()

    def write(self, data: Any) -> int:  # noqa: ANN401  # whatever has bytes
        """Write ``data``, or as much of it as may pass yet; its length."""
        self._pass(self._pending.line_by_line(self._decoder.decode(bytes(data))))
        return len(data)

    def flush(self) -> None:
        """Pass on what may pass, and let the stream below do the same."""
        self._pass(self._pending.all_but_begun())
        self._stream.flush()

    def close(self) -> None:
        """Pass on all that was written; the stream below stays open."""
        if not self._stream.closed:
            self._pass(self._pending.everything())
            self._stream.flush()

    def writable(self) -> bool:
        """Whether it can be written to, which it can."""
        return True

    def _pass(self, text: str) -> None:
        if text:
            self._stream.write(text.encode("utf-8", "surrogateescape"))


def mask_streams() -> None:
    """Mask what is written to standard output and standard error until the process ends."""
    sys.stdout, sys.stderr = _masking(sys.stdout), _masking(sys.stderr)


@contextlib.contextmanager
def masked_output(*, for_good: bool = False) -> Iterator[None]:
    """Begin without secrets, and mask what the block writes to standard output and standard error.

    Where that was masked before, or is to be ``for_good``, what is known stays so: a traceback may follow.
    """
    streams = sys.stdout, sys.stderr
    for_good = for_good or isinstance(sys.stderr, MaskingStream)
    before = redaction.replace_known(Secrets())
    mask_streams()
    masking = sys.stdout, sys.stderr
    try:
        yield
    finally:
        for stream in masking:
            # Who cannot be written to has been dealt with where something was to be told.
            with contextlib.suppress(OSError, ValueError):
                cast("MaskingStream", stream).finish()
        if not for_good:
            sys.stdout, sys.stderr = streams
            redaction.replace_known(before)


def mask_log_records() -> None:
    """Mask the known secrets in every log record of this process, its traceback too.

    An SDK that logs in full logs whole requests.
    """
    import logging

    make = logging.getLogRecordFactory()
    if not isinstance(make, _MaskedRecords):
        logging.setLogRecordFactory(_MaskedRecords(make))


def _masking(stream: TextIO | None) -> TextIO:
    # One that was closed before we began is no stream at all, and stays so.
    masked = stream is None or isinstance(stream, MaskingStream)
    return cast("TextIO", stream if masked else MaskingStream(cast("TextIO", stream)))


@dataclass(frozen=True, slots=True)
class _MaskedRecords:
    """Makes log records as ``make`` does, and masks their text and traceback."""

    make: Callable[..., logging.LogRecord]

    def __call__(self, *args: object, **options: object) -> logging.LogRecord:
        import logging

        record = self.make(*args, **options)
        record.msg, record.args = redaction.mask(record.getMessage()), ()
        if record.exc_info:
            # Formatters take the text that is there; an error may quote what it could not send.
            record.exc_text = redaction.mask(logging.Formatter().formatException(record.exc_info))
        return record
