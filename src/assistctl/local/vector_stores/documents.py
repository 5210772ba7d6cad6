"""The text of PDF and DOCX documents, read by pypdf and mammoth: the extra ``assistctl[documents]``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from assistctl.local.vector_stores.unreadable import INVALID, TOO_LARGE, UNSUPPORTED, UnreadableError

_MAX_UNPACKED_BYTES = 256 * 1024 * 1024
"""The most a DOCX may unpack to: a few kilobytes can unpack to more than there is memory."""


def read_pdf(path: Path) -> Iterator[str]:
    """The text of each page."""
    pypdf = _library("pypdf", ".pdf")
    with path.open("rb") as file:
        reader = pypdf.PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError(INVALID, "The file could not be parsed because it is encrypted.")
        for page in reader.pages:
            yield page.extract_text() + "\n\n"


def read_docx(path: Path) -> Iterator[str]:
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
