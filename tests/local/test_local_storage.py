"""The file: reading changes nothing, writing is private and lasting, and what is no database says so."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from assistctl.errors import AssistctlError
from assistctl.local.app import create_app
from assistctl.local.database.collection import Collection, new_id
from assistctl.local.database.disk import CAN_BE_SHARED
from assistctl.local.database.migrations import MIGRATIONS
from assistctl.local.database.storage import Database
from support.python_process import race

pytestmark = pytest.mark.anyio

ClientOf = Callable[[Starlette], httpx2.AsyncClient]
THINGS = Collection("thing")

WRITER = """
import sys
from pathlib import Path
from assistctl.local.database.collection import Collection
from assistctl.local.database.storage import Database

database = Database(Path(sys.argv[1]))
wait_for_the_others()
name, count = sys.argv[2:]
for number in range(int(count)):
    with database.writing(create=True) as connection:
        Collection("thing").insert(connection, f"{name}_{number}", {})
database.close()
"""


@pytest.fixture
def new(database: Path) -> Path:
    """Not there, unlike that of other modules: the tests look at which files are made."""
    return database


def insert(path: Path, object_id: str) -> None:
    database = Database(path)
    with database.writing(create=True) as connection:
        THINGS.insert(connection, object_id, {"n": 1})
    database.close()


def ids(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    found = {object_id for (object_id,) in connection.execute("SELECT id FROM objects")}
    connection.close()
    return found


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


async def use(http: httpx2.AsyncClient) -> None:
    """All that reads, and what would write if there were anything to write to."""
    assert (await http.get("/assistants")).status_code == 200
    assert (await http.get("/models")).status_code == 200
    assert (await http.get("/assistants/asst_x")).status_code == 404
    assert (await http.post("/assistants/asst_x", json={"name": "x"})).status_code == 404
    assert (await http.delete("/assistants/asst_x")).status_code == 404
    assert (await http.post("/assistants", json={"model": 1})).status_code == 400


async def test_reading_makes_no_file(tmp_path: Path, http: httpx2.AsyncClient) -> None:
    await use(http)
    assert contents(tmp_path) == {}


async def test_reading_changes_no_file(database: Path, client_of: ClientOf) -> None:
    insert(database, "one")
    before = contents(database.parent)
    assert list(before) == ["local.db"]
    app = create_app(database)
    async with client_of(app) as http:
        await use(http)
    app.state.database.close()
    assert contents(database.parent) == before


async def test_an_empty_file_is_an_empty_database(tmp_path: Path, client_of: ClientOf) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    app = create_app(path)
    async with client_of(app) as http:
        await use(http)
        assert path.stat().st_size == 0
        assert (await http.post("/assistants", json={"model": "gpt-4o"})).status_code == 200
    app.state.database.close()
    assert len(ids(path)) == 1


async def test_the_first_write_makes_a_private_file_and_it_lasts(database: Path, client_of: ClientOf) -> None:
    app = create_app(database)
    async with client_of(app) as http:
        assert (await http.get("/assistants")).json()["data"] == []
        created = (await http.post("/assistants", json={"model": "gpt-4o"})).json()
        assert (await http.get("/assistants")).json()["data"] == [created]
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in database.parent.iterdir()} == {0o600}
    app.state.database.close()
    assert [path.name for path in database.parent.iterdir()] == ["local.db"]
    again = create_app(database)
    async with client_of(again) as http:
        assert (await http.get(f"/assistants/{created['id']}")).json() == created
    again.state.database.close()


async def test_the_lifespan_closes_the_file(database: Path) -> None:
    app = create_app(database)
    async with app.router.lifespan_context(app):
        with app.state.database.writing(create=True) as connection:
            THINGS.insert(connection, "one", {})
        assert len(list(database.parent.iterdir())) == 3
    assert [path.name for path in database.parent.iterdir()] == ["local.db"]


async def test_a_database_in_memory_needs_no_file(client_of: ClientOf) -> None:
    app = create_app(None)
    async with client_of(app) as http:
        created = (await http.post("/assistants", json={"model": "gpt-4o"})).json()
        assert (await http.get("/assistants")).json()["data"] == [created]
    app.state.database.close()


def test_an_exception_rolls_back(database: Path) -> None:
    insert(database, "kept")
    storage = Database(database)

    def fail() -> None:
        with storage.writing() as connection:
            THINGS.insert(connection, "dropped", {})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    storage.close()
    assert ids(database) == {"kept"}


def not_sqlite(path: Path) -> None:
    path.write_text("project: acme\n" * 100)


def foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE customers (name TEXT)")
    connection.close()


def newer(path: Path) -> None:
    insert(path, "one")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (not_sqlite, "is not a usable SQLite database"),
        (foreign, "is a database of another program"),
        (
            newer,
            f"was written by a newer version of assistctl (format 99; this one knows up to {len(MIGRATIONS)})",
        ),
        (Path.mkdir, "cannot be opened for writing"),
    ],
)
async def test_a_file_that_is_none_of_ours_is_left_alone(
    tmp_path: Path, client_of: ClientOf, make: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / "some.db"
    make(path)
    before = path.is_file() and path.read_bytes()
    app = create_app(path)
    async with client_of(app) as http:
        for response in (await http.get("/assistants"), await http.post("/assistants", json={"model": "m"})):
            assert response.status_code == 500
            assert response.headers["x-should-retry"] == "false"
            error = response.json()["error"]
            assert error["type"] == "server_error"
            assert message in error["message"]
            assert str(path) in error["message"]
    with pytest.raises(AssistctlError, match=r"some\.db"), app.state.database.reading():
        pass
    assert (path.is_file() and path.read_bytes()) == before


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AssistctlError, match=r"cannot be opened for writing \(File exists\)"):
        insert(tmp_path / "file" / "local.db", "one")
    with pytest.raises(AssistctlError, match=r"cannot be opened for writing \(Not a directory\)"):
        insert(tmp_path / "file" / "deeper" / "local.db", "one")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder nobody may write to")
def test_a_read_only_folder_says_so() -> None:
    with pytest.raises(AssistctlError, match="cannot be opened for writing"):
        insert(Path("/proc/self/local.db"), "one")


def test_a_database_locked_for_too_long_says_so(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistctl.local.database.storage.BUSY_SECONDS", 0.05)
    insert(database, "one")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AssistctlError, match="stayed locked by another process"):
        insert(database, "two")
    storage = Database(database)
    with storage.reading() as connection:
        assert THINGS.get(connection, "one").id == "one"
    other.execute("ROLLBACK")
    other.close()
    storage.close()


def test_processes_that_start_together_lose_nothing(database: Path) -> None:
    count = 150
    names = ("a", "b", "c")
    race(WRITER, *((str(database), name, str(count)) for name in names))
    assert ids(database) == {f"{name}_{number}" for name in names for number in range(count)}


def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    """Each thread has a connection of its own, so to SQLite they are as good as processes."""
    barrier = threading.Barrier(8)

    def write(round_: int, number: int) -> None:
        barrier.wait()
        insert(tmp_path / str(round_) / "local.db", f"thing_{number}")

    with ThreadPoolExecutor(8) as pool:
        for round_ in range(15):
            list(pool.map(write, [round_] * 8, range(8)))
            assert ids(tmp_path / str(round_) / "local.db") == {f"thing_{number}" for number in range(8)}


def test_a_new_file_that_another_process_holds_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistctl.local.database.storage.BUSY_SECONDS", 0.2)
    path = tmp_path / "local.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    start = time.monotonic()
    with pytest.raises(AssistctlError, match="stayed locked by another process"):
        insert(path, "one")
    assert time.monotonic() - start >= 0.2
    other.execute("ROLLBACK")
    other.close()
    insert(path, "one")
    assert ids(path) == {"one"}


def test_reading_does_not_wait_for_a_write_that_waits_for_another_process(database: Path) -> None:
    insert(database, "one")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    storage, read = Database(database), threading.Event()
    begun = threading.Event()

    def write() -> None:
        begun.set()
        with storage.writing() as connection:
            THINGS.insert(connection, "two", {})

    def read_it() -> None:
        with storage.reading() as connection:
            assert THINGS.get(connection, "one").id == "one"
        read.set()

    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(write)
        try:
            assert begun.wait(10)
            reader = pool.submit(read_it)
            assert read.wait(10)
            assert not waiting.done()
        finally:
            other.execute("ROLLBACK")
            other.close()
        reader.result(10)
        waiting.result(10)
    storage.close()
    assert ids(database) == {"one", "two"}
    assert [path.name for path in database.parent.iterdir()] == ["local.db"]


@pytest.mark.skipif(not CAN_BE_SHARED, reason="SQLite waits for the disk itself there")
def test_writers_wait_for_the_disk_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(tmp_path / "local.db")
    with database.writing(create=True) as connection:
        THINGS.insert(connection, new_id("thing_"), {})
    begun, go_on, waits = threading.Event(), threading.Event(), [0]
    fdatasync = os.fdatasync

    def slow(log: int) -> None:
        waits[0] += 1
        begun.set()
        assert go_on.wait(10)
        fdatasync(log)

    def write() -> None:
        with database.writing() as connection:
            THINGS.insert(connection, new_id("thing_"), {})

    monkeypatch.setattr(os, "fdatasync", slow)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(write)
        assert begun.wait(10)
        others = [pool.submit(write) for _ in range(7)]
        # They are committed, and seen, while the first is on its way to the disk; none has been answered.
        while stored(database) < 9:
            pass
        assert not any(other.done() for other in (first, *others))
        go_on.set()
    assert waits == [2]
    database.close()


@pytest.mark.skipif(not CAN_BE_SHARED, reason="SQLite waits for the disk itself there")
def test_what_only_begins_something_or_changes_nothing_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, waits = Database(tmp_path / "local.db"), [0]

    def counted(_: int) -> None:
        waits[0] += 1

    monkeypatch.setattr(os, "fdatasync", counted)
    with database.writing(create=True) as connection:
        THINGS.insert(connection, new_id("thing_"), {})
    assert waits == [1]
    with database.writing(durable=False) as connection:
        THINGS.insert(connection, new_id("thing_"), {})
    with database.writing():
        pass
    assert waits == [1]
    database.close()


@pytest.mark.skipif(not CAN_BE_SHARED, reason="SQLite waits for the disk itself there")
def test_a_disk_that_fails_is_told_to_who_waited_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(tmp_path / "local.db")

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", failing)
    with pytest.raises(AssistctlError, match="Input/output error"), database.writing(create=True) as connection:
        THINGS.insert(connection, new_id("thing_"), {})
    database.close()


def stored(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM objects").fetchone()[0])
