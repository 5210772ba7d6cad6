"""How the work of a function grows with what it is given: counted in calls, which no busy machine changes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

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


def growth(made_of: Callable[[int], Input], work: Callable[[Input], object], size: int) -> float:
    """How many times as much ``work`` is done with ten times ``size``; what ``made_of`` does is not counted."""
    work(made_of(1))  # what is compiled and imported once
    small, large = made_of(size), made_of(10 * size)
    return calls_of(lambda: work(large)) / calls_of(lambda: work(small))
