"""Objects of one kind in the database: each an id, the second it was created in, and a JSON body.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``), so that what they
find stays true until the caller is done.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assistctl.json_value import Json
from assistctl.local.http.errors import not_found
from assistctl.local.http.paging import PageQuery, page_of_rows

_BASE62 = string.digits + string.ascii_letters
_ROW = tuple[int, str, int, str]
_OF_KIND = "SELECT seq, id, created_at, body FROM objects WHERE kind = :kind"


@dataclass(frozen=True, slots=True)
class Stored:
    """One object as it is kept; ``created_at`` in seconds since the epoch."""

    id: str
    created_at: int
    body: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on listed objects: SQL that starts with ``AND``, and its named parameters."""

    sql: str = ""
    parameters: Mapping[str, str | int | None] = field(default_factory=dict)


EVERYTHING = Condition()


@dataclass(frozen=True, slots=True)
class Page:
    """A page in the order asked for, and whether there is more beyond it."""

    objects: list[Stored]
    has_more: bool


def new_id(prefix: str) -> str:
    """The prefix (``asst_``) and 24 random letters and digits, as the service makes them."""
    return f"{prefix}{''.join(secrets.choice(_BASE62) for _ in range(24))}"


@dataclass(frozen=True, slots=True)
class Collection:
    """The objects of one kind; the kind's name is also the word in its 404."""

    kind: str

    def insert(self, connection: sqlite3.Connection, object_id: str, body: dict[str, Json]) -> Stored:
        """Add an object, created now; when the clock was set back, then with the newest one there is."""
        (newest,) = connection.execute(
            "SELECT coalesce((SELECT created_at FROM objects WHERE kind = ? ORDER BY seq DESC LIMIT 1), 0)",
            (self.kind,),
        ).fetchone()
        stored = Stored(object_id, max(int(time.time()), newest), body)
        connection.execute(
            "INSERT INTO objects (kind, id, created_at, body) VALUES (?, ?, ?, ?)",
            (self.kind, stored.id, stored.created_at, json.dumps(stored.body)),
        )
        return stored

    def get(self, connection: sqlite3.Connection, object_id: str) -> Stored:
        """The object. Raises ``ApiError`` 404 when it is not there."""
        return _stored(self._row(connection, object_id))

    def find(self, connection: sqlite3.Connection, object_id: str) -> Stored | None:
        """The object, ``None`` when it is not there."""
        row = self._row_or_none(connection, object_id)
        return None if row is None else _stored(row)

    def replace(self, connection: sqlite3.Connection, stored: Stored) -> None:
        """Give an object a new body; its place in the order stays."""
        connection.execute(
            "UPDATE objects SET body = ? WHERE kind = ? AND id = ?",
            (json.dumps(stored.body), self.kind, stored.id),
        )

    def change(self, connection: sqlite3.Connection, stored: Stored, changes: Mapping[str, Json]) -> Stored:
        """The object with other values in its body, kept so."""
        changed = replace(stored, body={**stored.body, **changes})
        self.replace(connection, changed)
        return changed

    def delete(self, connection: sqlite3.Connection, object_id: str) -> None:
        """Remove an object. Raises ``ApiError`` 404 when it is not there."""
        (seq, *_) = self._row(connection, object_id)
        connection.execute("DELETE FROM objects WHERE seq = ?", (seq,))

    def page(self, connection: sqlite3.Connection, query: PageQuery, condition: Condition = EVERYTHING) -> Page:
        """The page asked for, of the objects that fit ``condition``; see ``page_of_rows``.

        Raises ``ApiError`` 404 for a cursor that is not there: none of the recorded answers shows the case,
        and a missing object is a 404 with this wording wherever else its id is given.
        """
        select = f"{_OF_KIND} {condition.sql}"
        parameters = {**condition.parameters, "kind": self.kind}
        found, has_more = page_of_rows(
            connection, select, parameters, query, lambda row: self._row(connection, row)[0]
        )
        return Page([_stored(row) for row in found], has_more)

    def _row(self, connection: sqlite3.Connection, object_id: str) -> _ROW:
        row = self._row_or_none(connection, object_id)
        if row is None:
            raise not_found(self.kind, object_id)
        return row

    def _row_or_none(self, connection: sqlite3.Connection, object_id: str) -> _ROW | None:
        cursor = connection.execute(
            "SELECT seq, id, created_at, body FROM objects WHERE kind = ? AND id = ?", (self.kind, object_id)
        )
        row: _ROW | None = cursor.fetchone()
        return row


def _stored(row: _ROW) -> Stored:
    _, object_id, created_at, body = row
    return Stored(object_id, created_at, json.loads(body))
