"""Ctrl-C while a command's event loop runs, once and again."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from assistctl.cli import options, signals
from assistctl.cli.options import run_until_interrupted
from assistctl.errors import ExitCode

FOREVER = 3600.0


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    """A shell's background jobs ignore SIGINT, and so does what they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def each_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two signals are too close to each other to be two."""
    monkeypatch.setattr(signals, "SAME_PRESS_SECONDS", 0.0)


def press() -> None:
    signal.raise_signal(signal.SIGINT)


async def waiting(*cleanup: Callable[[], object]) -> None:
    """Waits until it is cancelled, and cleans up then."""
    asyncio.get_running_loop().call_soon(press)
    try:
        await asyncio.sleep(FOREVER)
    finally:
        for step in cleanup:
            step()
            await asyncio.sleep(0)


def test_what_is_not_interrupted_returns() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 7

    assert run_until_interrupted(answer()) == 7


def test_what_is_cancelled_by_somebody_else_is_not_interrupted() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run_until_interrupted(cancelled())


def test_an_interrupted_command_cleans_up() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run_until_interrupted(waiting(lambda: done.append(1), lambda: done.append(2)))
    assert done == [1, 2]


def test_a_signal_that_comes_twice_at_once_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "SAME_PRESS_SECONDS", FOREVER)
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run_until_interrupted(waiting(press, lambda: done.append(1)))
    assert done == [1]


@pytest.mark.usefixtures("each_counts")
def test_the_second_one_ends_what_is_left_and_loses_no_step() -> None:
    done: list[int] = []

    def once_more() -> None:
        press()
        done.append(1)

    with pytest.raises(KeyboardInterrupt):
        run_until_interrupted(waiting(once_more, lambda: done.append(2)))
    # The step that it came in went on to its next wait, which it ended.
    assert done == [1]


@pytest.mark.usefixtures("each_counts")
def test_what_does_not_end_then_ends_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    ended = threading.Event()

    def exit_at_once(code: int) -> None:
        codes.append(code)
        ended.set()

    monkeypatch.setattr(options, "ENDING_SECONDS", 0.01)
    monkeypatch.setattr(os, "_exit", exit_at_once)

    def take_long() -> None:
        press()
        ended.wait(10)

    with pytest.raises(KeyboardInterrupt):
        run_until_interrupted(waiting(take_long))
    assert codes == [ExitCode.INTERRUPTED]
