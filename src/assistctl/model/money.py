"""The cost of answers, in US dollars."""

from __future__ import annotations

_DIGITS = 6
_LEAST = 10**-_DIGITS
_DIGITS_FOR_PROGRAMS = 9


def dollars(cost: float) -> str:
    """``cost`` for people: without an exponent, to a millionth of a dollar, and never nothing for something."""
    if 0 < cost < _LEAST:
        return f"under ${_LEAST:.{_DIGITS}f}"
    return f"${cost:,.{_DIGITS}f}".rstrip("0").removesuffix(".")


def rounded(cost: float | None) -> float | None:
    """``cost`` for programs: without what adding up leaves behind the last digit that means anything."""
    return None if cost is None else round(cost, _DIGITS_FOR_PROGRAMS)
