"""Documents that take all time or memory, or end what reads them: each fails alone, and nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types import VectorStore

from assistctl.local.app import create_app
from assistctl.local.vector_stores import chunking, document_reader, indexer
from assistctl.local.vector_stores.document_reader import Budget, DocumentReader
from assistctl.local.vector_stores.unreadable import INVALID, TOO_SLOW, UnreadableError
from support.projects import ProjectFolder
from support.python_process import PythonProcess, started_code

pytestmark = pytest.mark.anyio

QUADRATIC = b"<a " * 350_000
"""Unfinished tags, which Python's HTML parser looks through to the end again and again: hours of work in 1 MB."""

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes under /proc")


@pytest.fixture
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """For ``stuck.html``; a machine may be slow with the others."""
    read = DocumentReader.read

    def hurried(reader: DocumentReader, path: Path, filename: str) -> Iterator[str]:
        reader._budget = Budget(seconds=0.1) if filename == "stuck.html" else document_reader.DEFAULT_BUDGET
        return read(reader, path, filename)

    monkeypatch.setattr(DocumentReader, "read", hurried)


def children_of(pid: int) -> set[int]:
    """The processes that it started and that are not reaped."""
    found = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found |= {int(child) for child in path.read_text().split()}
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


async def index(sdk: AsyncOpenAI, *files: tuple[str, bytes]) -> dict[str, tuple[str, str]]:
    """The status and the error of each file, once all are done."""
    uploads = [await sdk.files.create(file=file, purpose="assistants") for file in files]
    store = await sdk.vector_stores.create()
    done: dict[str, tuple[str, str]] = {}
    batch = await sdk.vector_stores.file_batches.create_and_poll(
        store.id, file_ids=[uploaded.id for uploaded in uploads], poll_interval_ms=5
    )
    assert batch.file_counts.in_progress == 0
    for upload in uploads:
        file = await sdk.vector_stores.files.retrieve(upload.id, vector_store_id=store.id)
        error = file.last_error
        done[upload.filename] = (file.status, f"{error.code}: {error.message}" if error else "")
    return done


@pytest.mark.usefixtures("small_budget")
async def test_a_document_that_never_ends_fails_alone(sdk: AsyncOpenAI) -> None:
    done = await index(
        sdk, ("before.html", b"<p>one"), ("stuck.html", QUADRATIC), ("after.html", b"<p>two"), ("a.md", b"three")
    )
    assert done == {
        "before.html": ("completed", ""),
        "stuck.html": (
            "failed",
            "invalid_file: The file could not be parsed because reading it takes too long.",
        ),
        "after.html": ("completed", ""),
        "a.md": ("completed", ""),
    }


