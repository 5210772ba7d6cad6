"""Bytes to text, by the file name's extension.

The extensions are those the service supports for file search
(https://platform.openai.com/docs/assistants/tools/file-search/supported-files), and ``.csv``, which it leaves to
the code interpreter. ``.doc`` and ``.pptx`` it reads and this platform cannot. PDF and DOCX are read by pypdf and
mammoth: the extra ``assistctl[documents]``.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path, PurePosixPath
from types import ModuleType

from assistctl.local.vector_stores.chunking import estimated_tokens
from assistctl.local.vector_stores.unreadable import (
    INVALID,
    SERVER_ERROR,
    TOO_HEAVY,
    TOO_LARGE,
    UNSUPPORTED,
    UnreadableError,
)

_PLAIN = "c cpp cs css csv go java js json md php py rb sh tex ts txt"
_DOCUMENTS = frozenset({"html", "pdf", "docx"})
_FOREIGN = {"doc": "docx", "pptx": "pdf"}

_MAX_TOKENS = 2_000_000
"""The longest text indexed, in tokens: what the reference of ``POST /files`` says the Assistants API takes."""
_MAX_CHARACTERS = 64 * 1024 * 1024
"""The longest text with all of its white space, which counts no tokens."""
_MAX_BYTES = 64 * 1024 * 1024
"""The largest file read as text: two million tokens of any language fit well."""
_MAX_UNPACKED_BYTES = 256 * 1024 * 1024
"""The most a DOCX may unpack to: a few kilobytes can unpack to more than there is memory."""

_NO_TEXT = frozenset({"script", "style", "template", "head"})
_INLINE = """a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q s samp small span strong sub
    sup time tt u var wbr"""


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
    readers = {
        **dict.fromkeys(_PLAIN.split(), _read_text),
        "html": _read_html,
        "pdf": _read_pdf,
        "docx": _read_docx,
    }
    if extension in readers:
        return readers[extension]
    if extension in _FOREIGN:
        advice = f"This platform does not read .{extension} files. Save it as .{_FOREIGN[extension]}."
        raise UnreadableError(UNSUPPORTED, advice)
    raise UnreadableError(UNSUPPORTED, "The file type is not supported.")


def _read_text(path: Path) -> Iterator[str]:
    yield _text_at(path)


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, as long as they are not too many, and with all there was to read being some text."""
    tokens, characters, blank = 0, 0, True
    for piece in pieces:
        # Half of a surrogate pair, which broken PDFs contain, can be neither stored nor sent.
        text = piece.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
        characters += len(text)
        tokens += estimated_tokens(text, at_most=_MAX_TOKENS)
        if tokens > _MAX_TOKENS or characters > _MAX_CHARACTERS:
            raise UnreadableError(INVALID, TOO_LARGE)
        blank = blank and not text.strip()
        yield text
    if blank:
        raise UnreadableError(INVALID, "The file could not be parsed because it has no text.")


def _read_pdf(path: Path) -> Iterator[str]:
    """The text of each page."""
    pypdf = _library("pypdf", ".pdf")
    with path.open("rb") as file:
        reader = pypdf.PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError(INVALID, "The file could not be parsed because it is encrypted.")
        for page in reader.pages:
            yield page.extract_text() + "\n\n"


def _read_docx(path: Path) -> Iterator[str]:
    """The text of all paragraphs, those in tables too."""
    import zipfile

    mammoth = _library("mammoth", ".docx")
    with path.open("rb") as file:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > _MAX_UNPACKED_BYTES:
            raise UnreadableError(INVALID, TOO_LARGE)
        yield str(mammoth.extract_raw_text(file).value)


def _library(name: str, extension: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        message = f"This platform reads {extension} files with {name}, which is missing."
        advice = "Install it with: pip install 'assistctl[documents]'"
        raise UnreadableError(UNSUPPORTED, f"{message} {advice}") from error


def _read_html(path: Path) -> Iterator[str]:
    """The visible text of a page; the title too."""
    reader = _HtmlReader()
    reader.feed(_text_at(path))
    reader.close()
    yield reader.text


class _HtmlReader(HTMLParser):
    """Collects text; the end of any element that is not inline ends a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inline = frozenset(_INLINE.split())
        self._parts: list[str] = []
        self._hidden: list[str] = []
        self._in_title = False

    @property
    def text(self) -> str:
        """The lines that have text."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).splitlines())
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """See ``HTMLParser``."""
        self._in_title = tag == "title"
        if tag in _NO_TEXT:
            self._hidden.append(tag)
        elif tag == "body":
            # Ends a <head> whose end tag was left out.
            self._hidden.clear()
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        """See ``HTMLParser``."""
        self._break(tag)
        self._in_title = False
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]

    def handle_data(self, data: str) -> None:
        """See ``HTMLParser``."""
        if self._in_title or not self._hidden:
            # Line ends in the source are spaces on the page.
            self._parts.append(data.replace("\n", " ").replace("\r", " "))

    def _break(self, tag: str) -> None:
        if tag not in self._inline:
            self._parts.append("\n")


def _text_at(path: Path) -> str:
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
