"""The runs that have not ended, at most one of a thread, and who works on each.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from assistctl.local.http.errors import ApiError


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run under way. ``owner`` is the server that works on it, ``None`` while outputs of tools are waited for;
    ``expires_at`` is in seconds since the epoch."""

    run_id: str
    thread_id: str
    owner: str | None
    expires_at: int


class LostRunError(Exception):
    """The run has ended, or belongs to another server: its worker stops."""


def of_thread(connection: sqlite3.Connection, thread_id: str) -> OpenRun | None:
    """The run under way of a thread."""
    query = "SELECT run_id, thread_id, owner, expires_at FROM open_runs WHERE thread_id = ?"
    row = connection.execute(query, (thread_id,)).fetchone()
    return None if row is None else OpenRun(*row)


def every(connection: sqlite3.Connection) -> list[OpenRun]:
    """All runs under way."""
    query = "SELECT run_id, thread_id, owner, expires_at FROM open_runs"
    return [OpenRun(*row) for row in connection.execute(query)]


def of_owner(connection: sqlite3.Connection, owner: str) -> set[str]:
    """The runs that a server works on."""
    return {run_id for (run_id,) in connection.execute("SELECT run_id FROM open_runs WHERE owner = ?", (owner,))}


def add(connection: sqlite3.Connection, run: OpenRun) -> None:
    """Have a run count as under way."""
    values = (run.run_id, run.thread_id, run.owner, run.expires_at)
    connection.execute("INSERT INTO open_runs (run_id, thread_id, owner, expires_at) VALUES (?, ?, ?, ?)", values)


def hand_to(connection: sqlite3.Connection, run_id: str, owner: str | None) -> None:
    """Say who works on a run from now on."""
    connection.execute("UPDATE open_runs SET owner = ? WHERE run_id = ?", (owner, run_id))


def close(connection: sqlite3.Connection, run_id: str) -> None:
    """Have a run count as ended."""
    connection.execute("DELETE FROM open_runs WHERE run_id = ?", (run_id,))


def require_owner(connection: sqlite3.Connection, run_id: str, owner: str) -> None:
    """Raise ``LostRunError`` unless the run is under way, and worked on by ``owner``."""
    row = connection.execute("SELECT owner FROM open_runs WHERE run_id = ?", (run_id,)).fetchone()
    if row is None or row[0] != owner:
        raise LostRunError(run_id)


def require_none_for_message(connection: sqlite3.Connection, thread_id: str) -> None:
    """Raise ``ApiError`` 400 when a run keeps messages out of a thread (recorded wording)."""
    run = of_thread(connection, thread_id)
    if run is not None:
        raise ApiError(f"Can't add messages to {thread_id} while a run {run.run_id} is active.")


def require_none_for_run(connection: sqlite3.Connection, thread_id: str) -> None:
    """Raise ``ApiError`` 400 when a thread has a run under way (recorded wording)."""
    run = of_thread(connection, thread_id)
    if run is not None:
        raise ApiError(f"Thread {thread_id} already has an active run {run.run_id}.")


def by_status(connection: sqlite3.Connection) -> dict[str, int]:
    """The number of open runs in each status that occurs."""
    rows = connection.execute(
        """SELECT json_extract(body, '$.status'), count(*) FROM open_runs
            JOIN objects ON objects.id = run_id GROUP BY 1"""
    )
    return dict(rows.fetchall())
