"""Documents read in a process of their own, within a budget of time and memory.

What HTML, PDF and DOCX parsers do with a broken or a hostile document cannot be foreseen: they may compute for
hours, take all memory or end their process. Here that fails the one document. Plain text needs none of this.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assistctl.local.vector_stores.unreadable import INVALID, SERVER_ERROR, TOO_SLOW, UnreadableError


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits for one document: ``seconds`` of wall-clock time, ``memory`` in bytes where the OS can limit it.

    The time begins once the process is ready: how long an interpreter takes to start says nothing of a document.
    """

    seconds: float = 60.0
    memory: int = 1024 * 1024 * 1024


DEFAULT_BUDGET = Budget()
"""Measured on a busy machine, a PDF of a thousand full pages takes 11 seconds and 160 MB of address space."""

_START_SECONDS = 120.0

_ENVIRONMENT = """PATH HOME LANG LC_ALL LC_CTYPE PYTHONPATH PYTHONHOME PYTHONUSERBASE LD_LIBRARY_PATH
    DYLD_LIBRARY_PATH SYSTEMROOT TEMP TMP TMPDIR USERPROFILE APPDATA"""
"""The variables an interpreter needs to start and to find its packages; the rest may be secret."""

_PROGRAM = """
import sys
sys.path.append(sys.argv[1])
from assistctl.local.vector_stores.reading_worker import main
main(float(sys.argv[2]), int(sys.argv[3]))
"""
# -P: no module is taken from the folder the command runs in, which holds whatever was checked out.
_START = ["-P", "-c", _PROGRAM, str(Path(__file__).parents[3])]


class DocumentReader:
    """Reads documents one after the other. The first one starts the process, and the others use it too."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or DEFAULT_BUDGET
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: subprocess.Popen[bytes] | None = None
        self._closed = False

    def read(self, path: Path, filename: str) -> Iterator[str]:
        """The text of the document at ``path``, in pieces. Raises ``UnreadableError``, also once it is closed."""
        process = self._running()
        is_usable = False
        try:
            if process is not self._ready:
                _wait_until_ready(process)
                self._ready = process
            with _deadline(process, self._budget.seconds) as overdue:
                yield from _asked(process, path, filename, overdue)
            is_usable = not overdue.is_set()
        finally:
            # One that met something broken may be short of memory, and one that was left has more to say.
            if not is_usable:
                self._discard()

    def rest(self) -> None:
        """End the process until there is another document."""
        self._discard()

    def close(self) -> None:
        """End the process, also while another thread waits for it, and for good."""
        with self._lock:
            self._closed = True
        self._discard()

    def _running(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise UnreadableError(SERVER_ERROR, "The server is being stopped.")
            if self._process is not None and self._process.poll() is None:
                return self._process
            if self._process is not None:
                _end(self._process)
            self._process = None
            self._process = _started(self._budget)
            atexit.register(self._discard)
            return self._process

    def _discard(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            atexit.unregister(self._discard)
            _end(process)


def _started(budget: Budget) -> subprocess.Popen[bytes]:
    wanted = _ENVIRONMENT.split()
    environment = {name: value for name, value in os.environ.items() if name.upper() in wanted}
    try:
        with _stop_signals_blocked():
            return subprocess.Popen(  # noqa: S603  # our own interpreter with our own module
                [sys.executable, *_START, str(budget.seconds), str(budget.memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
    except OSError as error:
        message = f"The process that reads documents cannot be started ({error.strerror or error})."
        raise UnreadableError(SERVER_ERROR, message) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in _pipes(process):
        # Whoever reads from it has seen its end; what was not sent yet is of no use to anybody.
        with suppress(OSError):
            pipe.close()


@contextmanager
def _stop_signals_blocked() -> Iterator[None]:
    """Have a process start in which they stay blocked.

    Ctrl-C and a service manager's stop go to all processes of a group. Who started this one ends it; if it ended
    by itself first, the document it reads would count as broken.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _deadline(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill the process after ``seconds``; the event says that this happened."""
    overdue, guard, is_done = threading.Event(), threading.Lock(), False

    def end() -> None:
        with guard:
            # Done in the last moment, the process may be reading the next document already.
            if not is_done:
                overdue.set()
                process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield overdue
    finally:
        with guard:
            is_done = True
        timer.cancel()


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    with _deadline(process, _START_SECONDS), suppress(OSError, ValueError):
        if _pipes(process)[1].readline():
            return
    raise UnreadableError(SERVER_ERROR, "The process that reads documents did not start.")


def _asked(process: subprocess.Popen[bytes], path: Path, filename: str, overdue: threading.Event) -> Iterator[str]:
    """The answers of the process, until it is done or gone."""
    for answer in _answers(process, {"path": str(path.absolute()), "filename": filename}):
        if "text" in answer:
            yield answer["text"]
        elif "code" in answer:
            raise UnreadableError(answer["code"], answer["message"])
        else:
            return
    raise _ended(process.wait(), is_overdue=overdue.is_set())


def _answers(process: subprocess.Popen[bytes], request: dict[str, str]) -> Iterator[dict[str, str]]:
    sent, received = _pipes(process)
    # A broken pipe or a closed one: its end is told by how it ended.
    with suppress(OSError, ValueError):
        sent.write(json.dumps(request).encode() + b"\n")
        sent.flush()
        for line in received:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both were asked for")
    return process.stdin, process.stdout


def _ended(code: int, *, is_overdue: bool) -> UnreadableError:
    if is_overdue or code == -getattr(signal, "SIGXCPU", 0):
        return UnreadableError(INVALID, TOO_SLOW)
    if code < 0:
        return UnreadableError(INVALID, "The file could not be parsed: it ended the process that read it.")
    return UnreadableError(SERVER_ERROR, "The process that reads documents does not run.")
