"""Code in new interpreters that have run the same beginning, which is run once: each is a fork of one process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_SERVER = """\
import gc, json, os, sys, tempfile, traceback

# What is imported is no garbage, and a process that looked for some in it would get a copy of all of it.
gc.disable()
exec(json.loads(sys.stdin.readline()), {})
gc.freeze()
for line in iter(sys.stdin.readline, ""):
    with tempfile.TemporaryFile("w+") as said:
        process = os.fork()
        if process == 0:
            gc.enable()
            status = 0
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            try:
                exec(json.loads(line), {})
            except SystemExit:
                pass
            except BaseException:
                status = 1
                traceback.print_exc()
            sys.stdout.flush()
            os._exit(status)
        status = os.waitpid(process, 0)[1]
        said.seek(0)
        print(json.dumps([status, said.read()]), flush=True)
# All that is left goes with the process.
os._exit(0)
"""


class ForkedInterpreters:
    """Runs code in a fork of a process that has run ``beginning``."""

    def __init__(self, process: subprocess.Popen[str], beginning: str) -> None:
        self._process = process
        self._send(beginning)

    def run(self, code: str) -> str:
        """What it prints, on stderr too. Raises ``AssertionError`` with the traceback when it ends with one."""
        self._send(code)
        assert self._process.stdout is not None
        status, said = json.loads(self._process.stdout.readline())
        assert status == 0, said
        return str(said).strip()

    def _send(self, code: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(code)}\n")
        self._process.stdin.flush()


class NewInterpreters(ForkedInterpreters):
    """The same without a fork: each runs the beginning again."""

    def __init__(self, beginning: str, folder: Path | None, environment: Mapping[str, str] | None) -> None:
        self._beginning, self._folder, self._environment = beginning, folder, environment

    def run(self, code: str) -> str:
        """What it prints, on stderr too. Raises ``AssertionError`` with the traceback when it ends with one."""
        command = [sys.executable, "-W", "error", "-c", f"{self._beginning}\n{code}"]
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()


@contextmanager
def forked_interpreters(
    beginning: str, *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[ForkedInterpreters]:
    """Interpreters whose warnings are errors, in the folder and the environment of the tests or in others."""
    if sys.platform == "win32":
        yield NewInterpreters(beginning, folder, environment)
        return
    command = [sys.executable, "-W", "error", "-c", _SERVER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=folder, env=environment, text=True) as process:
        yield ForkedInterpreters(process, beginning)
        assert process.stdin is not None
        process.stdin.close()
