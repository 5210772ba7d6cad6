"""Text files."""

from __future__ import annotations

import codecs
from pathlib import Path

from assistctl.local.vector_stores.unreadable import INVALID, TOO_LARGE, UnreadableError

_MAX_BYTES = 64 * 1024 * 1024
"""The largest file read as text: two million tokens of any language fit well."""


def text_at(path: Path) -> str:
    """A text file's content. "The encoding must be one of utf-8, utf-16, or ascii" (file search guide)."""
    if path.stat().st_size > _MAX_BYTES:
        raise UnreadableError(INVALID, TOO_LARGE)
    content = path.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        message = "The file could not be parsed: its text is neither UTF-8 nor UTF-16."
        raise UnreadableError(INVALID, message) from error
    if "\0" in text:
        raise UnreadableError(INVALID, "The file could not be parsed: its content is not text.")
    return text
