"""Bytes to text, by the file name's extension.

The extensions are those the service supports for file search
(https://platform.openai.com/docs/assistants/tools/file-search/supported-files), and ``.csv``, which it leaves to
the code interpreter. ``.doc`` and ``.pptx`` it reads and this platform cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from assistctl.local.vector_stores.chunking import estimated_tokens
from assistctl.local.vector_stores.documents import read_docx, read_pdf
from assistctl.local.vector_stores.plain_text import text_at
from assistctl.local.vector_stores.unreadable import (
    INVALID,
    SERVER_ERROR,
    TOO_HEAVY,
    TOO_LARGE,
    UNSUPPORTED,
    UnreadableError,
)
from assistctl.local.vector_stores.web_page import read_html

MAX_TOKENS = 2_000_000
"""The longest text indexed, in tokens: what the reference of ``POST /files`` says the Assistants API takes."""

_PLAIN = "c cpp cs css csv go java js json md php py rb sh tex ts txt"
_FOREIGN = {"doc": "docx", "pptx": "pdf"}


_MAX_CHARACTERS = 64 * 1024 * 1024
"""The longest text with all of its white space, which counts no tokens."""

_DOCUMENTS = frozenset({"html", "pdf", "docx"})


def is_document(filename: str) -> bool:
    """Whether a file's text must be parsed out of it, which may take any time and memory."""
    return _extension(filename) in _DOCUMENTS


def extract(path: Path, filename: str) -> Iterator[str]:
    """The text of the file at ``path``, in pieces that only need to be joined. Raises ``UnreadableError``."""
    read = _reader(_extension(filename))
    try:
        yield from _bounded(read(path))
    except UnreadableError:
        raise
    except MemoryError as error:
        raise UnreadableError(INVALID, TOO_HEAVY) from error
    except OSError as error:
        raise UnreadableError(SERVER_ERROR, f"The file could not be read ({error.strerror or error}).") from error
    except Exception as error:
        # The libraries raise errors of many kinds for what is broken inside a document.
        raise UnreadableError(
            INVALID, f"The file could not be parsed ({type(error).__name__}: {error})."
        ) from error


def _extension(filename: str) -> str:
    return PurePosixPath(filename).suffix.lower().removeprefix(".")


def _reader(extension: str) -> Callable[[Path], Iterator[str]]:
    readers = {**dict.fromkeys(_PLAIN.split(), _read_text), "html": read_html, "pdf": read_pdf, "docx": read_docx}
    if extension in readers:
        return readers[extension]
    if extension in _FOREIGN:
        advice = f"This platform does not read .{extension} files. Save it as .{_FOREIGN[extension]}."
        raise UnreadableError(UNSUPPORTED, advice)
    raise UnreadableError(UNSUPPORTED, "The file type is not supported.")


def _read_text(path: Path) -> Iterator[str]:
    yield text_at(path)


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, as long as they are not too many, and with all there was to read being some text."""
    tokens, characters, blank = 0, 0, True
    for piece in pieces:
        # Half of a surrogate pair, which broken PDFs contain, can be neither stored nor sent.
        text = piece.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
        characters += len(text)
        tokens += estimated_tokens(text, at_most=MAX_TOKENS)
        if tokens > MAX_TOKENS or characters > _MAX_CHARACTERS:
            raise UnreadableError(INVALID, TOO_LARGE)
        blank = blank and not text.strip()
        yield text
    if blank:
        raise UnreadableError(INVALID, "The file could not be parsed because it has no text.")
