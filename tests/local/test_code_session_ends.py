"""How sessions of the code interpreter end: with a call, during one, after a time, together, while one starts."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistctl.local.code_interpreter.sandbox import Folders, Limits, SandboxUnavailable, Turn
from assistctl.local.code_interpreter.sessions import Sessions
from support.code_sandboxes import Clock, PlayedInterpreter, PlayedSandbox, quiet, sessions

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where sessions have their folders, and leave none in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert count_in(folder) == 0


def count_in(folder: Path) -> int:
    """How many sessions have a folder in it."""
    return len([*folder.iterdir()])


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    late = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < late
        await asyncio.sleep(0.001)


def ending(_: Folders, code: str) -> Turn:
    """Code that ends its session where it is called so."""
    return Turn("", failed=False, ended="It was stopped." if code == "end" else None)


async def test_a_session_that_is_over_leaves_its_place_and_its_files_at_once(folder: Path) -> None:
    async with sessions(ending, Limits(sessions=2)) as (made, sandbox):
        await made.run("a", "1", {})
        ended = await made.run("b", "end", {})
        assert ended.failed
        assert count_in(folder) == 1
        await made.run("c", "1", {})
        await made.run("a", "2", {})
        assert [interpreter.codes for interpreter in sandbox.interpreters] == [["1", "2"], ["end"], ["1"]]


@dataclass
class Held:
    """Code called ``wait`` goes on once it is let; all other code does at once."""

    entered: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def act(self, _: Folders, code: str) -> Turn:
        """See ``PlayedSandbox``."""
        if code == "wait":
            self.entered.set()
            assert self.let_go.wait(20)
        return Turn("", failed=False)


async def test_one_that_is_over_while_it_runs_is_no_longer_its_threads() -> None:
    held, clock = Held(), _Stepping()
    async with sessions(held.act, Limits(sessions=4), clock) as (made, sandbox):
        try:
            first = asyncio.create_task(made.run("a", "wait", {}))
            await asyncio.to_thread(held.entered.wait, 20)
            behind = asyncio.create_task(made.run("a", "behind", {}))
            old = sandbox.interpreters[0]
            # Who begins a call asks what time it is.
            await until(lambda: clock.asked == 2)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            # Its process need not heed anything to end.
            assert old.closed
            await asyncio.wait_for(made.run("a", "next", {}), 10)
        finally:
            held.let_go.set()
        with pytest.raises(SandboxUnavailable, match="was ended"):
            await behind
        await until(lambda: not old.folders.data.exists())
        await made.run("a", "last", {})
        assert [interpreter.codes for interpreter in sandbox.interpreters] == [["wait"], ["next", "last"]]


async def test_one_that_runs_is_not_ended_for_another() -> None:
    held = Held()
    async with sessions(held.act, Limits(sessions=2)) as (made, sandbox):
        running = asyncio.create_task(made.run("a", "wait", {}))
        await asyncio.to_thread(held.entered.wait, 20)
        try:
            await made.run("b", "1", {})
            await asyncio.wait_for(made.run("c", "1", {}), 10)
            assert [interpreter.stopping.is_set() for interpreter in sandbox.interpreters] == [False, True, False]
        finally:
            held.let_go.set()
        await running


async def test_one_that_runs_is_not_idle_however_long_it_does() -> None:
    clock = Clock()
    made: Sessions

    def act(_: Folders, __: str) -> Turn:
        clock.now += 10_000
        looking = threading.Thread(target=made.end_idle, daemon=True)
        looking.start()
        # It would wait for this call to end.
        looking.join(5)
        assert not looking.is_alive()
        return Turn("", failed=False)

    async with sessions(act, clock=clock) as (made, sandbox):
        await made.run("a", "1", {})
        assert sandbox.running == 1


async def test_idle_ones_end_though_nobody_calls() -> None:
    clock = _Stepping(4)
    async with sessions(limits=Limits(idle_seconds=0.01), clock=clock) as (made, sandbox):
        await made.run("a", "1", {})
        await until(lambda: sandbox.running == 0)
        # It was looked at once before, when it was not idle yet.
        assert clock.asked >= clock.steps


@dataclass
class _Stepping:
    """A clock that goes on by a second once it was asked so many times."""

    steps: float = float("inf")
    asked: int = 0

    def __call__(self) -> float:
        self.asked += 1
        return 1000.0 + (self.asked >= self.steps)


async def test_all_are_told_to_end_before_any_is_waited_for() -> None:
    inside = threading.Barrier(3)

    def act(_: Folders, __: str) -> Turn:
        inside.wait(20)
        assert all(interpreter.stopping.wait(10) for interpreter in sandbox.interpreters)
        return Turn("together\n", failed=False)

    async with sessions(act) as (made, sandbox):
        calls = [asyncio.create_task(made.run(thread_id, "", {})) for thread_id in ("a", "b")]
        await asyncio.to_thread(inside.wait, 20)
        await made.close()
        assert [(await call).logs for call in calls] == ["together\n", "together\n"]


async def test_nothing_keeps_a_process_from_its_end() -> None:
    before = {*threading.enumerate()}
    async with sessions() as (made, _):
        await made.run("a", "1", {})
        sweeps = [
            each for each in threading.enumerate() if isinstance(each, threading.Timer) and each not in before
        ]
        assert [sweep.daemon for sweep in sweeps] == [True]
    for sweep in sweeps:
        sweep.join(10)
        assert not sweep.is_alive()


async def test_a_thread_that_is_gone_is_forgotten_with_its_files(folder: Path) -> None:
    async with sessions() as (made, _):
        await made.run("a", "1", {})
        made.forget("a")
        made.forget("never there")
        await until(lambda: count_in(folder) == 0)


@dataclass
class _HardToStart(PlayedSandbox):
    """Its interpreters start as ``starting`` says: it may raise, or wait."""

    starting: Callable[[threading.Event], object] = lambda _: None

    def start(self, folders: Folders, limits: Limits, stopping: threading.Event) -> PlayedInterpreter:
        """See ``Sandbox``."""
        self.starting(stopping)
        return super().start(folders, limits, stopping)


async def test_one_that_cannot_start_leaves_nothing_and_the_next_call_tries_again(folder: Path) -> None:
    faults = [SandboxUnavailable("no room"), None]

    def starting(_: threading.Event) -> None:
        if (fault := faults.pop(0)) is not None:
            raise fault

    made = Sessions(_HardToStart(quiet, starting=starting))
    with pytest.raises(SandboxUnavailable, match="no room"):
        await made.run("a", "1", {})
    assert count_in(folder) == 0
    assert (await made.run("a", "2", {})).logs == "2\n"
    await made.close()


async def test_one_that_is_ended_while_it_starts_is_closed_once_it_has() -> None:
    starts = threading.Event()

    def starting(stopping: threading.Event) -> None:
        starts.set()
        assert stopping.wait(20)

    sandbox = _HardToStart(quiet, starting=starting)
    made = Sessions(sandbox)
    call = asyncio.create_task(made.run("a", "1", {}))
    await asyncio.to_thread(starts.wait, 20)
    await made.end("a")
    assert [interpreter.closed for interpreter in sandbox.interpreters] == [True]
    await call
    await made.close()
