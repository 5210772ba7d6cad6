r"""A text as its readers may decode it: percent-encoding, HTML entities, backslash escapes, quoted-printable.

Each way of writing is undone by itself, and a second one on top of it: ``%2561`` and ``&quot;`` inside JSON are
read. A soft line break of quoted-printable (RFC 2045, section 6.7) is not joined.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_Writing: TypeAlias = tuple[re.Pattern[str], Callable[[str], str]]

_DEPTH = 2
_MARKS = re.compile(r"[%&\\=+]")
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}
_HEX = "[0-9A-Fa-f]"


@dataclass(frozen=True, slots=True)
class Reading:
    """A decoded text; character ``i`` was written from ``starts[i]`` to ``starts[i + 1]`` of the original."""

    text: str
    starts: Sequence[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original of a stretch of the decoded text."""
        return self.starts[start], self.starts[end]


def reads_one_way(text: str) -> bool:
    """Whether decoding ``text`` gives nothing but ``text``."""
    return not _MARKS.search(text)


def readings(text: str, *, spaces: bool = True) -> Iterator[Reading]:
    """``text`` as it stands, and each other text that decoding it up to twice gives.

    Without ``spaces`` a ``+`` is not read as one, as it is in a form: in most texts it stands for itself.
    """
    whole = Reading(text, range(len(text) + 1))
    yield whole
    if not reads_one_way(text):
        yield from _decoded(whole, _WRITINGS if spaces else _WITHOUT_FORMS, _DEPTH)


def _decoded(reading: Reading, writings: Sequence[_Writing], depth: int) -> Iterator[Reading]:
    for pattern, decode in writings:
        inner = _read(reading, pattern, decode)
        if inner is None:
            continue
        yield inner
        if depth > 1:
            yield from _decoded(inner, writings, depth - 1)


def _read(reading: Reading, pattern: re.Pattern[str], decode: Callable[[str], str]) -> Reading | None:
    """The reading with each match decoded; ``None`` when there is no match."""
    text, starts, end = reading.text, array("Q"), 0
    pieces: list[str] = []
    for found in pattern.finditer(text):
        char = decode(found[0])
        pieces += (text[end : found.start()], char)
        starts.extend(reading.starts[end : found.start()])
        starts.extend([reading.starts[found.start()]] * len(char))
        end = found.end()
    if not pieces:
        return None
    starts.extend(reading.starts[end:])
    return Reading("".join((*pieces, text[end:])), starts)


def _utf8(mark: str) -> str:
    """A pattern of one UTF-8 character whose bytes are written in hexadecimal behind ``mark``."""
    return f"{mark}[0-7]{_HEX}|{mark}[c-fC-F]{_HEX}(?:{mark}[89abAB]{_HEX}){{1,3}}"


def _from_bytes(written: str) -> str:
    return bytes.fromhex(re.sub(r"%|=|\\x", "", written)).decode("utf-8", "replace")


def _from_form(written: str) -> str:
    return " " if written == "+" else _from_bytes(written)


def _from_entity(written: str) -> str:
    from html import unescape

    return unescape(written)


def _from_backslash(written: str) -> str:
    kind = written[1]
    if kind == "x" and len(written) > len(r"\x"):
        return _from_bytes(written)
    if kind not in "uU" or len(written) <= len(r"\u"):
        return _NAMED.get(kind, kind)
    units = [int(unit, 16) for unit in re.split(r"\\[uU]", written)[1:]]
    if any(unit > 0x10FFFF for unit in units):  # noqa: PLR2004  # the last code point of Unicode
        return written
    text = "".join(map(chr, units))
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_WITHOUT_FORMS: tuple[_Writing, ...] = (
    (re.compile(_utf8("%")), _from_bytes),
    (re.compile(rf"&(?:#[0-9]{{1,7}}|#[xX]{_HEX}{{1,6}}|[A-Za-z][A-Za-z0-9]{{1,31}});"), _from_entity),
    (
        re.compile(
            rf"\\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}|\\u{_HEX}{{4}}|\\U{_HEX}{{8}}"
            rf"|{_utf8(re.escape(chr(92)) + 'x')}|\\[^\n]"
        ),
        _from_backslash,
    ),
    (re.compile(_utf8("=")), _from_bytes),
)
_WRITINGS = (*_WITHOUT_FORMS, (re.compile(rf"\+|{_utf8('%')}"), _from_form))
