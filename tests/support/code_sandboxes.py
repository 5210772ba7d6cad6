"""Sandboxes for tests of sessions: one that does what a test says, and a process that isolates nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.local.code_interpreter.child_process import ChildProcess
from assistctl.local.code_interpreter.sandbox import Folders, Limits, Turn
from assistctl.local.code_interpreter.sessions import DEFAULT_LIMITS, Sessions

Act = Callable[[Folders, str], Turn]


@dataclass(slots=True)
class PlayedSandbox:
    """A ``Sandbox`` whose interpreters answer as ``act`` says. ``running`` counts those that were not closed."""

    act: Act
    started: int = 0
    interpreters: list[PlayedInterpreter] = field(default_factory=list)

    @property
    def running(self) -> int:
        """How many have not ended."""
        return sum(
            not interpreter.stopping.is_set() and not interpreter.closed for interpreter in self.interpreters
        )

    def start(self, folders: Folders, limits: Limits, stopping: threading.Event) -> PlayedInterpreter:
        """See ``Sandbox``."""
        del limits
        self.started += 1
        interpreter = PlayedInterpreter(self.act, folders, stopping)
        self.interpreters.append(interpreter)
        return interpreter


@dataclass(slots=True)
class PlayedInterpreter:
    """See ``PlayedSandbox``; ``codes`` is all that it was given."""

    act: Act
    folders: Folders
    stopping: threading.Event
    codes: list[str] = field(default_factory=list)
    closed: bool = False

    def run(self, code: str, given_bytes: int) -> Turn:
        """See ``Interpreter``."""
        del given_bytes
        self.codes.append(code)
        return self.act(self.folders, code)

    def close(self) -> None:
        """See ``Interpreter``."""
        self.closed = True


class Clock:
    """A clock of sessions that stands still until it is told otherwise."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def quiet(_: Folders, code: str) -> Turn:
    """Code that says its own name."""
    return Turn(f"{code}\n", failed=False)


@asynccontextmanager
async def sessions(
    act: Act = quiet, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] | None = None
) -> AsyncIterator[tuple[Sessions, PlayedSandbox]]:
    """Sessions in a played sandbox, closed at the end."""
    sandbox = PlayedSandbox(act)
    made = Sessions(sandbox, limits, clock=clock or Clock())
    try:
        yield made, sandbox
    finally:
        await made.close()
        assert sandbox.running == 0


_WORKER = """
import contextlib, io, os, sys, traceback
from assistctl.local.code_interpreter.sandbox import Turn
from assistctl.local.code_interpreter.worker import serve

def start(settings):
    if settings.get("fault"):
        raise OSError(settings["fault"])
    names = {"settings": settings}

    def run(code):
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                exec(code, names)
        except Exception:
            return Turn(output.getvalue() + traceback.format_exc(), True)
        return Turn(output.getvalue(), False)

    return run

serve(start)
"""


@dataclass(frozen=True, slots=True)
class PlainProcess:
    """A ``Sandbox`` whose code runs in a process as every sandbox's does, but isolated in nothing else."""

    fault: str = ""

    def start(self, folders: Folders, limits: Limits, stopping: threading.Event) -> ChildProcess:
        """See ``Sandbox``."""
        script = Path(folders.private, "worker.py")
        script.write_text(_WORKER)
        return ChildProcess([sys.executable, "-I", str(script)], folders, limits, stopping, fault=self.fault)
