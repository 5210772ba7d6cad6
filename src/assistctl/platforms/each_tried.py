"""Several removals of which each is tried, whatever becomes of those before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from assistctl.errors import PlatformError

Try: TypeAlias = Callable[[Awaitable[object]], Awaitable[bool]]
"""Awaits its argument; whether that went well."""


@contextmanager
def each_tried() -> Iterator[Try]:
    """A function that keeps the ``PlatformError`` of what it awaits; the first one is raised at the end."""
    failures: list[PlatformError] = []

    async def attempt(work: Awaitable[object]) -> bool:
        try:
            await work
        except PlatformError as error:
            failures.append(error)
            return False
        return True

    yield attempt
    if failures:
        raise failures[0]
