"""A process that has imported ``assistctl``, and forks into each one that ``command_client.py`` asks for.

It is started as a program of its own, with the address to listen at, and ends when its stdin does. Each fork
becomes what a new interpreter would be that was started like the client, and runs the command until only the
objects are left that this process had before: to destroy those of every module, in a fork that has to copy the
memory of each for it, takes twice as long as to validate a project.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import io
import marshal
import os
import resource
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TextIO, cast

_USUAL = cast("list[io.TextIOWrapper]", [sys.stdin, sys.stdout, sys.stderr])
_NUMBER = 4
# Above all that a process here has open.
_ASIDE = 512


@dataclass(frozen=True)
class Request:
    """What to become. ``handed_over`` are the descriptors of the folder and of ``numbers``, as they came."""

    arguments: list[str]
    environment: dict[bytes, bytes]
    numbers: list[int]
    mask: int
    ignored: list[int]
    limits: list[tuple[int, int, int]]
    handed_over: list[int]

    @classmethod
    def received(cls, connection: socket.socket) -> Request | None:
        """Read it; nothing when the client was killed meanwhile."""
        size, handed_over, _, _ = socket.recv_fds(connection, _NUMBER, 250)
        left = int.from_bytes(size, sys.byteorder)
        text = b""
        while len(text) < left and (piece := connection.recv(left - len(text))):
            text += piece
        if not size or len(text) < left:
            return None
        of_client = marshal.loads(text)  # noqa: S302  # from a client of the same tests
        arguments, environment, numbers, mask, ignored, limits = of_client
        return cls(arguments, environment, numbers, mask, ignored, limits, handed_over)


class CommandServer:
    """Forks and tells each client how its process ended."""

    def __init__(self, address: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(address)
        self._listener.listen(128)
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._listener, selectors.EVENT_READ, self._fork)
        self._ready.register(0, selectors.EVENT_READ, lambda: os._exit(0))

    def next_command(self) -> Request:
        """What this process, which is a new one, is to become."""
        while True:
            for key, _ in self._ready.select():
                request: Request | None = key.data()
                if request is not None:
                    return request

    def _fork(self) -> Request | None:
        connection, _ = self._listener.accept()
        request = Request.received(connection)
        if request is None:
            connection.close()
            return None
        process = os.fork()
        if process == 0:
            connection.close()
            self._close()
            return request
        for descriptor in request.handed_over:
            os.close(descriptor)
        ended = os.pidfd_open(process)
        self._ready.register(ended, selectors.EVENT_READ, lambda: self._tell_end(connection, process, ended))
        self._ready.register(connection, selectors.EVENT_READ, lambda: self._pass_on(connection, process))
        return None

    def _close(self) -> None:
        for key in list(self._ready.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._ready.close()

    def _tell_end(self, connection: socket.socket, process: int, ended: int) -> None:
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        self._ready.unregister(ended)
        os.close(ended)
        if connection.fileno() >= 0:
            self._ready.unregister(connection)
            with suppress(BrokenPipeError):  # it was killed just now
                connection.send(code.to_bytes(_NUMBER, sys.byteorder, signed=True))
            connection.close()

    def _pass_on(self, connection: socket.socket, process: int) -> None:
        """The signals that came; a client that is gone was killed."""
        signals = connection.recv(64)
        for number in signals or (signal.SIGKILL,):
            os.kill(process, number)
        if not signals:
            self._ready.unregister(connection)
            connection.close()


def become(request: Request) -> None:
    """Make this process like a new one that was started so."""
    _take_descriptors(request)
    os.umask(request.mask)
    for number, soft, hard in request.limits:
        resource.setrlimit(number, (soft, hard))
    os.environb.clear()
    os.environb.update(request.environment)
    for number in request.ignored:
        signal.signal(number, signal.SIG_IGN)
    sys.argv = request.arguments
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _stream(number)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _take_descriptors(request: Request) -> None:
    """Have open what the client has, and nothing else."""
    folder, *others = [fcntl.fcntl(number, fcntl.F_DUPFD, _ASIDE) for number in request.handed_over]
    os.fchdir(folder)
    os.closerange(0, _ASIDE)
    for number, source in zip(request.numbers, others, strict=True):
        os.dup2(source, number)
    os.closerange(_ASIDE, _ASIDE * 2)


def _stream(number: int) -> TextIO | None:
    """As the interpreter makes them at its start: nothing for a descriptor that is closed."""
    usual = _USUAL[number]
    try:
        os.fstat(number)
    except OSError:
        return None
    if number == 0:
        return io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), usual.encoding, usual.errors, "\n")
    to = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(
        cast("io.BufferedWriter", to) if usual.write_through else io.BufferedWriter(to),  # as the interpreter does
        usual.encoding,
        usual.errors,
        "\n",
        line_buffering=number == 2 and not usual.write_through,
        write_through=usual.write_through,
    )


@dataclass
class LastStep:
    """The end of a process once modules have done what they do at exit; without a ``code``, the interpreter's."""

    code: int | None = None

    def __call__(self) -> None:
        """End with the code, unless the interpreter has something to say of the streams."""
        if self.code is None:
            return
        gc.collect()
        try:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        except (OSError, ValueError):
            return
        os._exit(self.code)


def run(last: LastStep) -> None:
    """Be the command."""
    from assistctl.__main__ import main

    try:
        main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            last.code = ended.code or 0
        raise


if __name__ == "__main__":
    # What is registered first is called last.
    last = LastStep()
    atexit.register(last)

    # It is found where the tests are; commands find nothing there.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    import_module("support.imported_once")
    del sys.path[0]
    server = CommandServer(sys.argv[1])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    become(server.next_command())
    run(last)
