"""A limit on the size of answers, from anybody: counted while they are unpacked.

A server that is broken or hostile can answer without end: in bytes, in what they unpack to, or in time, one byte
before each wait is over. The bounds are the same for every vendor's SDK, and hold while an answer is read.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator

from assistctl.errors import PlatformError
from assistctl.platforms.connection import MEBIBYTE, AnswerBudget

ENCODINGS = "gzip, deflate"
"""What is unpacked here, as ``Accept-Encoding`` has it."""

# An error is read for its words; what lies behind this much of it is left unread.
_ERROR_BYTES = MEBIBYTE
_FIRST_ERROR_STATUS = 400
# A packed piece is unpacked in pieces of this size, so that none is larger than what is still to be counted.
_PIECE = 256 * 1024
# As ``zlib.decompressobj`` takes them; of deflate some servers leave out the header that RFC 9110 wants.
_GZIP = zlib.MAX_WBITS | 16, zlib.MAX_WBITS | 16
_FORMATS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}


class UnreadAnswerError(PlatformError):
    """An answer that was not read to its end: it is too large, took too long, or cannot be unpacked."""


async def unpacked(
    packed: AsyncIterable[bytes], encoding: str, status: int, budget: AnswerBudget
) -> AsyncIterator[bytes]:
    """The pieces of an answer, unpacked by its ``Content-Encoding``; of an error, no more than its beginning.

    Raises ``UnreadAnswerError`` beyond the budget's size, and for what cannot be unpacked.
    """
    is_error = status >= _FIRST_ERROR_STATUS
    limit = min(budget.size, _ERROR_BYTES) if is_error else budget.size
    unpack = _unpacking(encoding)
    taken = given = 0
    async for piece in packed:
        taken += len(piece)
        for part in unpack(piece):
            given += len(part)
            if given > limit:
                break
            yield part
        if max(taken, given) > limit:
            if is_error:
                return
            raise _too_large(limit)


def _too_large(limit: int) -> UnreadAnswerError:
    return UnreadAnswerError(
        f"the platform's answer is larger than {limit / MEBIBYTE:,.6g} MiB; the rest of it was not read",
        "Is the base_url right? options.max_answer_mib of the target allows more.",
    )


def _unpacking(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """The decompressor for one piece after the other; an encoding that nobody asked for stays as it is."""
    formats = _FORMATS.get(encoding.strip().lower())
    return _Inflating(*formats).unpack if formats else lambda piece: iter((piece,))


class _Inflating:
    """Unpacks what is in a format of zlib's, or else in ``otherwise``, piece by piece."""

    def __init__(self, expected: int, otherwise: int) -> None:
        self._inflate = zlib.decompressobj(expected)
        self._otherwise = otherwise
        self._is_first = True

    def unpack(self, piece: bytes) -> Iterator[bytes]:
        try:
            part = self._first(piece) if self._is_first else self._inflate.decompress(piece, _PIECE)
            self._is_first = False
            while part:
                yield part
                part = self._inflate.decompress(self._inflate.unconsumed_tail, _PIECE)
        except zlib.error as error:
            raise UnreadAnswerError(f"the platform's answer cannot be unpacked: {error}") from error

    def _first(self, piece: bytes) -> bytes:
        try:
            return self._inflate.decompress(piece, _PIECE)
        except zlib.error:
            self._inflate = zlib.decompressobj(self._otherwise)
            return self._inflate.decompress(piece, _PIECE)
