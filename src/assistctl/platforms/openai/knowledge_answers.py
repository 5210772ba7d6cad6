"""A server's answers about files and vector stores, in the project's words.

Shapes: ``OpenAIFile``, ``VectorStoreObject``, ``VectorStoreFileObject`` and ``VectorStoreFileBatchObject`` of
OpenAI's API description. Servers that leave out or null what it calls required are understood as far as may be.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TypeAlias

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.knowledge import Indexing, ObservedStore, StoreFile, UploadedFile
from assistctl.platforms.http.outside_text import excerpt

Fields: TypeAlias = "dict[str, Json]"

_STORE_FIELDS = ("name", "expires_after")
# The last of these, in seconds since 1970, is in the year 5138; what is beyond it are milliseconds.
_LAST_SECOND = 10**11
# Up to four months.
_MILLISECONDS = re.compile("[0-9]{1,10}")


def uploaded_file(answer: Json) -> UploadedFile:
    """The upload that ``answer`` describes. Raises ``PlatformError`` when it describes none."""
    fields = _object(answer, "file")
    size = fields.get("bytes")
    return UploadedFile(
        id=str(fields["id"]),
        name=_text(fields.get("filename")),
        size=size if isinstance(size, int) else 0,
        created_at=_seconds(fields.get("created_at")),
    )


def observed_store(answer: Json) -> ObservedStore:
    """The vector store that ``answer`` describes. Raises ``PlatformError`` when it describes none."""
    fields = _object(answer, "vector store")
    counts = _counts(fields)
    return ObservedStore(
        id=str(fields["id"]),
        fields={name: fields[name] for name in _STORE_FIELDS if name in fields},
        metadata={key: _text(value) for key, value in _mapping(fields.get("metadata")).items()},
        expired=fields.get("status") == "expired",
        completed=counts["completed"],
        in_progress=counts["in_progress"],
        failed=counts["failed"] + counts["cancelled"],
    )


def store_file(answer: Json) -> StoreFile:
    """The file of a vector store that ``answer`` describes. Raises ``PlatformError`` when it describes none."""
    fields = _object(answer, "file of a vector store")
    return StoreFile(
        id=str(fields["id"]),
        status=_text(fields.get("status")),
        attributes=_mapping(fields.get("attributes")),
        chunking=_mapping(fields.get("chunking_strategy")) or None,
        error=_reason(fields.get("last_error")),
    )


def batch_id(answer: Json) -> str:
    """The id of the batch that ``answer`` describes. Raises ``PlatformError`` when it describes none."""
    return str(_object(answer, "batch of files")["id"])


def indexing(answer: Json, headers: Mapping[str, str]) -> Indexing:
    """The progress of the batch in ``answer``. Raises ``PlatformError`` when it describes none.

    Files that a cancelled or failed batch never got to count as failed; a batch under way has at least one that
    is, whatever it counts.
    """
    fields = _object(answer, "batch of files")
    counts, status = _counts(fields), _text(fields.get("status"))
    waiting, failed = counts["in_progress"], counts["failed"] + counts["cancelled"]
    if status in {"cancelled", "failed"}:
        waiting, failed = 0, max(failed + waiting, 1)
    if status == "in_progress":
        waiting = max(waiting, 1)
    return Indexing(waiting, counts["completed"], failed, _poll_after(headers))


def _object(answer: Json, what: str) -> Fields:
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str) or not answer["id"]:
        raise PlatformError(f"the platform's answer is not a {what}", "Is the base_url right?")
    return answer


def _counts(fields: Fields) -> dict[str, int]:
    counts = _mapping(fields.get("file_counts"))
    statuses = ("in_progress", "completed", "failed", "cancelled")
    return {status: count if isinstance(count := counts.get(status), int) else 0 for status in statuses}


def _mapping(value: Json) -> Fields:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else repr(value)


def _reason(error: Json) -> str | None:
    if not isinstance(error, dict):
        return excerpt(_text(error)) or None
    message, code = excerpt(_text(error.get("message"))), excerpt(_text(error.get("code")))
    return f"{message} ({code})" if message and code else message or code or None


def _seconds(moment: Json) -> int:
    """A moment as seconds since 1970; 0 for anything else. Some servers use milliseconds, some write a date."""
    if isinstance(moment, int | float):
        return int(moment // 1000 if moment > _LAST_SECOND else moment)
    try:
        date = dt.datetime.fromisoformat(_text(moment))
    except ValueError:
        return 0
    return int((date if date.tzinfo else date.replace(tzinfo=dt.UTC)).timestamp())


def _poll_after(headers: Mapping[str, str]) -> float | None:
    milliseconds = headers.get("openai-poll-after-ms", "")
    return int(milliseconds) / 1000 if _MILLISECONDS.fullmatch(milliseconds) else None
