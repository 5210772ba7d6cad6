"""The files' rows in the database: what may be sent, when a file expires, and the file as it is answered.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import sqlite3
import time

from assistctl.json_value import Json
from assistctl.local.database.collection import Collection, Condition, Page, Stored
from assistctl.local.http.errors import not_found
from assistctl.local.http.paging import PageQuery
from assistctl.local.http.shapes import Choice, Integer, Record, Text

Fields = dict[str, Json]

FILES = Collection("file")

PART_KIND = "upload part"
"""The kind of what has bytes in the folder and is no file yet."""

PURPOSE = Choice(("assistants", "batch", "fine-tune", "vision", "user_data", "evals"))
EXPIRES_AFTER = Record(
    {"anchor": Choice(("created_at",)), "seconds": Integer(minimum=3600, maximum=2_592_000)},
    required=("anchor", "seconds"),
)
CREATE = Record(
    {"file": Text(), "purpose": PURPOSE, "expires_after": EXPIRES_AFTER},
    required=("file", "purpose"),
)
"""The form of an upload (``CreateFileRequest``); ``file`` stands for its name."""

_BATCH_SECONDS = 2_592_000
"""Files of purpose ``batch`` expire after 30 days if nothing else is said (``FileExpirationAfter``)."""

_LISTED = """AND (:purpose IS NULL OR json_extract(body, '$.purpose') = :purpose)
    AND coalesce(json_extract(body, '$.expires_at') > :now, 1)"""


def add(connection: sqlite3.Connection, file_id: str, sent: Fields, size: int) -> Stored:
    """Add a file of ``size`` bytes. ``sent`` fits ``CREATE``."""
    lifetime = _lifetime(sent)
    body: Fields = {
        "bytes": size,
        "filename": sent["file"],
        "purpose": sent["purpose"],
        "expires_at": None if lifetime is None else int(time.time()) + lifetime,
    }
    return FILES.insert(connection, file_id, body)


def get(connection: sqlite3.Connection, file_id: str) -> Stored:
    """A file. Raises ``ApiError`` 404 for one that is not there any more, too."""
    stored = FILES.get(connection, file_id)
    end = stored.body["expires_at"]
    if isinstance(end, int) and end <= time.time():
        raise not_found(FILES.kind, file_id)
    return stored


def page(connection: sqlite3.Connection, query: PageQuery, purpose: str | None) -> Page:
    """One page of the files, of all or of those for one purpose."""
    condition = Condition(_LISTED, {"purpose": purpose, "now": int(time.time())})
    return FILES.page(connection, query, condition)


def expire(connection: sqlite3.Connection) -> list[str]:
    """Remove the files whose time is over, and say which."""
    rows = connection.execute(
        "SELECT id FROM objects WHERE kind = 'file' AND json_extract(body, '$.expires_at') <= ?",
        (int(time.time()),),
    ).fetchall()
    connection.executemany("DELETE FROM objects WHERE kind = 'file' AND id = ?", rows)
    return [file_id for (file_id,) in rows]


def is_known(connection: sqlite3.Connection, file_id: str) -> bool:
    """Whether there is a row for a file, or for a part of one."""
    query = "SELECT 1 FROM objects WHERE kind IN ('file', ?) AND id = ?"
    return connection.execute(query, (PART_KIND, file_id)).fetchone() is not None


def view(stored: Stored) -> Fields:
    """The ``OpenAIFile``.

    ``status_details`` is null (recorded in llm-edge/hal-9100 issue 70) and so is ``expires_at`` of a file that
    does not expire, though the description knows no null for either.
    """
    return {
        "id": stored.id,
        "object": "file",
        "created_at": stored.created_at,
        **stored.body,
        "status": "processed",
        "status_details": None,
    }


def _lifetime(sent: Fields) -> int | None:
    policy = sent.get("expires_after")
    if isinstance(policy, dict):
        return int(str(policy["seconds"]))
    return _BATCH_SECONDS if sent["purpose"] == "batch" else None
