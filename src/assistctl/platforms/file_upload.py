"""Uploading a file of the project: streamed from the disk, and held against what the server says it got."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import BinaryIO, TypeAlias

from assistctl.errors import OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.knowledge import UploadedFile
from assistctl.model.source_file import SourceFile
from assistctl.platforms.http.outside_text import excerpt
from assistctl.platforms.source_reader import SourceReader

NamedFile: TypeAlias = tuple[str, BinaryIO]
"""A file open for reading, and the name to send it by."""

# What httpx2 sends in place of characters that would end a form's file name or its line
# (https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data; the backslash is
# that of RFC 822's quoted strings). A server may keep the name as it was sent.
_NOT_IN_FORMS = re.compile(r'["\\\x00-\x1a\x1c-\x1f]')


@dataclass(frozen=True, slots=True)
class UploadRequests:
    """An API's requests about one upload.

    ``post`` sends what the function it is given opens, once for each attempt; ``read`` makes an upload of the
    answer, whose ``size_field`` has the bytes that the server got; ``remove`` deletes one by its id.
    """

    post: Callable[[Callable[[], NamedFile]], Awaitable[Json]]
    read: Callable[[Json], UploadedFile]
    size_field: str
    remove: Callable[[str], Awaitable[None]]


async def upload_file(
    requests: UploadRequests, source: SourceFile, sent: Callable[[int], None], known_ids: Collection[str] = ()
) -> UploadedFile:
    """See ``UploadPlatform.upload``. What is not kept as it was sent is deleted again.

    ``known_ids`` are the ids of what was there before: a server that answers with one of those made nothing new.
    """
    attempts = _Attempts(source, sent)
    try:
        answer = await requests.post(attempts.open)
    except PlatformError as error:
        explained = attempts.explained(error)
        if explained is error:
            raise
        raise explained from error
    uploaded = requests.read(answer)
    if uploaded.id in known_ids:
        raise _not_new(source, uploaded.id)
    size = answer.get(requests.size_field) if isinstance(answer, dict) else None
    trouble = attempts.trouble or _not_kept(source, uploaded, size)
    if trouble is not None:
        raise await _discarded(requests, uploaded.id, trouble)
    return uploaded


@dataclass(slots=True)
class _Attempts:
    """The tries to send one file."""

    source: SourceFile
    sent: Callable[[int], None]
    readers: list[SourceReader] = field(default_factory=list)

    @property
    def trouble(self) -> PlatformError | None:
        """The problem with the file itself, if there was one."""
        return self.readers[-1].trouble if self.readers else None

    def open(self) -> NamedFile:
        if self.readers:
            self.readers[-1].withdraw()
        self.readers.append(SourceReader(self.source, self.sent))
        return self.source.identity.name, self.readers[-1]

    def explained(self, error: PlatformError) -> PlatformError:
        """``error`` by its cause. What was not sent to its end was surely not kept."""
        if self.trouble is not None:
            return self.trouble
        incomplete = bool(self.readers) and not self.readers[-1].complete
        if incomplete and isinstance(error, OutcomeUnknownError):
            return PlatformError(error.summary, error.hint, status=error.status)
        return error


def _not_kept(source: SourceFile, uploaded: UploadedFile, size: Json) -> PlatformError | None:
    if size != source.size:
        says = "says nothing of the size" if size is None else f"says it got {excerpt(repr(size))} bytes"
        return PlatformError(f"the platform {says} of {source.path}; {source.size} were sent")
    if not _same_name(source.identity.name, uploaded.name):
        return PlatformError(
            f"the platform made {excerpt(repr(uploaded.name))} of the name of {source.path}",
            "Rename the file to something that the platform keeps.",
        )
    return None


def _not_new(source: SourceFile, file_id: str) -> PlatformError:
    return PlatformError(
        f"the platform answered the upload of {source.path} with {file_id}, which was there before",
        "That file may be somebody else's, so it is not used and was left alone. If this server keeps equal files "
        "only once, delete the other one or change this one.",
    )


def _same_name(name: str, given: str) -> bool:
    kept = {unicodedata.normalize("NFC", form) for form in (name, _as_in_form(name))}
    return unicodedata.normalize("NFC", given) in kept


def _as_in_form(name: str) -> str:
    return _NOT_IN_FORMS.sub(lambda found: "\\\\" if found[0] == "\\" else f"%{ord(found[0]):02X}", name)


async def _discarded(requests: UploadRequests, file_id: str, trouble: PlatformError) -> PlatformError:
    """``trouble`` with an upload that was deleted because of it; it says so if that failed."""
    try:
        await requests.remove(file_id)
    except PlatformError as error:
        return PlatformError(
            f"{trouble.summary}; and the upload {file_id} could not be deleted: {error.summary}",
            "Delete it by hand, or let `assistctl gc` find it.",
            status=error.status,
        )
    return trouble
