"""Python code in a process of its own, without the time that the imports of a server or a command take.

Where it can, it is a fork of a process that has imported them (``command_process.py``): signals and ``kill -9``
reach it, its children are its own, and it leads a process group.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess


_WAITING = """
import socket, sys

def wait_for_the_others():
    with socket.create_connection(("127.0.0.1", int(sys.argv.pop()))) as gate:
        gate.recv(1)
"""


class PythonProcess(Protocol):
    """The part of ``subprocess.Popen`` that both kinds have."""

    stdout: TextIO | None
    stderr: TextIO | None

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]: ...


def started_code(
    code: str, *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> PythonProcess:
    """``python -c CODE ARGUMENTS``, in the folder and the environment that the tests are in, or in others."""
    if sys.platform == "win32":
        command = [sys.executable, "-c", code, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folder, env=environment)
    from support.command_process import serving_context

    place = dict(os.environ if environment is None else environment)
    context = serving_context()
    out, child_out = context.Pipe(duplex=False)
    err, child_err = context.Pipe(duplex=False)
    where = folder or Path.cwd()
    process = context.Process(target=_run, args=(code, arguments, where, place, child_out, child_err))
    process.start()
    child_out.close()
    child_err.close()
    return _Forked(process, _text(out), _text(err))


def race(code: str, *runs: Sequence[str]) -> None:
    """Run ``code`` in a process for each of the arguments, and wait until all have ended well.

    Each goes on from ``wait_for_the_others()``, which the code finds beside it, once all have come to it.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        port = str(server.getsockname()[1])
        processes = [started_code(_WAITING + code, *arguments, port) for arguments in runs]
        gates = [server.accept()[0] for _ in processes]
    for gate in gates:
        gate.close()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors


def _text(pipe: Connection) -> TextIO:
    with pipe:
        return os.fdopen(os.dup(pipe.fileno()), encoding="utf-8")


class _Forked:
    def __init__(self, process: ForkServerProcess, stdout: TextIO, stderr: TextIO) -> None:
        self._process = process
        self.stdout: TextIO | None = stdout
        self.stderr: TextIO | None = stderr
        self._said = ("", "")

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int, /) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("python", timeout or 0)
        return code

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        if self.stdout is not None and self.stderr is not None:
            with self.stdout, self.stderr:
                self._said = self.stdout.read(), self.stderr.read()
            self.stdout = self.stderr = None
        return self._said


def _run(  # noqa: PLR0917  # what a process is started with
    code: str, arguments: tuple[str, ...], folder: Path, place: Mapping[str, str], out: Connection, err: Connection
) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(place)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    out.close()
    err.close()
    # As the interpreter sets them up; they are open for as long as the process is.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["-c", *arguments]
    try:
        exec(code, {"__name__": "__main__"})  # noqa: S102  # of the tests
    finally:
        # A process that is forked so leaves them out.
        atexit._run_exitfuncs()
