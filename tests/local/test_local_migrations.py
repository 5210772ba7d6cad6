"""Databases of older formats: read as they are, brought up to date by the first write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from assistctl.local.app import create_app
from assistctl.local.database import migrations, storage
from support.python_process import race

pytestmark = pytest.mark.anyio

ClientOf = Callable[[Starlette], httpx2.AsyncClient]

CREATOR = """
import sys
from pathlib import Path
from assistctl.local.vector_stores import stores
from assistctl.local.database.storage import Database

database = Database(Path(sys.argv[1]))
wait_for_the_others()
with database.writing(create=True) as connection:
    stores.create(connection, {"name": sys.argv[2]})
database.close()
"""

OLD_STORE = (
    """INSERT INTO objects (kind, id, created_at, body) VALUES ('vector store', 'vs_1', 1,
        '{"name": "s", "metadata": {}, "expires_after": null, "last_active_at": 1}')""",
    """INSERT INTO objects (kind, id, created_at, body) VALUES ('file', 'file-1', 1,
        '{"filename": "guide.md"}')""",
    """INSERT INTO vector_store_files (seq, vector_store_id, file_id, created_at, status, attributes,
        max_chunk_size_tokens, chunk_overlap_tokens)
        VALUES (7, 'vs_1', 'file-1', 1, 'completed', '{}', 800, 400)""",
    "INSERT INTO chunks (attachment, overlap, length, text) VALUES (7, 0, 12, '어시스턴트를 삭제합니다')",
)


@pytest.fixture
def old(database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database as the first version made it, with an object ``kept``."""
    with monkeypatch.context() as patch:
        patch.setattr(storage, "MIGRATIONS", migrations.MIGRATIONS[:1])
        app = create_app(database)
        with app.state.database.writing(create=True) as connection:
            connection.execute(
                "INSERT INTO objects (kind, id, created_at, body) VALUES ('thing', 'kept', 1, '{}')"
            )
        app.state.database.close()
    assert version(database) == 1
    return database


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    number = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.close()
    return number


def things(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT id FROM objects WHERE kind = 'thing'").fetchall()
    connection.close()
    return [object_id for (object_id,) in rows]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


async def test_reading_an_old_database_does_not_change_it(old: Path, client_of: ClientOf) -> None:
    before = contents(old.parent)
    app = create_app(old)
    async with client_of(app) as http:
        for path in ("/assistants", "/files", "/vector_stores"):
            assert (await http.get(path)).json()["data"] == []
        assert (await http.get("/vector_stores/vs_x/files")).status_code == 404
        assert (await http.get("/files/file-x/content")).status_code == 404
        with app.state.database.reading() as connection:
            assert connection.execute("SELECT id FROM objects").fetchall() == [("kept",)]
    app.state.database.close()
    assert contents(old.parent) == before


async def test_a_write_brings_it_up_to_date(old: Path, client_of: ClientOf) -> None:
    app = create_app(old)
    async with client_of(app) as http:
        assert (await http.get("/vector_stores")).json()["data"] == []
        created = (await http.post("/vector_stores")).json()
        assert (await http.get("/vector_stores")).json()["data"] == [created]
    app.state.database.close()
    assert version(old) == len(migrations.MIGRATIONS)
    assert things(old) == ["kept"]


async def test_another_process_may_bring_it_up_to_date_meanwhile(old: Path, client_of: ClientOf) -> None:
    app, other = create_app(old), create_app(old)
    async with client_of(app) as http, client_of(other) as elsewhere:
        assert (await http.get("/vector_stores")).json()["data"] == []
        created = (await elsewhere.post("/vector_stores")).json()
        assert (await http.get("/vector_stores")).json()["data"] == [created]


def test_processes_that_bring_it_up_to_date_together_lose_nothing(old: Path) -> None:
    race(CREATOR, *((str(old), name) for name in "abc"))
    app = create_app(old)
    with app.state.database.reading() as connection:
        (count,) = connection.execute("SELECT count(*) FROM objects WHERE kind = 'vector store'").fetchone()
    app.state.database.close()
    assert count == 3
    assert things(old) == ["kept"]


async def test_what_an_older_version_indexed_is_found_by_its_new_terms(
    database: Path, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(storage, "MIGRATIONS", migrations.MIGRATIONS[:2])
        app = create_app(database)
        with app.state.database.writing(create=True) as connection:
            for statement in OLD_STORE:
                connection.execute(statement)
        app.state.database.close()
    app = create_app(database)
    async with client_of(app) as http:
        for query in ("어시스턴트 삭제", "guide"):
            found = (await http.post("/vector_stores/vs_1/search", json={"query": query})).json()
            assert [result["filename"] for result in found["data"]] == ["guide.md"]
        assert (await http.delete("/vector_stores/vs_1")).status_code == 200
    with app.state.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM chunk_terms").fetchone() == (0,)
