"""Indexing by more than one process: what one leaves another finishes, and nothing is indexed twice."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
from openai import AsyncOpenAI, OpenAI
from starlette.applications import Starlette

from assistctl.local.app import create_app
from assistctl.local.vector_stores import indexer
from assistctl.local.vector_stores.chunking import Chunk
from assistctl.local.vector_stores.indexer import Indexer, held
from assistctl.local.vector_stores.jobs import Job
from support.python_process import PythonProcess, started_code

pytestmark = pytest.mark.anyio

ClientOf = Callable[[Starlette], httpx2.AsyncClient]

SERVER = """
import sys
from pathlib import Path
from assistctl.local.server import serve

def announce(url: str, _: bool) -> None:
    print(url, flush=True)

serve(host="127.0.0.1", port=0, database=Path(sys.argv[1]), api_key=None, announce=announce)
"""


@contextmanager
def server(database: Path) -> Iterator[tuple[OpenAI, PythonProcess]]:
    """A server in a process of its own, and the SDK that talks to it."""
    process = started_code(SERVER, str(database))
    try:
        assert process.stdout is not None
        with OpenAI(base_url=process.stdout.readline().strip(), api_key="any", max_retries=0) as sdk:
            yield sdk, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def upload(sdk: OpenAI, count: int) -> list[str]:
    return [
        sdk.files.create(file=(f"{n}.txt", f"page {n}".encode()), purpose="assistants").id for n in range(count)
    ]


def chunks_of_each_file(database: Path) -> list[int]:
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT count(chunks.id) FROM vector_store_files LEFT JOIN chunks ON attachment = seq GROUP BY seq"
    ).fetchall()
    connection.close()
    return [count for (count,) in rows]


def test_two_processes_index_each_file_once(database: Path) -> None:
    count = 20
    with server(database) as (first, _), server(database) as (second, _), ThreadPoolExecutor() as pool:
        store = first.vector_stores.create()

        def work(sdk: OpenAI) -> int:
            batch = sdk.vector_stores.file_batches.create_and_poll(store.id, file_ids=upload(sdk, count))
            return batch.file_counts.completed

        assert list(pool.map(work, [first, second, first])) == [count] * 3
        counts = second.vector_stores.retrieve(store.id).file_counts
        assert (counts.completed, counts.total) == (count * 3, count * 3)
        assert len(first.vector_stores.search(store.id, query="page", max_num_results=50).data) == 50
    assert chunks_of_each_file(database) == [1] * (count * 3)


async def test_what_a_killed_process_leaves_the_next_request_picks_up(
    database: Path, app: Starlette, sdk: AsyncOpenAI
) -> None:
    with server(database) as (killed, process):
        ids = upload(killed, 20)
        with held(app.state.content.made() / "indexing.lock") as mine:
            assert mine
            store = killed.vector_stores.create(file_ids=ids)
            process.send_signal(signal.SIGKILL)
            process.wait(30)
    # Some of its chunks were written already, as far as the database can tell.
    with app.state.database.writing() as connection:
        connection.execute("INSERT INTO chunks (attachment, overlap, length, text) VALUES (1, 0, 4, 'half')")
    assert (await sdk.vector_stores.retrieve(store.id)).file_counts.in_progress == 20
    for file_id in ids:
        done = await sdk.vector_stores.files.poll(file_id, vector_store_id=store.id, poll_interval_ms=1)
        assert done.status == "completed"
    content = await sdk.vector_stores.files.content(ids[0], vector_store_id=store.id)
    assert [piece.text for piece in content.data] == ["page 0"]
    assert (await sdk.vector_stores.search(store.id, query="half")).data == []
    assert chunks_of_each_file(database) == [1] * 20


async def test_closing_stops_the_work_and_the_next_app_goes_on(
    database: Path, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "_SLICE", 1)
    text = " ".join(f"word{n}" for n in range(2_000))
    write = Indexer._write

    def write_until_the_stop(self: Indexer, job: Job, pieces: list[Chunk], start: int) -> bool:
        """A slice, and nothing more before the work is to stop."""
        goes_on = write(self, job, pieces, start)
        assert self._stopping.wait(20)
        return goes_on

    app = create_app(database)
    async with client_of(app) as http:
        monkeypatch.setattr(Indexer, "_write", write_until_the_stop)
        form = {"data": {"purpose": "assistants"}, "files": {"file": ("a.txt", text.encode())}}
        file_id = (await http.post("/files", **form)).json()["id"]  # type: ignore[arg-type]  # keywords of a kind
        store = (await http.post("/vector_stores", json={"file_ids": [file_id]})).json()
        assert store["status"] == "in_progress"
        app.state.database.close()
    monkeypatch.setattr(Indexer, "_write", write)
    assert chunks_of_each_file(database) <= [1]
    assert {path.name for path in database.parent.iterdir()} == {"local.db", "local.db.files"}
    again = create_app(database)
    async with client_of(again) as http:
        path = f"/vector_stores/{store['id']}/files/{file_id}"
        for _ in range(10_000):
            if (await http.get(path)).json()["status"] == "completed":
                break
        answer = (await http.get(f"{path}/content")).json()
    assert "".join(piece["text"] for piece in answer["data"]) == text


async def test_a_file_whose_bytes_are_gone_fails(sdk: AsyncOpenAI, app: Starlette) -> None:
    file = await sdk.files.create(file=("a.txt", b"hello"), purpose="assistants")
    app.state.content.path_of(file.id).unlink()
    store = await sdk.vector_stores.create()
    done = await sdk.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id, poll_interval_ms=1)
    assert done.last_error is not None
    assert (done.status, done.last_error.code) == ("failed", "server_error")


async def test_a_file_detached_while_it_waits_is_left_alone(sdk: AsyncOpenAI, app: Starlette) -> None:
    files = [await sdk.files.create(file=(f"{n}.txt", b"hello"), purpose="assistants") for n in range(2)]
    with ExitStack() as stack:
        stack.enter_context(held(app.state.content.made() / "indexing.lock"))
        store = await sdk.vector_stores.create(file_ids=[file.id for file in files])
        await sdk.files.delete(files[0].id)
    await sdk.vector_stores.files.poll(files[1].id, vector_store_id=store.id, poll_interval_ms=1)
    counts = (await sdk.vector_stores.retrieve(store.id)).file_counts
    assert (counts.completed, counts.total) == (1, 1)
