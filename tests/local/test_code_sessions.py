"""Sessions of the code interpreter: one for each thread, their files, their number and their end."""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.local.code_interpreter.choice import ChosenSandbox
from assistctl.local.code_interpreter.sandbox import Folders, Limits, SandboxUnavailable, Turn
from assistctl.local.code_interpreter.sessions import Sessions
from assistctl.local.runs.code_interpreter import distinct_names
from support.code_sandboxes import Clock, sessions

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sessions live in a folder of the test's own, and leave nothing in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


async def test_a_thread_keeps_its_session_and_another_has_its_own() -> None:
    async with sessions() as (made, sandbox):
        for thread_id in ("a", "a", "b", "a"):
            await made.run(thread_id, thread_id, {})
        assert [interpreter.codes for interpreter in sandbox.interpreters] == [["a", "a", "a"], ["b"]]


async def test_a_session_ends_an_hour_after_its_last_call() -> None:
    clock = Clock()
    async with sessions(clock=clock) as (made, sandbox):
        await made.run("a", "1", {})
        clock.now += 3599
        await made.run("a", "2", {})
        clock.now += 3599
        await made.run("a", "3", {})
        assert sandbox.started == 1
        clock.now += 3600
        await made.run("a", "4", {})
        assert sandbox.started == 2


async def test_too_many_sessions_end_the_one_that_was_used_longest_ago() -> None:
    async with sessions(limits=Limits(sessions=2)) as (made, sandbox):
        for thread_id in ("a", "b", "a", "c", "a", "b"):
            await made.run(thread_id, thread_id, {})
        assert [interpreter.codes for interpreter in sandbox.interpreters] == [
            ["a", "a", "a"],
            ["b"],
            ["c"],
            ["b"],
        ]


async def test_no_more_run_at_once_than_there_may_be_sessions() -> None:
    at_once, most, lock = 0, 0, threading.Lock()
    released = threading.Event()

    def act(_: Folders, __: str) -> Turn:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            if at_once == 2:
                released.set()
        assert released.wait(10)
        with lock:
            at_once -= 1
        return Turn("", failed=False)

    async with sessions(act, Limits(sessions=2)) as (made, _):
        await asyncio.gather(*(made.run(str(number), "", {}) for number in range(6)))
    assert most == 2


async def test_a_call_that_ends_its_session_says_so_and_the_next_begins_anew() -> None:
    def act(_: Folders, code: str) -> Turn:
        return (
            Turn("so far\n", failed=False, ended="It was stopped.") if code == "loop" else Turn("", failed=False)
        )

    async with sessions(act) as (made, sandbox):
        ended = await made.run("a", "loop", {})
        assert ended.failed
        assert ended.logs.splitlines()[0] == "so far"
        assert "It was stopped. The session ended with it: its variables and files are gone." in ended.logs
        await made.run("a", "next", {})
        assert sandbox.started == 2


async def test_files_are_there_by_name_as_copies_and_once(tmp_path: Path) -> None:
    source = tmp_path / "file-1"
    source.write_bytes(b"a,b\n")

    def act(folders: Folders, code: str) -> Turn:
        path = folders.data / "prices.csv"
        text = path.read_text()
        path.write_text(code)
        return Turn(text, failed=False)

    async with sessions(act) as (made, _):
        first = await made.run("a", "changed", {"prices.csv": source})
        second = await made.run("a", "again", {"prices.csv": source})
    assert (first.logs, second.logs) == ("a,b\n", "changed\n")
    assert [file.name for file in first.produced] == ["prices.csv"]
    assert source.read_bytes() == b"a,b\n"


async def test_only_new_and_changed_files_are_produced(tmp_path: Path) -> None:
    source = tmp_path / "file-1"
    source.write_bytes(b"given")

    def act(folders: Folders, code: str) -> Turn:
        if code == "make":
            (folders.data / "new.csv").write_bytes(b"new")
            (folders.data / "deep").mkdir()
            (folders.data / "deep" / "er.txt").write_bytes(b"deeper")
            (folders.data / "empty").touch()
            (folders.charts / "chart-1.png").write_bytes(b"chart")
        if code == "touch":
            status = (folders.data / "new.csv").stat()
            (folders.data / "new.csv").write_bytes(b"old")
            os.utime(folders.data / "new.csv", ns=(status.st_atime_ns, status.st_mtime_ns))
        return Turn("", failed=False)

    async with sessions(act) as (made, _):
        runs = [await made.run("a", code, {"given.txt": source}) for code in ("make", "look", "touch")]
    produced = [{file.name: file.content for file in run.produced} for run in runs]
    assert produced == [
        {"chart-1.png": b"chart", "new.csv": b"new", "deep/er.txt": b"deeper"},
        {},
        {"new.csv": b"old"},
    ]
    assert runs[0].produced[0].name == "chart-1.png"


async def test_too_much_is_not_handed_over_and_is_named() -> None:
    def act(folders: Folders, _: str) -> Turn:
        (folders.data / "large").write_bytes(b"x" * 11)
        (folders.data / "small").write_bytes(b"x" * 5)
        return Turn("", failed=False)

    async with sessions(act, Limits(produced_bytes=10)) as (made, _):
        execution = await made.run("a", "", {})
    assert [file.name for file in execution.produced] == ["small"]
    assert "large" in execution.logs


