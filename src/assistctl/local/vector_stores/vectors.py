"""The vectors of chunks in the database: which are missing, adding them, and comparing a query with them.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

from assistctl.local.vector_stores.embeddings import similarities

_OF_STORES = """FROM chunks INDEXED BY chunk_sizes JOIN vector_store_files ON seq = attachment
    LEFT JOIN chunk_vectors ON chunk = chunks.id AND model = :model
    WHERE status = 'completed'"""
_IN_STORES = "AND vector_store_id IN (SELECT value FROM json_each(:stores))"
_MISSING = f"""SELECT id, text FROM chunks WHERE id IN
    (SELECT chunks.id {_OF_STORES} AND chunk IS NULL AND chunks.id > :after ORDER BY chunks.id LIMIT :most)
    ORDER BY id"""  # noqa: S608  # all parts are constants
_ANY_MISSING = f"SELECT EXISTS (SELECT 1 {_OF_STORES} {_IN_STORES} AND chunk IS NULL)"
_ALL = f"SELECT chunks.id, attachment, vector {_OF_STORES} {_IN_STORES} AND chunk IS NOT NULL"


def missing(connection: sqlite3.Connection, model: str, *, after: int, most: int) -> list[tuple[int, str]]:
    """The next chunks without a vector of ``model``, with their texts."""
    parameters = {"model": model, "after": after, "most": most}
    return connection.execute(_MISSING, parameters).fetchall()


def any_missing(connection: sqlite3.Connection, model: str, store_ids: Sequence[str]) -> bool:
    """Whether a chunk of these stores has no vector of ``model``."""
    parameters = {"model": model, "stores": json.dumps(list(store_ids))}
    return bool(connection.execute(_ANY_MISSING, parameters).fetchone()[0])


def add(connection: sqlite3.Connection, model: str, vectors: Sequence[tuple[int, bytes]]) -> None:
    """Keep the vectors of chunks, as far as these are still there."""
    connection.executemany(
        "INSERT OR REPLACE INTO chunk_vectors SELECT id, ?, ? FROM chunks WHERE id = ?",
        [(model, vector, chunk) for chunk, vector in vectors],
    )


def similar(
    connection: sqlite3.Connection,
    model: str,
    store_ids: Sequence[str],
    query: bytes,
    attachments: Collection[int] | None,
) -> dict[tuple[int, int], float]:
    """The similarity of these stores' embedded chunks to ``query``, by chunk and attachment."""
    rows = connection.execute(_ALL, {"model": model, "stores": json.dumps(list(store_ids))}).fetchall()
    if attachments is not None:
        rows = [row for row in rows if row[1] in attachments]
    values = similarities(query, [vector for _, _, vector in rows])
    return {(chunk, attachment): value for (chunk, attachment, _), value in zip(rows, values, strict=True)}