async def test_what_breaks_the_indexing_itself_fails_alone(
    sdk: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cut = chunking.chunks

    def broken(text: str, size: int, overlap: int) -> object:
        if text == "bad":
            raise MemoryError
        return cut(text, size, overlap)

    monkeypatch.setattr(indexer, "chunks", broken)
    done = await index(sdk, ("bad.txt", b"bad"), ("good.txt", b"good"))
    assert done["bad.txt"] == ("failed", "server_error: The server had an error while indexing the file.")
    assert done["good.txt"] == ("completed", "")
    assert "could not be indexed" in caplog.text


def test_an_apply_gets_past_it(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    read = DocumentReader.read

    def soon_overdue(reader: DocumentReader, path: Path, filename: str) -> Iterator[str]:
        """As ``read``, which would keep a processor busy until the time for ``stuck.html`` is over."""
        if filename == "stuck.html":
            raise UnreadableError(INVALID, TOO_SLOW)
        return read(reader, path, filename)

    monkeypatch.setattr(DocumentReader, "read", soon_overdue)
    project.write("assistants/docs/stuck.html", "<p>stuck")
    project.write("assistants/docs/good.html", "<p>tungsten")
    project.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*.html"])
    failed = project.run("apply", "--yes")
    assert failed.code in {1, 4}
    assert "stuck.html" in failed.err + failed.out
    assert "takes too long" in failed.err + failed.out
    (project.path / "assistants/docs/stuck.html").unlink()
    assert project.run("apply", "--yes").code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0


# The process


@contextmanager
def reading(budget: Budget | None = None) -> Iterator[DocumentReader]:
    reader = DocumentReader(budget)
    try:
        yield reader
    finally:
        reader.close()


def text_of(reader: DocumentReader, path: Path, name: str, content: bytes) -> str:
    path.write_bytes(content)
    return "".join(reader.read(path, name))


def failure(reader: DocumentReader, path: Path, name: str, content: bytes) -> tuple[str, str]:
    with pytest.raises(UnreadableError) as caught:
        text_of(reader, path, name, content)
    return caught.value.code, caught.value.message


def process_of(reader: DocumentReader) -> subprocess.Popen[bytes]:
    assert reader._process is not None
    return reader._process


def test_one_process_reads_many_documents(tmp_path: Path) -> None:
    with reading() as reader:
        assert text_of(reader, tmp_path / "x", "a.html", b"<p>one") == "one"
        first = process_of(reader)
        twelve = "zw\u00f6lf \U0001f600"
        assert text_of(reader, tmp_path / "x", "b.html", f"<p>{twelve}".encode()) == twelve
        assert process_of(reader) is first
        reader.rest()
        assert first.poll() is not None
        assert text_of(reader, tmp_path / "x", "c.html", b"<p>three") == "three"
        second = process_of(reader)
    assert second.poll() is not None
    with pytest.raises(UnreadableError, match="being stopped"):
        list(reader.read(tmp_path / "x", "d.html"))


async def test_plain_text_needs_no_process(sdk: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_reader, "_started", lambda _: pytest.fail("a process was started"))
    assert await index(sdk, ("a.txt", b"one"), ("b.md", b"two")) == {
        "a.txt": ("completed", ""),
        "b.md": ("completed", ""),
    }


def test_one_that_takes_too_much_memory_says_so(tmp_path: Path) -> None:
    with reading(Budget(memory=128 * 1024 * 1024)) as reader:
        page = b"<p>" + b"x" * 60 * 1024 * 1024
        assert failure(reader, tmp_path / "x", "a.html", page) == (
            "invalid_file",
            "The file could not be parsed because reading it takes too much memory.",
        )
        assert text_of(reader, tmp_path / "x", "b.html", b"<p>fine") == "fine"


def test_one_that_ends_its_process_is_to_blame_and_the_next_one_is_not(tmp_path: Path) -> None:
    with reading() as reader:
        assert text_of(reader, tmp_path / "x", "a.html", b"<p>one") == "one"
        pieces = _killed_on_the_way(reader, tmp_path)
        assert pieces == ("invalid_file", "The file could not be parsed: it ended the process that read it.")
        assert text_of(reader, tmp_path / "x", "b.html", b"<p>two") == "two"
        process_of(reader).kill()
        process_of(reader).wait()
        assert text_of(reader, tmp_path / "x", "c.html", b"<p>three") == "three"


def _killed_on_the_way(reader: DocumentReader, folder: Path) -> tuple[str, str]:
    process = process_of(reader)
    answers = document_reader._answers

    def killing(*args: object) -> Iterator[dict[str, str]]:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return answers(*args)  # type: ignore[arg-type]  # handed through

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document_reader, "_answers", killing)
        return failure(reader, folder / "x", "a.html", b"<p>one")


def test_the_time_that_the_process_takes_to_start_is_not_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline, given = document_reader._deadline, []

    def noted(process: subprocess.Popen[bytes], seconds: float) -> AbstractContextManager[threading.Event]:
        given.append(seconds)
        return deadline(process, seconds)

    monkeypatch.setattr(document_reader, "_deadline", noted)
    with reading(Budget(seconds=50)) as reader:
        for _ in range(2):
            assert text_of(reader, tmp_path / "x", "a.html", b"<p>one") == "one"
    assert given == [document_reader._START_SECONDS, 50, 50]


def test_what_does_not_get_ready_is_an_error_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_reader, "_START", ["-c", "raise SystemExit(1)"])
    with reading() as reader:
        code, message = failure(reader, tmp_path / "x", "a.html", b"<p>one")
    assert (code, message) == ("server_error", "The process that reads documents did not start.")


