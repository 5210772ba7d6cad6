"""Text that somebody else wrote, cut to what a message has room for."""

from __future__ import annotations

from assistctl.secrets.redaction import mask

MAX_TEXT = 2_000
"""How much of a text from outside a message quotes, in characters."""

# Within the last so many of them, a cut is made at a space: no word, and so no key in it, is cut in two.
_LAST_STRETCH = 500


def excerpt(text: str, limit: int = MAX_TEXT) -> str:
    """``text``, or its beginning and how much was left out when it is longer than ``limit`` characters."""
    # Masked first: what is left of a secret that was cut in two may be too short to be known again.
    text = mask(text)
    if len(text) <= limit:
        return text
    kept = text[: _place_to_cut(text, limit)].rstrip()
    return f"{kept} … ({len(text) - len(kept):,} more characters are left out)"


def _place_to_cut(text: str, limit: int) -> int:
    for place in range(limit, max(limit - _LAST_STRETCH, 0), -1):
        if text[place].isspace():
            return place
    return limit
