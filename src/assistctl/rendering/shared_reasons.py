"""Reasons that several things have in common: each is told once in full, and referred to everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

_TOGETHER = 20
"""So many things stand before one reason; a line of a report has to stay short enough to be shown whole."""


def told_once(reasons: Iterable[tuple[str, str | None]]) -> Iterator[str | None]:
    """The reason of each named thing in turn: in full the first time, and then as a reference to that."""
    first: dict[str, str] = {}
    for name, reason in reasons:
        if reason is None:
            yield None
        elif reason in first:
            yield _reference(first[reason])
        else:
            first[reason] = name
            yield reason


def grouped(items: Iterable[Item], reason_of: Callable[[Item], str]) -> list[tuple[list[Item], str]]:
    """The items that have a reason in common, and that reason; the groups in the order of their first items."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(reason_of(item), []).append(item)
    return [(group, reason) for reason, group in groups.items()]


def grouped_in_lines(
    items: Iterable[Item], reason_of: Callable[[Item], str], name_of: Callable[[Item], str]
) -> Iterator[tuple[list[str], str]]:
    """The names of each group, and its reason; a large group has further lines, which refer to the first."""
    for group, reason in grouped(items, reason_of):
        names = [name_of(item) for item in group]
        for start in range(0, len(names), _TOGETHER):
            yield names[start : start + _TOGETHER], _reference(names[0]) if start else reason


def _reference(name: str) -> str:
    return f"the same as for {name}"
