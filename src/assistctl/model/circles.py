"""Circles among things that name each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

Thing = TypeVar("Thing")


def circles_in(named: Mapping[Thing, Collection[Thing]]) -> dict[Thing, frozenset[Thing]]:
    """For each thing that is in a circle, all that are in it with itself; ``named`` is what each thing names."""
    left = _without_ends(named)
    reached = {thing: _reached(thing, left) for thing in left}
    circles = {
        thing: frozenset(other for other in reachable if thing in reached.get(other, ()))
        for thing, reachable in reached.items()
    }
    return {thing: circle for thing, circle in circles.items() if circle}


def _without_ends(named: Mapping[Thing, Collection[Thing]]) -> dict[Thing, Collection[Thing]]:
    """``named`` without what names nothing of it, which is in no circle: most often nothing is left."""
    left = dict(named)
    while True:
        ends = [thing for thing, others in left.items() if not any(other in left for other in others)]
        if not ends:
            return left
        for thing in ends:
            del left[thing]


def _reached(start: Thing, named: Mapping[Thing, Collection[Thing]]) -> set[Thing]:
    """All that ``start`` names, and what those name, and so on."""
    reached: set[Thing] = set()
    waiting = [start]
    while waiting:
        following = {other for other in named.get(waiting.pop(), ()) if other not in reached}
        reached |= following
        waiting += following
    return reached
