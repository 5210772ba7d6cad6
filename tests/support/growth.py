"""How the work of a function grows with what it is given: counted in calls, which no busy machine changes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import TraceFunction

Input = TypeVar("Input")

TENFOLD = 12.0
"""How much more work ten times as much may be: what is done once for all is left, and what sorting adds."""


def calls_of(work: Callable[[], object]) -> int:
    """How many functions ``work`` calls, Python's own among them."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def steps_of(work: Callable[[], object]) -> int:
    """How many instructions of Python ``work`` takes: slower, and it sees loops that call nothing, too."""
    steps = 0

    def count(frame: FrameType, event: str, _argument: object) -> TraceFunction:
        nonlocal steps
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        steps += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps


def growth(
    made_of: Callable[[int], Input],
    work: Callable[[Input], object],
    size: int,
    count: Callable[[Callable[[], object]], int] = calls_of,
) -> float:
    """How many times as much ``work`` is done with ten times ``size``; what ``made_of`` does is not counted."""
    work(made_of(1))  # what is compiled and imported once
    small, large = made_of(size), made_of(10 * size)
    return count(lambda: work(large)) / count(lambda: work(small))
