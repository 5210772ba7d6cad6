"""The process of a session: whatever happens in it, the server goes on, and nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistctl.local.code_interpreter.sandbox import Limits, SandboxUnavailable
from assistctl.local.code_interpreter.sessions import Sessions
from support.code_sandboxes import PlainProcess

pytestmark = pytest.mark.anyio

SHORT = Limits(seconds=0.2, output_bytes=1000, disk_bytes=2**20, files=50)
PARENT = """
import asyncio, os, signal, sys
from assistctl.local.code_interpreter.sessions import Sessions
from support.code_sandboxes import PlainProcess

async def main():
    sessions = Sessions(PlainProcess())
    print((await sessions.run("a", "import os; print(os.getpid())", {})).logs, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where sessions live during a test; nothing of them is left in it."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    yield made
    assert list(made.iterdir()) == []


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether there is a process of that number, and not only its remains."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


WRONG = [
    ("import os; os._exit(1)", "process ended"),
    ("import os; os.kill(os.getpid(), 11)", "process ended"),
    (
        "open(settings['data'] + '/large', 'wb').write(b'x' * (4 << 20))\nimport time; time.sleep(60)",
        "wrote more than 1 MiB",
    ),
    (
        "for i in range(99): open(f'{settings[\"data\"]}/{i}', 'w').close()\nimport time; time.sleep(60)",
        "50 files",
    ),
    ("import sys; sys.__stdout__.flush(); import os; os.write(3, b'x' * 100); os._exit(0)", "process ended"),
]


async def test_what_goes_wrong_ends_the_session_alone() -> None:
    sessions = Sessions(PlainProcess(), Limits(seconds=20, disk_bytes=2**20, files=50))
    for code, words in WRONG:
        # In the process that was well after the one before.
        ended = await sessions.run("a", code, {})
        assert ended.failed, code
        assert words in ended.logs, code
        assert (await sessions.run("a", "print('well')", {})).logs == "well\n", code
    await sessions.close()


async def test_the_disk_is_bounded_over_all_calls_beside_what_was_given(tmp_path: Path) -> None:
    source = tmp_path / "file-1"
    source.write_bytes(b"x" * (3 << 20))
    given = {"given.bin": source}
    sessions = Sessions(PlainProcess(), Limits(seconds=20, disk_bytes=2**20))
    write = "open(settings['data'] + '/{}', 'wb').write(b'x' * (700 << 10)); import time; time.sleep({})"
    assert not (await sessions.run("a", write.format("first", 0.5), given)).failed
    assert "wrote more than 1 MiB" in (await sessions.run("a", write.format("second", 20), given)).logs
    await sessions.close()


async def test_endless_code_is_stopped_even_when_the_sandbox_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistctl.local.code_interpreter.child_process._GRACE_SECONDS", 0.1)
    sessions = Sessions(PlainProcess(), SHORT)
    began = time.monotonic()
    ended = await sessions.run("a", "while True: pass", {})
    assert "it ran for more than 0.2 seconds" in ended.logs
    assert time.monotonic() - began < 10
    await sessions.close()


async def test_failed_code_leaves_the_session_alive_which_inherits_no_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    sessions = Sessions(PlainProcess())
    await sessions.run("a", "x = 20", {})
    failed = await sessions.run("a", "x / 0", {})
    assert failed.failed
    assert "ZeroDivisionError" in failed.logs
    assert (await sessions.run("a", "print(x + 1)", {})).logs == "21\n"
    seen = await sessions.run("a", "import os; print(dict(os.environ))", {})
    assert "sk-secret" not in seen.logs
    assert "/somewhere" not in seen.logs
    await sessions.close()


async def test_a_sandbox_that_does_not_start_says_why() -> None:
    sessions = Sessions(PlainProcess("no such kernel"))
    with pytest.raises(SandboxUnavailable, match="does not start: no such kernel"):
        await sessions.run("a", "1", {})
    await sessions.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
def test_a_killed_server_leaves_neither_process_nor_folder(folder: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", PARENT], env=environment, stdout=subprocess.PIPE, text=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    until(lambda: not is_running(pid) and not list(folder.iterdir()))
