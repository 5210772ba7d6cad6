"""The indexer's work on the database: take the next file, write its chunks, and say how it ended.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from assistctl.local.vector_stores.chunking import Chunk


@dataclass(frozen=True, slots=True)
class Job:
    """A file to index; ``attachment`` is its row's ``seq``."""

    attachment: int
    file_id: str
    filename: str
    max_chunk_size_tokens: int
    chunk_overlap_tokens: int


def next_job(connection: sqlite3.Connection) -> Job | None:
    """The file that has waited longest."""
    row = connection.execute(
        """SELECT vector_store_files.seq, file_id, json_extract(body, '$.filename'),
            max_chunk_size_tokens, chunk_overlap_tokens
            FROM vector_store_files JOIN objects ON objects.id = file_id
            WHERE status = 'in_progress' ORDER BY vector_store_files.seq LIMIT 1"""
    ).fetchone()
    return None if row is None else Job(*row)


def is_waiting(connection: sqlite3.Connection, job: Job) -> bool:
    """Whether the file is still wanted: neither detached, nor cancelled, nor done by somebody else."""
    query = "SELECT 1 FROM vector_store_files WHERE seq = ? AND status = 'in_progress'"
    return connection.execute(query, (job.attachment,)).fetchone() is not None


def clear(connection: sqlite3.Connection, job: Job) -> None:
    """Remove what a killed process had written of this file."""
    connection.execute("DELETE FROM chunks WHERE attachment = ?", (job.attachment,))


def add_chunks(connection: sqlite3.Connection, job: Job, chunks: Sequence[Chunk]) -> None:
    """Write some chunks, in their order."""
    connection.executemany(
        "INSERT INTO chunks (attachment, overlap, length, text, terms) VALUES (?, ?, ?, ?, ?)",
        [
            (job.attachment, chunk.overlap, len(chunk.text), chunk.text, _terms(chunk, job.filename))
            for chunk in chunks
        ],
    )


def _terms(chunk: Chunk, filename: str) -> str:
    from assistctl.local.vector_stores.words import index_terms

    return index_terms(chunk.text, f"{chunk.headings}\n{filename}")


def complete(connection: sqlite3.Connection, job: Job) -> None:
    """Have the file count as indexed. Its usage is the size of its chunks, in bytes of UTF-8."""
    connection.execute(
        """UPDATE vector_store_files SET status = 'completed', usage_bytes = (
            SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) FROM chunks WHERE attachment = :job
        ) WHERE seq = :job AND status = 'in_progress'""",
        {"job": job.attachment},
    )


def fail(connection: sqlite3.Connection, job: Job, code: str, message: str) -> None:
    """Have the file count as failed, and say why."""
    connection.execute(
        """UPDATE vector_store_files SET status = 'failed', error_code = ?, error_message = ?
            WHERE seq = ? AND status = 'in_progress'""",
        (code, message, job.attachment),
    )
