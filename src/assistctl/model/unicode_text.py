"""Text from outside, to be stored and sent: JSON may hold halves of surrogate pairs (RFC 8259, 8.2)."""

from __future__ import annotations


def whole_characters(text: str) -> str:
    """``text`` with the two halves of a pair as their character, and a half by itself as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
