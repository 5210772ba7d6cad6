"""Reading a file of the project while it is sent: counted, hashed, and cut short when it is not what it was."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from typing import NoReturn

from assistctl.checkout.untrusted_files import READING
from assistctl.errors import ChangedFileError, PlatformError
from assistctl.model.source_file import SourceFile


class SourceReader(io.FileIO):
    """The bytes of ``source`` from its start.

    The end is only reached when size and SHA-256 are those of ``source``. Whoever sends what is read as part of
    a longer message has then not sent the rest of it, so that a receiver has nothing to keep. ``sent`` is called
    with the length of each piece, in bytes, when the next one is asked for; with a negative number when reading
    begins again.

    Opening and reading raise ``ChangedFileError`` for a file that was changed or is gone, and ``PlatformError``
    for one that cannot be read; ``trouble`` keeps that error, for it may not come through a server in process.
    """

    def __init__(self, source: SourceFile, sent: Callable[[int], None]) -> None:
        self.trouble: PlatformError | None = None
        self._source = source
        self._sent = sent
        self._reported = 0
        self._begin()
        try:
            super().__init__(source.location, opener=lambda path, _: os.open(path, READING))
        except OSError as error:
            self._fail(error)
        if os.fstat(self.fileno()).st_size != source.size:
            self.close()
            self._fail()

    def read(self, size: int | None = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        self._report(self._position - self._reported)
        left = self._source.size - self._position
        piece = self._read_from_disk(left if size is None or size < 0 else min(size, left))
        self._digest.update(piece)
        self._position += len(piece)
        if not piece:
            self._end()
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go back to the start, for a redirect; no other place is supported."""
        position = super().seek(offset, whence)
        if position == 0:
            self.withdraw()
            self._begin()
        return position

    def withdraw(self) -> None:
        """Take back what was reported as sent."""
        self._report(-self._reported)

    def _begin(self) -> None:
        self.complete = False
        self._digest = hashlib.sha256()
        self._position = 0

    def _report(self, count: int) -> None:
        self._reported += count
        if count:
            self._sent(count)

    def _end(self) -> None:
        grew = bool(self._read_from_disk(1))
        if grew or self._digest.hexdigest() != self._source.identity.sha256:
            self._fail()
        self.complete = True

    def _read_from_disk(self, size: int) -> bytes:
        try:
            return super().read(size) or b""
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError | None = None) -> NoReturn:
        path = self._source.path
        if error is None or isinstance(error, FileNotFoundError):
            self.trouble = ChangedFileError(path)
        else:
            self.trouble = PlatformError(f"{path} cannot be read: {error.strerror or error}")
        raise self.trouble from error