async def test_no_link_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("key")
    source = tmp_path / "file-1"
    source.write_bytes(b"given")

    def act(folders: Folders, code: str) -> Turn:
        if code == "link":
            (folders.data / "key").symlink_to(secret / "key")
            (folders.data / "folder").symlink_to(secret, target_is_directory=True)
            os.link(secret / "key", folders.charts / "not-a-link.png")
            (folders.data / "given.txt").symlink_to(secret / "key")
            os.mkfifo(folders.data / "pipe")
        return Turn("", failed=False)

    async with sessions(act) as (made, _):
        linked = await made.run("a", "link", {})
        await made.run("a", "next", {"given.txt": source})
    assert [file.name for file in linked.produced] == [
        "not-a-link.png"
    ]  # reaching its bytes is the sandbox's to refuse
    assert (secret / "key").read_text() == "key"


async def test_a_folder_in_a_files_place_gives_way_and_a_locked_one_goes_too(tmp_path: Path) -> None:
    source = tmp_path / "file-1"
    source.write_bytes(b"given")

    def act(folders: Folders, code: str) -> Turn:
        path = folders.data / "given.txt"
        if code == "lock":
            (path / "inner").mkdir(parents=True)
            path.chmod(0)
            return Turn("", failed=False)
        return Turn(path.read_text(), failed=False)

    async with sessions(act) as (made, _):
        await made.run("a", "lock", {})
        assert (await made.run("a", "read", {"given.txt": source})).logs == "given\n"
        await made.run("b", "lock", {})


async def test_a_cancelled_caller_ends_the_session() -> None:
    entered = threading.Event()

    def act(folders: Folders, code: str) -> Turn:
        entered.set()
        if code == "wait":
            assert sandbox.interpreters[0].stopping.wait(10)
        del folders
        return Turn("", failed=False)

    async with sessions(act) as (made, sandbox):
        task = asyncio.create_task(made.run("a", "wait", {}))
        await asyncio.to_thread(entered.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await made.run("a", "next", {})
        assert [interpreter.codes for interpreter in sandbox.interpreters] == [["wait"], ["next"]]


async def test_a_session_abandoned_at_the_end_of_its_call_leaves_nothing() -> None:
    async with sessions() as (made, sandbox):
        await made.run("a", "1", {})
        folder = sandbox.interpreters[0].folders.data.parent
        sandbox.interpreters[0].stopping.set()
        await made.run("a", "2", {})
        assert not folder.exists()
        assert sandbox.started == 2


async def test_a_session_can_be_ended_by_its_thread() -> None:
    async with sessions() as (made, sandbox):
        await made.run("a", "1", {})
        await made.end("a")
        await made.end("never there")
        assert sandbox.running == 0


async def test_a_call_after_the_end_of_all_begins_a_new_session() -> None:
    async with sessions() as (made, sandbox):
        await made.run("a", "1", {})
        made.stop()
        assert sandbox.running == 0
        assert (await made.run("a", "2", {})).logs == "2\n"
        assert sandbox.started == 2


async def test_folders_are_their_owners_only() -> None:
    modes: list[int] = []

    def act(folders: Folders, _: str) -> Turn:
        modes.extend(stat.S_IMODE(folder.stat().st_mode) for folder in (*folders.written, folders.data.parent))
        return Turn("", failed=False)

    async with sessions(act) as (made, _):
        await made.run("a", "", {})
    assert modes == [0o700] * 4


async def test_switched_off_says_what_to_choose() -> None:
    made = Sessions(ChosenSandbox("none"))
    with pytest.raises(SandboxUnavailable, match=r"switched off.*--code-sandbox wasm"):
        await made.run("a", "1", {})
    await made.close()


@pytest.mark.parametrize("name", ["wasm", "landlock"])
async def test_without_the_extra_nothing_runs_and_the_extra_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistctl.local.code_interpreter import landlock, wasm

    for module in (landlock, wasm):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    made = Sessions(ChosenSandbox("wasm" if name == "wasm" else "landlock"))
    with pytest.raises(SandboxUnavailable, match=r"pip install 'assistctl\[code"):
        await made.run("a", "1", {})
    await made.close()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("f1", "a.csv"), ("f2", "a.csv"), ("f3", "A.CSV")], ["a.csv", "a (2).csv", "A (3).CSV"]),
        ([("f1", "a (2).csv"), ("f2", "a.csv"), ("f3", "a.csv")], ["a (2).csv", "a.csv", "a (3).csv"]),
        ([("f1", "../../etc/passwd"), ("f2", "c:\\x\\y.txt")], ["passwd", "y.txt"]),
        ([("f1", ".."), ("f2", "/"), ("f3", ""), ("f4", "\0\n")], ["f1", "f2", "f3", "f4"]),
        ([("f1", "가격표.csv")], ["가격표.csv"]),
        ([("f1", "x" * 500 + ".csv")], ["x" * 196 + ".csv"]),
    ],
)
def test_names_are_distinct_and_usable(given: list[tuple[str, str]], expected: list[str]) -> None:
    assert distinct_names(given) == dict(zip(expected, [file_id for file_id, _ in given], strict=True))
