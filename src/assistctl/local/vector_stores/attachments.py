"""Files attached to vector stores: the rows of ``vector_store_files``, and what they add up to.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.local.http.paging import PageQuery, Row, page_of_rows

_COLUMNS = """SELECT seq, vector_store_id, file_id, created_at, status, attributes, max_chunk_size_tokens,
    chunk_overlap_tokens, usage_bytes, error_code, error_message FROM vector_store_files"""
_OF_STORE = "WHERE vector_store_id = :store AND (:status IS NULL OR status = :status)"
_OF_BATCH = "AND seq IN (SELECT attachment FROM file_batch_members WHERE batch_id = :batch)"

_COUNT = """SELECT status, count(*), sum(usage_bytes) FROM vector_store_files
    WHERE vector_store_id = ? GROUP BY status"""
_COUNT_OF_BATCH = """SELECT status, count(*), sum(usage_bytes) FROM vector_store_files
    JOIN file_batch_members ON attachment = seq WHERE batch_id = ? GROUP BY status"""


@dataclass(frozen=True, slots=True)
class Chunking:
    """The chunking of a file, in tokens. The defaults are those of the strategy ``auto`` (OpenAPI description)."""

    max_chunk_size_tokens: int = 800
    chunk_overlap_tokens: int = 400


@dataclass(frozen=True, slots=True)
class AttachmentRequest:
    """A file somebody wants attached."""

    file_id: str
    attributes: dict[str, Json]
    chunking: Chunking


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of one vector store. ``error`` is its code and message when the status is ``failed``."""

    seq: int
    vector_store_id: str
    file_id: str
    created_at: int
    status: str
    attributes: dict[str, Json]
    chunking: Chunking
    usage_bytes: int
    error: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of files in each status, and the bytes they use."""

    by_status: dict[str, int]
    usage_bytes: int

    @property
    def in_progress(self) -> int:
        """The number of files still to be indexed."""
        return self.by_status.get("in_progress", 0)


def attach(
    connection: sqlite3.Connection, store_id: str, wishes: Sequence[AttachmentRequest], batch_id: str | None = None
) -> None:
    """Attach files, to be indexed later. One that is attached already is indexed anew, as it is wished now.

    Raises ``ApiError`` 404 naming the files that are not there (wording: Azure/azure-sdk-for-net issue 47121).
    """
    wanted = {wish.file_id: wish for wish in wishes}
    missing = [file_id for file_id in wanted if not _is_file(connection, file_id)]
    if missing:
        message = f"Files [{', '.join(missing[:20])}] were not found"
        raise ApiError(message, status=404, param="file_ids")
    now = int(time.time())
    for wish in wanted.values():
        _delete(connection, store_id, wish.file_id)
        seq = _insert(connection, store_id, wish, now)
        if batch_id is not None:
            connection.execute("INSERT INTO file_batch_members VALUES (?, ?)", (batch_id, seq))


def get(connection: sqlite3.Connection, store_id: str, file_id: str) -> Attachment:
    """One attachment. Raises ``ApiError`` 404 (wording: mkdev-me/terraform-provider-openai issue 35)."""
    select = f"{_COLUMNS} WHERE vector_store_id = ? AND file_id = ?"
    row = connection.execute(select, (store_id, file_id)).fetchone()
    if row is None:
        raise ApiError(f"No file found with id '{file_id}' in vector store '{store_id}'.", status=404)
    return _attachment(row)


def is_attached(connection: sqlite3.Connection, store_id: str, file_id: str) -> bool:
    """Whether a vector store has a file."""
    query = "SELECT 1 FROM vector_store_files WHERE vector_store_id = ? AND file_id = ?"
    return connection.execute(query, (store_id, file_id)).fetchone() is not None


def page(
    connection: sqlite3.Connection,
    store_id: str,
    query: PageQuery,
    *,
    status: str | None = None,
    batch_id: str | None = None,
) -> tuple[list[Attachment], bool]:
    """The page asked for, and whether there is more. Raises ``ApiError`` 404 for an unknown cursor."""
    select = f"{_COLUMNS} {_OF_STORE} {_OF_BATCH if batch_id else ''}"
    parameters = {"store": store_id, "status": status, "batch": batch_id}
    rows, has_more = page_of_rows(
        connection, select, parameters, query, lambda file_id: get(connection, store_id, file_id).seq
    )
    return [_attachment(row) for row in rows], has_more


def set_attributes(
    connection: sqlite3.Connection, store_id: str, file_id: str, attributes: dict[str, Json]
) -> Attachment:
    """Replace the attributes of one. Raises ``ApiError`` 404."""
    old = get(connection, store_id, file_id)
    connection.execute(
        "UPDATE vector_store_files SET attributes = ? WHERE seq = ?", (json.dumps(attributes), old.seq)
    )
    return get(connection, store_id, file_id)


def detach(connection: sqlite3.Connection, store_id: str, file_id: str) -> None:
    """Remove one with its chunks; the file itself stays. Raises ``ApiError`` 404."""
    get(connection, store_id, file_id)
    _delete(connection, store_id, file_id)


def cancel(connection: sqlite3.Connection, batch_id: str) -> None:
    """Give up on those files of a batch that are not indexed yet."""
    connection.execute(
        """UPDATE vector_store_files SET status = 'cancelled' WHERE status = 'in_progress'
            AND seq IN (SELECT attachment FROM file_batch_members WHERE batch_id = ?)""",
        (batch_id,),
    )


def counts(connection: sqlite3.Connection, store_id: str) -> Counts:
    """The counts and bytes of a store's files."""
    return _summed(connection.execute(_COUNT, (store_id,)).fetchall())


