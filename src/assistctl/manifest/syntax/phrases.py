"""Building blocks of messages."""

from __future__ import annotations

from collections.abc import Iterable

SHOWN_LENGTH = 60
"""How many characters of a value fit into a sentence."""


def sentences(*parts: str) -> str:
    """The parts that are not empty, each with a capital first letter."""
    return " ".join(part[0].upper() + part[1:] for part in parts if part)


def shown(value: object) -> str:
    """A value from a file, cut to a length that fits into a sentence."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def either(words: Iterable[str]) -> str:
    """``a, b or c``."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
