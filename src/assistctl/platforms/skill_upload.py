"""A skill's files as a form takes them: each under its path, all of them in one folder."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, TypeAlias

from assistctl.checkout.untrusted_files import open_regular
from assistctl.errors import OutcomeUnknownError, PlatformError
from assistctl.model.resource import MAIN_FILE, ResourceFile
from assistctl.platforms.source_reader import SourceReader

Part: TypeAlias = "tuple[str, tuple[str, BinaryIO | io.FileIO, str]]"
"""A file of a form: the field, its name, what is read, and its type."""

_FIELD = "files[]"
_TYPE = "application/octet-stream"
_FRONT = 64 * 1024
_NAME = re.compile(rb"""^name[ \t]*:[ \t]*(["']?)([a-z0-9-]+)\1[ \t]*\r?$""", re.MULTILINE)


def slug_in(main: bytes) -> str | None:
    """The ``name`` in the front matter of a ``SKILL.md``: lower-case letters, digits and hyphens."""
    found = _NAME.search(main[:_FRONT].partition(b"\n---")[0])
    return found[2].decode() if found else None


@dataclass(slots=True)
class SkillUpload:
    """The ``files`` of the checkout and ``more`` by their paths, which are sent in one form.

    They are opened anew for each attempt to send them, and read while they are sent.
    """

    files: Sequence[ResourceFile] = ()
    more: Mapping[str, bytes] = field(default_factory=dict)
    readers: list[SourceReader] = field(default_factory=list)

    @property
    def slug(self) -> str | None:
        """The skill's name in its ``SKILL.md``. Raises ``PlatformError`` where that cannot be read."""
        if MAIN_FILE in self.more:
            return slug_in(self.more[MAIN_FILE])
        main = next((file.source.location for file in self.files if file.path == MAIN_FILE), None)
        if main is None:
            return None
        try:
            with open_regular(main) as opened:
                return slug_in(opened.read(_FRONT))
        except OSError as error:
            raise PlatformError(f"{main} cannot be read: {error.strerror or error}") from error

    @contextmanager
    def opened(self) -> Iterator[list[Part]]:
        """The parts of the form, which are closed afterwards."""
        folder = self.slug or "skill"
        self.readers.clear()
        with ExitStack() as stack:
            parts: list[Part] = []
            for file in self.files:
                reader = stack.enter_context(SourceReader(file.source, lambda _: None))
                self.readers.append(reader)
                parts.append((_FIELD, (f"{folder}/{file.path}", reader, _TYPE)))
            for path, content in self.more.items():
                parts.append((_FIELD, (f"{folder}/{path}", io.BytesIO(content), _TYPE)))
            yield parts

    def explained(self, error: PlatformError) -> PlatformError:
        """``error`` by its cause. What was not sent to its end was surely not kept."""
        trouble = next((reader.trouble for reader in self.readers if reader.trouble is not None), None)
        if trouble is not None:
            return trouble
        if isinstance(error, OutcomeUnknownError) and not all(reader.complete for reader in self.readers):
            return PlatformError(error.summary, error.hint, status=error.status)
        return error
