"""``assistctl`` in a process of its own, to be killed and raced, without the second that its imports take.

A server process imports once what an apply needs, and forks for each command: what runs is a process like any
other, that signals and ``kill -9`` reach and that shares nothing with the tests. Only the start of the interpreter
is not a new one; the tests of that start ``python -m assistctl``.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from support.clock import shorten_waits
from support.worker_processes import on_every_processor

if TYPE_CHECKING:
    # Windows has neither.
    from multiprocessing.context import ForkServerContext, ForkServerProcess

# Each process imports the program that runs the tests again. Python before 3.13 does not import "__main__" here
# (https://github.com/python/cpython/issues/126631), so what takes its time is: pytest. Workers of xdist have none.
_IS_PROGRAM = hasattr(sys.modules["__main__"], "__file__")
_IMPORTED_ONCE = ["__main__", __name__, "support.imported_once", *(["pytest"] if _IS_PROGRAM else [])]


def started(
    folder: Path,
    *args: str,
    out: str | Path = os.devnull,
    err: str | Path = os.devnull,
    environment: Mapping[str, str] | None = None,
) -> ForkServerProcess:
    """``assistctl ARGS`` in ``folder``; what it prints goes to the file ``out``, what it reports to ``err``.

    Where ``out`` is a terminal, it is what the process reads and reports to as well, and its Ctrl-C reaches it.
    The environment is that of the tests as it is now, unless there is another.
    """
    place = dict(os.environ if environment is None else environment)
    process = serving_context().Process(target=_command, args=(folder, args, place, str(out), str(err)))
    process.start()
    return process


def exit_code(process: ForkServerProcess, seconds: float = 60) -> int:
    """Wait for its end; below 0, the signal that killed it. Raises ``TimeoutError``, and it is killed then."""
    process.join(seconds)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
        raise TimeoutError(f"assistctl was not done after {seconds} s")
    process.close()
    return code


def serving_context() -> ForkServerContext:
    """How processes of tests are made. Their one server is running, and finds what it imports where tests do."""
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED_ONCE)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    try:
        with on_every_processor():
            forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        os.environ.update({} if before is None else {"PYTHONPATH": before})
    return context


def _command(folder: Path, args: tuple[str, ...], environment: Mapping[str, str], out: str, err: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    _take_streams(out, err)
    sys.argv = ["assistctl", *args]

    from assistctl.cli.main import main

    shorten_waits(setattr)
    main()


def _take_streams(out: str, err: str) -> None:
    # The first terminal that the leader of a session opens is the one its signals come from.
    os.setsid()
    stdout = os.open(out, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    on_terminal = os.isatty(stdout)
    stdin = stdout if on_terminal else os.open(os.devnull, os.O_RDONLY)
    stderr = stdout if on_terminal else os.open(err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for descriptor, source in enumerate((stdin, stdout, stderr)):
        os.dup2(source, descriptor)
    # As the interpreter sets them up; they are open for as long as the process is.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1 if on_terminal else -1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
