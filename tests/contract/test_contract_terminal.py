"""The command as a process: a confirmation on a real terminal, none without one, and signals in the middle."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from support.command_process import exit_code, started
from support.dashboard import Dashboard
from support.projects import ProjectFolder
from support.python_process import started_code
from support.server import Asked, RecordingServer


def environment(**extra: str) -> dict[str, str]:
    """What a shell would give, and nothing of whoever runs the tests."""
    names = ("PATH", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return (
        {name: os.environ[name] for name in names if name in os.environ}
        | {"TERM": "xterm-256color", "PYTHONUTF8": "1"}
        | extra
    )


def on_a_terminal(folder: Path, typed: bytes, *args: str) -> tuple[int, str]:
    """``assistctl ARGS`` on a terminal, ``typed`` once it asks: exit code (below 0 when it hung) and output."""
    controller, terminal = pty.openpty()
    process = started(folder, *args, out=os.ttyname(terminal), environment=environment())
    shown = dialogue(controller, terminal, typed)
    try:
        return exit_code(process), shown
    except TimeoutError:
        return -signal.SIGKILL, shown


def dialogue(controller: int, terminal: int, typed: bytes) -> str:
    """All that a terminal shows until it is closed, with ``typed`` once there is a question."""
    shown = b""
    while chunk := read(controller):
        if not shown:
            os.close(terminal)  # whoever shows something has opened it
        shown += chunk
        if typed and b"?" in shown.partition(b"Plan: ")[2]:
            os.write(controller, typed)
            typed = b""
    os.close(controller)
    return shown.decode("utf-8", "replace")


def read(terminal: int) -> bytes:
    """What is shown next; nothing when it is closed (which Linux tells as an error) or when it waits for ever."""
    ready, _, _ = select.select([terminal], [], [], 10)
    try:
        return os.read(terminal, 65536) if ready else b""
    except OSError:
        return b""


ANSWERS = {
    "yes": (b"yes\n", True),
    "no": (b"no\n", False),
    "just Enter": (b"\n", False),
    "end of input": (b"\x04", False),
    "Ctrl-C": (b"\x03", False),
}


@pytest.mark.parametrize(("typed", "goes_on"), ANSWERS.values(), ids=ANSWERS)
def test_apply_asks_on_a_terminal(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, typed: bytes, goes_on: bool
) -> None:
    remote.manifest("one")
    code, shown = on_a_terminal(remote.path, typed, "apply")
    assert "Traceback" not in shown
    assert "one" in shown, "the plan is shown before the question"
    assert code >= 0, f"it still waits after\n{shown}"
    assert (code == 0) is goes_on, shown
    assert bool(server.mutations) is goes_on
    assert dashboard.names() == (["one"] if goes_on else [])


def test_destroy_asks_on_a_terminal(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("one")
    remote.run("apply", "--yes")
    code, shown = on_a_terminal(remote.path, b"no\n", "destroy")
    assert code > 0, shown
    assert dashboard.names() == ["one"]


def test_a_bar_counts_each_of_two_that_have_one_key(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("one")
    remote.run("apply", "--yes")
    twin = dashboard.named("one")
    dashboard.create(name="one", metadata=twin["metadata"])
    code, shown = on_a_terminal(remote.path, b"", "destroy", "--yes")
    assert code == 0, shown
    assert "2/2" in shown.rpartition("Applying")[2], shown


def test_nothing_to_do_asks_nothing(remote: ProjectFolder) -> None:
    remote.manifest("one")
    remote.run("apply", "--yes")
    code, shown = on_a_terminal(remote.path, b"", "apply")
    assert code == 0, shown


@pytest.mark.usefixtures("assistctl_on_path")
def test_without_a_terminal_it_prints_and_exits_3(remote: ProjectFolder, server: RecordingServer) -> None:
    """Also when somebody pipes ``yes`` into it."""
    remote.manifest("one")
    done = subprocess.run(
        ["assistctl", "apply"],  # noqa: S607  # on the path of the tests
        cwd=remote.path,
        input=b"yes\n",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 3
    assert b"one" in done.stdout
    assert b"--yes" in done.stderr
    assert server.mutations == []


@pytest.mark.usefixtures("assistctl_on_path")
def test_a_closed_stdin_or_stdout_is_no_traceback(remote: ProjectFolder) -> None:
    remote.manifest("one")
    for redirect in ("<&- >&-", "| true"):
        done = subprocess.run(
            ["/bin/sh", "-c", f"assistctl plan {redirect}"],
            cwd=remote.path,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert b"Traceback" not in done.stderr + done.stdout, redirect
        assert b"Exception ignored" not in done.stderr, redirect


# As the interpreter sets up its streams there.
ON_AN_ASCII_TERMINAL = """\
import sys
sys.stdout.reconfigure(encoding="ascii", errors="strict")
sys.stderr.reconfigure(encoding="ascii", errors="backslashreplace")
from assistctl.cli.main import main
main()
"""


def test_an_ascii_terminal_is_no_traceback(remote: ProjectFolder) -> None:
    remote.manifest("one", name="ünï→🙂")
    process = started_code(
        ON_AN_ASCII_TERMINAL, "apply", "--yes", folder=remote.path, environment=environment(LC_ALL="C")
    )
    _, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err) == (0, False), err


@pytest.mark.parametrize(("force", "color", "coloured"), [("", "always", True), ("1", "never", False)])
def test_colour_only_where_it_is_wanted(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch, force: str, color: str, coloured: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", force)
    remote.manifest("one")
    assert ("\x1b[" in remote.run("plan", "--color", color).out) is coloured
    assert "\x1b[" not in remote.run("plan", "--color", "never").out


# Signals


class Slow:
    """Lets one create through and holds the others until ``release`` is set."""

    def __init__(self) -> None:
        self.held = threading.Event()
        self.release = threading.Event()
        self.seen = 0

    def __call__(self, asked: Asked) -> threading.Event | None:
        if asked.method != "POST":
            return None
        self.seen += 1
        if self.seen < 2:
            return None
        self.held.set()
        return self.release


@pytest.mark.parametrize(
    ("number", "output"),
    [(signal.SIGINT, "json"), (signal.SIGTERM, "text"), (signal.SIGKILL, "text")],
)
def test_stopped_in_the_middle_it_tells_the_truth_and_the_next_apply_converges(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, number: signal.Signals, output: str
) -> None:
    keys = ["a", "b", "c", "d"]
    for key in keys:
        remote.manifest(key)
    slow = Slow()
    server.gate = slow
    process = started(
        remote.path,
        *("apply", "--yes", "--parallelism", "1", "--format", output),
        out=remote.path / "out",
        err=remote.path / "err",
        environment=environment(),
    )
    assert process.pid
    assert slow.held.wait(30)
    os.kill(process.pid, number)
    slow.release.set()  # whoever waits for what is under way gets it
    code = exit_code(process, 30)
    out, err = (remote.path / "out").read_bytes(), (remote.path / "err").read_bytes()
    assert b"Traceback" not in err
    assert code != 0
    if number != signal.SIGKILL:
        assert code > 0, "it ended by itself"
        if output == "json":
            told = {load["key"]: load["status"] for load in json.loads(out)["results"]}
            assert told["a"] == "ok"
            assert told["d"] != "ok"
        else:
            assert b"a" in out
    server.gate = lambda _: None
    again = remote.run("apply", "--yes")
    assert again.code == 0, again.err + again.out
    assert dashboard.names() == keys
    assert remote.run("plan", "--detailed-exitcode").code == 0
