"""The program that tests start in the place of the real one takes over what it is given as that one does."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.projects import ProjectFolder
from support.served_command import REAL

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there it is another one")

# The real one takes half a second with a platform, a tenth with a project, and a thirtieth with neither.
LINES = (
    "assistctl --version >&-",
    "assistctl --version 2>&-",
    "assistctl --version > /dev/full",
    "assistctl schema | head -c 0; echo ${PIPESTATUS[0]}",
    "assistctl bogus > /dev/full 2>&1",
    "assistctl bogus 0<&- >&- 2>&-",
    "echo | assistctl ask a -",
    "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 assistctl bögus",
    "ASSISTCTL_TARGET=nowhere assistctl validate",
    "cd assistants && assistctl validate",
    "umask 77; assistctl --version > made; stat -c %a made; umask 27; assistctl init -C new; stat -c %a new/*",
    "assistctl validate -C <(echo)",
    "exec 7> seven; assistctl --version >&7; cat seven",
    "python3 -c 1; assistctl validate 'a\tb\nc' ''",
)


def ended(folder: Path, program: Path, line: str) -> tuple[int, str, str]:
    """The line in bash, with that program: its exit code, and what it printed."""
    environment = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/bash", "-c", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("line", LINES)
def test_it_ends_like_the_real_one(project: ProjectFolder, served: Path, line: str) -> None:
    project.manifest("a")
    ends = []
    for program in (REAL, served):
        ends.append(ended(project.path, program, line))
        for name in ("new/assistants", "new", "made", "seven"):
            subprocess.run(["rm", "-rf", name], cwd=project.path, check=True)  # noqa: S607
    assert ends[0] == ends[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_like_the_real_one(project: ProjectFolder, served: Path, number: signal.Signals) -> None:
    codes = []
    for program in (REAL, served):
        with serving(project, program) as process:
            port_of(process)
            process.send_signal(number)
            codes.append(process.wait(20))
    assert codes[0] == codes[1]


def test_a_signal_that_is_ignored_stays_so(project: ProjectFolder, served: Path) -> None:
    # And one that nothing handles ends it.
    codes = []
    for program in (REAL, served):
        line = f"trap '' HUP; exec {program}/assistctl serve --port 0"
        with serving(project, program, ["/bin/bash", "-c", line]) as process:
            port_of(process)
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGQUIT)
            codes.append(process.wait(20))
    assert codes[0] == codes[1] == -signal.SIGQUIT


def test_killed_it_is_gone(project: ProjectFolder, served: Path) -> None:
    with serving(project, served) as process:
        port = port_of(process)
        process.kill()
        assert process.stderr is not None
        process.stderr.read()
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


@contextmanager
def serving(
    project: ProjectFolder, program: Path, command: list[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """``assistctl serve`` on a free port, killed where it has not ended when its test has."""
    with subprocess.Popen(
        command or [f"{program}/assistctl", "serve", "--port", "0"],
        cwd=project.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    """The port, once it listens."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise AssertionError(f"it ended with {process.wait()}")
