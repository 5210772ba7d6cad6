"""Numbers of things in messages."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, unit: str, units: str = "") -> str:
    """``1 item``, ``2 items``; ``units`` is the plural where it is not made with an s."""
    return f"{number:,} {unit if number == 1 else units or f'{unit}s'}"


def first_named(names: Sequence[str], most: int) -> str:
    """The first ``most`` of ``names``, and how many more there are: ``a, b and 3 more``."""
    hidden = max(len(names) - most, 0)
    more = f" and {hidden:,} more" if hidden else ""
    return ", ".join(names[:most]) + more