def counts_of_batch(connection: sqlite3.Connection, batch_id: str) -> Counts:
    """The counts and bytes of those files of a batch that are still attached."""
    return _summed(connection.execute(_COUNT_OF_BATCH, (batch_id,)).fetchall())


def text_of(connection: sqlite3.Connection, attachment: Attachment) -> list[str]:
    """The text that was read from the file, in pieces that follow each other without a gap or a repetition."""
    rows = connection.execute(
        "SELECT substr(text, overlap + 1) FROM chunks WHERE attachment = ? ORDER BY id", (attachment.seq,)
    )
    return [text for (text,) in rows]


def any_waiting(connection: sqlite3.Connection) -> bool:
    """Whether there is anything to index, in any store."""
    query = "SELECT EXISTS (SELECT 1 FROM vector_store_files WHERE status = 'in_progress')"
    return bool(connection.execute(query).fetchone()[0])


def _is_file(connection: sqlite3.Connection, file_id: str) -> bool:
    query = """SELECT 1 FROM objects WHERE kind = 'file' AND id = ?
        AND coalesce(json_extract(body, '$.expires_at') > ?, 1)"""
    return connection.execute(query, (file_id, int(time.time()))).fetchone() is not None


def _delete(connection: sqlite3.Connection, store_id: str, file_id: str) -> None:
    connection.execute(
        "DELETE FROM vector_store_files WHERE vector_store_id = ? AND file_id = ?", (store_id, file_id)
    )


def _insert(connection: sqlite3.Connection, store_id: str, wish: AttachmentRequest, now: int) -> int:
    cursor = connection.execute(
        """INSERT INTO vector_store_files (vector_store_id, file_id, created_at, status, attributes,
            max_chunk_size_tokens, chunk_overlap_tokens) VALUES (?, ?, ?, 'in_progress', ?, ?, ?)""",
        (
            store_id,
            wish.file_id,
            now,
            json.dumps(wish.attributes),
            wish.chunking.max_chunk_size_tokens,
            wish.chunking.chunk_overlap_tokens,
        ),
    )
    return int(cursor.lastrowid or 0)


def _attachment(row: Row) -> Attachment:
    seq, store_id, file_id, created_at, status, attributes, size, overlap, usage, code, message = row
    return Attachment(
        seq,
        store_id,
        file_id,
        created_at,
        status,
        json.loads(attributes),
        Chunking(size, overlap),
        usage,
        None if code is None else (code, message),
    )


def _summed(rows: Sequence[tuple[str, int, int]]) -> Counts:
    return Counts({status: count for status, count, _ in rows}, sum(usage for _, _, usage in rows))