def test_what_cannot_be_started_is_an_error_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    with reading() as reader:
        code, message = failure(reader, tmp_path / "x", "a.html", b"<p>one")
    assert (code, "cannot be started" in message) == ("server_error", True)


@needs_proc
def test_the_process_knows_no_secret_and_nothing_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the checkout was run')")
    (tmp_path / "assistctl").mkdir()
    (tmp_path / "assistctl" / "__init__.py").write_text("raise SystemExit('the checkout was run')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with reading() as reader:
        assert text_of(reader, tmp_path / "x", "a.html", b"<p>one") == "one"
        environment = Path(f"/proc/{process_of(reader).pid}/environ").read_bytes()
    assert b"sk-secret" not in environment


# A server


SERVER = """
import sys
from pathlib import Path
from assistctl.local.server import serve

def announce(url, _):
    print(url, flush=True)

serve(host="127.0.0.1", port=0, database=Path(sys.argv[1]), api_key=None, announce=announce)
"""


@contextmanager
def server(database: Path) -> Iterator[tuple[OpenAI, PythonProcess]]:
    process = started_code(SERVER, str(database))
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert urlsplit(url).port
        with OpenAI(base_url=url, api_key="any", max_retries=0) as sdk:
            yield sdk, process
    finally:
        process.kill()
        process.communicate()


def busy_worker(sdk: OpenAI, process: PythonProcess) -> int:
    """The process that reads a document which never ends."""
    upload = sdk.files.create(file=("stuck.html", QUADRATIC), purpose="assistants")
    sdk.vector_stores.create(file_ids=[upload.id])
    assert eventually(lambda: bool(children_of(process.pid)))
    (worker,) = children_of(process.pid)
    return worker


@needs_proc
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_the_process_and_blames_no_document(database: Path, stop: signal.Signals) -> None:
    with server(database) as (sdk, process):
        worker = busy_worker(sdk, process)
        # As Ctrl-C on a terminal does: to all of the group.
        os.killpg(process.pid, stop)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
        assert not is_running(worker)
    [store] = left_in(database)
    assert (store.file_counts.in_progress, store.file_counts.failed) == (1, 0)


def left_in(database: Path) -> list[VectorStore]:
    """The vector stores that another server would find."""
    app = create_app(database)

    async def listed() -> list[VectorStore]:
        transport = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))
        async with AsyncOpenAI(base_url="http://assistctl.local/v1", api_key="any", http_client=transport) as sdk:
            return [store async for store in sdk.vector_stores.list()]

    try:
        return asyncio.run(listed())
    finally:
        app.state.database.close()


@needs_proc
def test_a_killed_server_leaves_no_process(database: Path) -> None:
    with server(database) as (sdk, process):
        worker = busy_worker(sdk, process)
        process.kill()
        process.communicate(timeout=20)
        assert eventually(lambda: not is_running(worker))


@needs_proc
def test_a_server_without_documents_to_read_has_no_process(database: Path) -> None:
    with server(database) as (sdk, process):
        upload = sdk.files.create(file=("a.html", b"<p>one"), purpose="assistants")
        store = sdk.vector_stores.create(file_ids=[upload.id])
        sdk.vector_stores.files.poll(upload.id, vector_store_id=store.id, poll_interval_ms=5)
        assert eventually(lambda: not children_of(process.pid))
