"""A key made from any text: a file's name, an assistant's name."""

from __future__ import annotations

import re

LONGEST_KEY = 64
"""How many characters a key has at most."""


def key_from(text: str) -> str:
    """The part of ``text`` that can be a key, other scripts in Latin letters; empty if there is none.

    It is for suggestions and for names that are made once: the letters may be others with another version of
    the library.
    """
    if not text.isascii():
        # Unidecode is GPL, text-unidecode is not kept up. It is imported only for names that need it.
        from anyascii import anyascii

        text = anyascii(text)
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")[:LONGEST_KEY].rstrip("-_")
