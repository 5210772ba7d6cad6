"""Sessions: an interpreter for each thread, kept between calls, bounded in number and time."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from assistctl.local.code_interpreter.data_folder import DataFolder, ProducedFile, remove
from assistctl.local.code_interpreter.sandbox import (
    Interpreter,
    Limits,
    Sandbox,
    SandboxUnavailable,
    Turn,
    make_folders,
)

DEFAULT_LIMITS = Limits()

_ENDED_EARLY = "The code interpreter's session was ended."
_ENDED = "The session ended with it: its variables and files are gone."


@dataclass(frozen=True, slots=True)
class Execution:
    """The result of one call: the text for the model, and the files that the code made or changed."""

    logs: str
    produced: tuple[ProducedFile, ...]
    failed: bool


class Sessions:
    """The sessions of all threads, in interpreters of ``sandbox``; ``clock`` counts seconds.

    Calls may come from any event loop. As many run at once as there may be sessions; others wait.
    """

    def __init__(
        self, sandbox: Sandbox, limits: Limits = DEFAULT_LIMITS, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}  # the least recently used first
        self._threads = self._new_threads()
        self._sweep: threading.Timer | None = None

    async def run(self, thread_id: str, code: str, files: Mapping[str, Path]) -> Execution:
        """Run code in the thread's session, which is begun when there is none.

        ``files`` are copied to ``/mnt/data`` under their names, which are usable and distinct, unless they are
        there already. Raises ``SandboxUnavailable`` with words for whoever waits for the run. When the caller is
        cancelled, the session ends.
        """
        with self._lock:
            call = _Call(thread_id, self._threads)
            running = self._threads.submit(self._run, call, code, files)
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            self._abandon(call)
            raise

    async def end(self, thread_id: str) -> None:
        """End a thread's session, if it has one; a call under way ends too."""
        with self._lock:
            session = self._sessions.pop(thread_id, None)
        if session is not None:
            await asyncio.to_thread(session.end)

    def forget(self, thread_id: str) -> None:
        """End the session of a thread that is gone, without waiting for it."""
        with self._lock:
            session = self._sessions.pop(thread_id, None)
        if session is not None:
            threading.Thread(target=session.end, daemon=True).start()

    async def close(self) -> None:
        """End all sessions."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """End all sessions, where no event loop runs any more. A later call begins a new one."""
        with self._lock:
            sessions = list(self._sessions.values())
            self._sessions.clear()
            if self._sweep is not None:
                self._sweep.cancel()
                self._sweep = None
            threads, self._threads = self._threads, self._new_threads()
        threads.shutdown(wait=False, cancel_futures=True)
        for session in sessions:
            session.stop()
        for session in sessions:
            session.end()
        threads.shutdown()

    def end_idle(self) -> None:
        """End the sessions that were not used for their time. Done by itself, too."""
        with self._lock:
            self._sweep = None
            idle = self._take_idle()
            if self._sessions:
                self._sweep_later()
        for session in idle:
            session.end()

    def _new_threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._limits.sessions, thread_name_prefix="code-interpreter")

    def _run(self, call: _Call, code: str, files: Mapping[str, Path]) -> Execution:
        with self._lock:
            if call.is_abandoned or call.threads is not self._threads:
                raise SandboxUnavailable(_ENDED_EARLY)
            session, others = self._claim(call.thread_id)
            call.session = session
        for other in others:
            other.end()
        try:
            return session.run(code, files)
        finally:
            self._release(call.thread_id, session)

    def _abandon(self, call: _Call) -> None:
        with self._lock:
            call.is_abandoned = True
            session = call.session
        if session is not None:
            session.stop()

    def _claim(self, thread_id: str) -> tuple[_Session, list[_Session]]:
        """The session for a call, and those to be ended first."""
        ended = self._take_idle()
        session = self._sessions.pop(thread_id, None)
        if session is None or session.is_over:
            idle = [thread_id for thread_id, other in self._sessions.items() if other.calls == 0]
            room = self._limits.sessions - 1 - len(self._sessions)
            ended += [self._sessions.pop(thread_id) for thread_id in idle[: max(-room, 0)]]
            if session is not None and session.calls == 0:
                ended.append(session)  # its caller was cancelled just when its last call was done
            session = _Session(self._sandbox, self._limits)
        self._sessions[thread_id] = session
        session.calls += 1
        return session, ended

    def _release(self, thread_id: str, session: _Session) -> None:
        with self._lock:
            session.calls -= 1
            session.last_used = self._clock()
            is_over = session.is_over and session.calls == 0
            if is_over and self._sessions.get(thread_id) is session:
                del self._sessions[thread_id]
            if self._sessions and self._sweep is None:
                self._sweep_later()
        if is_over:
            session.end()

    def _take_idle(self) -> list[_Session]:
        now = self._clock()
        idle = [
            thread_id
            for thread_id, session in self._sessions.items()
            if session.calls == 0 and now - session.last_used >= self._limits.idle_seconds
        ]
        return [self._sessions.pop(thread_id) for thread_id in idle]

    def _sweep_later(self) -> None:
        self._sweep = threading.Timer(self._limits.idle_seconds / 4, self.end_idle)
        self._sweep.daemon = True
        self._sweep.start()


@dataclass(slots=True)
class _Call:
    """A call that waits for one of ``threads`` or runs in it. ``session`` is there once it runs."""

    thread_id: str
    threads: ThreadPoolExecutor
    session: _Session | None = None
    is_abandoned: bool = False


class _Session:
    """One thread's interpreter and files. ``calls`` and ``last_used`` are kept by ``Sessions``."""

    def __init__(self, sandbox: Sandbox, limits: Limits) -> None:
        self.calls = 0
        self.last_used = 0.0
        self._sandbox = sandbox
        self._limits = limits
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._interpreter: Interpreter | None = None
        self._data: DataFolder | None = None

    @property
    def is_over(self) -> bool:
        """Whether it runs nothing more."""
        return self._stopping.is_set()

    def run(self, code: str, files: Mapping[str, Path]) -> Execution:
        with self._lock:
            if self._stopping.is_set():
                raise SandboxUnavailable(_ENDED_EARLY)
            interpreter, data = self._opened()
            data.place(files)
            before = data.snapshot()
            turn = interpreter.run(code, data.placed_bytes)
            produced, note = data.produced_since(before)
            if turn.ended is not None:
                self._stopping.set()
            return Execution(_joined(turn, note), produced, turn.failed or turn.ended is not None)

    def stop(self) -> None:
        """Have it end, without waiting until it has."""
        self._stopping.set()
        if self._interpreter is not None:
            self._interpreter.close()

    def end(self) -> None:
        """End it and remove what it has on the disk, even when a call is under way."""
        self.stop()
        with self._lock:
            if self._interpreter is not None:
                self._interpreter.close()
            if self._folder is not None:
                remove(self._folder)

    def _opened(self) -> tuple[Interpreter, DataFolder]:
        if self._interpreter is None or self._data is None:
            self._folder = Path(tempfile.mkdtemp(prefix="assistctl-code-"))
            try:
                folders = make_folders(self._folder)
                self._interpreter = self._sandbox.start(folders, self._limits, self._stopping)
            except BaseException:
                self._stopping.set()
                raise
            self._data = DataFolder(folders, self._limits)
        return self._interpreter, self._data


def _joined(turn: Turn, note: str) -> str:
    parts = [turn.logs.removesuffix("\n"), note, f"{turn.ended} {_ENDED}" if turn.ended else ""]
    return "\n".join(part for part in parts if part) + "\n" if any(parts) else ""
