"""Numbers of things in messages."""

from __future__ import annotations


def counted(number: int, unit: str, units: str = "") -> str:
    """``1 item``, ``2 items``; ``units`` is the plural where it is not made with an s."""
    return f"{number:,} {unit if number == 1 else units or f'{unit}s'}"
