"""Uploads and their parts in the database, and as they are answered.

https://platform.openai.com/docs/api-reference/uploads. All functions take a connection inside a transaction
(``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from assistctl.json_value import Json
from assistctl.local.database.collection import Collection, Stored, new_id
from assistctl.local.files import record as files
from assistctl.local.http.errors import ApiError
from assistctl.local.http.shapes import Integer, Items, Record, Text

Fields = dict[str, Json]

UPLOADS = Collection("upload")
PARTS = Collection(files.PART_KIND)

MAX_PART_BYTES = 64 * 1024 * 1024
"""The largest part: "Each Part can be at most 64 MB"."""

_MAX_BYTES = 8 * 1024 * 1024 * 1024
_LIFETIME = 3600
_MOST_PARTS = 10_000
# The SDK sends a request at most three times; each of them may have arrived although no answer came back.
_TIMES_SENT = 3

CREATE = Record(
    {
        "bytes": Integer(minimum=1, maximum=_MAX_BYTES),
        "filename": Text(required=True),
        "mime_type": Text(),
        "purpose": files.PURPOSE,
        "expires_after": files.EXPIRES_AFTER,
    },
    required=("bytes", "filename", "mime_type", "purpose"),
)
"""The body that makes an upload: at most 8 GB."""

COMPLETE = Record(
    {"part_ids": Items(Text(), _MOST_PARTS, "an array of strings", required=True), "md5": Text()},
    required=("part_ids",),
)
"""The body that completes one."""

PART = Record({"data": Text()}, required=("data",))
"""The form of a part; ``data`` stands for its name."""


def add(connection: sqlite3.Connection, sent: Fields) -> Stored:
    """Add an upload that waits for its parts for an hour. ``sent`` fits ``CREATE``."""
    body: Fields = {
        **sent,
        "status": "pending",
        "expires_at": int(time.time()) + _LIFETIME,
        "file_id": None,
        "parts_received": 0,
        "bytes_received": 0,
    }
    return UPLOADS.insert(connection, new_id("upload_"), body)


def add_part(connection: sqlite3.Connection, upload: Stored, part_id: str, size: int) -> Stored:
    """Add a part of ``size`` bytes to an upload.

    Raises ``ApiError`` 400 where its parts are more by far than it was made for, those sent again counted in.
    """
    number = int(str(upload.body.get("parts_received", 0))) + 1
    total = int(str(upload.body.get("bytes_received", 0))) + size
    if number > _TIMES_SENT * _MOST_PARTS or total > _TIMES_SENT * int(str(upload.body["bytes"])):
        raise ApiError(
            f"Upload {upload.id} was created for {upload.body['bytes']} bytes, and its parts have many more: no"
            " part can be added. Complete it, or cancel it.",
            param="data",
        )
    UPLOADS.change(connection, upload, {"parts_received": number, "bytes_received": total})
    return PARTS.insert(connection, part_id, {"upload_id": upload.id, "bytes": size})


def pending(connection: sqlite3.Connection, upload_id: str) -> Stored:
    """The upload. Raises ``ApiError``: 404, and 400 when it takes no more parts."""
    upload = UPLOADS.get(connection, upload_id)
    status = _status(upload)
    if status != "pending":
        raise ApiError(f"Upload {upload.id} is {status}: nothing can be added to it, and it cannot end otherwise.")
    return upload


def parts(connection: sqlite3.Connection, upload: Stored, part_ids: Sequence[str]) -> list[Stored]:
    """The parts of these ids. Raises ``ApiError`` 400 for one of another upload, a second time, or other bytes."""
    if len(set(part_ids)) < len(part_ids):
        raise ApiError("Invalid 'part_ids': a part is named twice.", param="part_ids", code="invalid_value")
    found = [PARTS.get(connection, part_id) for part_id in part_ids]
    strange = next((part.id for part in found if part.body["upload_id"] != upload.id), None)
    if strange:
        message = f"Invalid 'part_ids': {strange} is a part of another upload."
        raise ApiError(message, param="part_ids", code="invalid_value")
    total = sum(int(str(part.body["bytes"])) for part in found)
    if total != upload.body["bytes"]:
        raise ApiError(
            f"The parts have {total} bytes in total, and the upload was created for {upload.body['bytes']}.",
            param="part_ids",
        )
    return found


def finish(connection: sqlite3.Connection, upload: Stored, status: str, file: Stored | None = None) -> Stored:
    """The upload with its last status. Its parts are to be taken away."""
    return UPLOADS.change(connection, upload, {"status": status, "file_id": file.id if file else None})


def drop_parts(connection: sqlite3.Connection) -> list[str]:
    """Take the parts away of all uploads that take no more, and say which."""
    rows = connection.execute(
        """SELECT part.id FROM objects part
            JOIN objects upload ON upload.id = json_extract(part.body, '$.upload_id')
            WHERE part.kind = :part AND (json_extract(upload.body, '$.status') != 'pending'
                OR json_extract(upload.body, '$.expires_at') <= :now)""",
        {"part": PARTS.kind, "now": int(time.time())},
    ).fetchall()
    connection.executemany("DELETE FROM objects WHERE id = ?", rows)
    return [part_id for (part_id,) in rows]


def view(upload: Stored, file: Stored | None = None) -> Fields:
    """The ``Upload``, with its ``file`` once there is one."""
    names = ("bytes", "filename", "purpose", "expires_at")
    answer: Fields = {
        "id": upload.id,
        "object": "upload",
        "created_at": upload.created_at,
        **{name: upload.body[name] for name in names},
        "status": _status(upload),
    }
    return {**answer, "file": files.view(file)} if file else answer


def view_part(part: Stored) -> Fields:
    """The ``UploadPart``."""
    return {
        "id": part.id,
        "object": "upload.part",
        "created_at": part.created_at,
        "upload_id": part.body["upload_id"],
    }


def _status(upload: Stored) -> str:
    status, end = str(upload.body["status"]), upload.body["expires_at"]
    return "expired" if status == "pending" and isinstance(end, int) and end <= time.time() else status
