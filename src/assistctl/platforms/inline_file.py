"""A file that goes along inside a message: PDF as it is, anything else as text."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from assistctl.errors import PlatformError
from assistctl.model.conversation import MessageFile
from assistctl.platforms.source_reader import SourceReader

LARGEST = 20 * 1024 * 1024
"""Bytes of one file; a whole request may have 32 MB on some platforms."""


@dataclass(frozen=True, slots=True)
class InlineFile:
    """The file's ``name``, and its ``content``: a PDF in Base64 where it ``is_pdf``, else the text."""

    name: str
    content: str
    is_pdf: bool


def inlined(file: MessageFile) -> InlineFile:
    """The file as a message can hold it.

    Raises ``PlatformError`` for what is too large or neither PDF nor text, and as ``SourceReader`` does.
    """
    source, name = file.source, file.source.identity.name
    if source.size > LARGEST:
        raise PlatformError(
            f"{name} is too large to go inside a message: it has {source.size:,} bytes",
            f"A message has room for a file of {LARGEST:,} there: send a part of it.",
        )
    with SourceReader(source, lambda _: None) as reader:
        content = b"".join(iter(reader.read, b""))
    if content.startswith(b"%PDF-"):
        return InlineFile(name, base64.b64encode(content).decode("ascii"), is_pdf=True)
    try:
        return InlineFile(name, content.decode("utf-8"), is_pdf=False)
    except UnicodeDecodeError as error:
        raise PlatformError(
            f"{name} is neither PDF nor text in UTF-8", "Nothing else goes inside a message there."
        ) from error
