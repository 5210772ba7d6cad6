"""The process that a session's interpreter runs in, seen from the server: a crash there ends a session only.

It inherits no environment, and is spoken to by lines of JSON: the settings, answered by ``{"ready": true}``
or ``{"unavailable": why}``, then ``{"code": …}``, answered by the fields of a ``Turn``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from assistctl.json_value import Json
from assistctl.local.code_interpreter.data_folder import usage
from assistctl.local.code_interpreter.sandbox import Folders, Limits, SandboxUnavailable, Turn

START_SECONDS = 60.0
"""How long a start may take, in seconds; compiling is done before."""

_GRACE_SECONDS = 5.0
"""How long after its time a sandbox may take to end a call by itself, in seconds."""
_CHECK_SECONDS = 0.2


class ChildProcess:
    """An ``Interpreter`` in a process that runs ``command``; ``settings`` go to it beside those of every sandbox.

    Raises ``SandboxUnavailable`` when it cannot start.
    """

    def __init__(
        self,
        command: list[str],
        folders: Folders,
        limits: Limits,
        stopping: threading.Event,
        *,
        start_seconds: float = START_SECONDS,
        **settings: Json,
    ) -> None:
        self._folders = folders
        self._limits = limits
        self._stopping = stopping
        self._killed_because: str | None = None
        self._errors = folders.private / "errors.txt"
        self._longest_answer = 16 * limits.output_bytes + 65_536  # JSON takes up to 12 bytes for a character
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - one of ours, see ``worker_command``
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(folders.private),
                cwd=folders.private,
                start_new_session=True,
            )
        try:
            self._start({**_common(folders, limits), **settings}, start_seconds)
        except BaseException:
            self.close()
            raise
        self._own_bytes = usage(folders, limits.files)[0]

    def run(self, code: str, given_bytes: int) -> Turn:
        """See ``Interpreter``."""
        others = self._own_bytes + given_bytes
        answer = self._ask({"code": code}, self._limits.seconds + _GRACE_SECONDS, others)
        if answer is None:
            reason = self._killed_because or "The code's process ended."
            self.close()
            return Turn(logs="", failed=True, ended=reason)
        ended = answer.get("ended")
        return Turn(str(answer["logs"]), bool(answer["failed"]), None if ended is None else str(ended))

    def close(self) -> None:
        """End the process and what it started."""
        _kill(self._process)
        for stream in (self._process.stdin, self._process.stdout):
            _close(stream)

    def _start(self, settings: dict[str, Json], seconds: float) -> None:
        answer = self._ask(settings, seconds, None)
        if answer is None or not answer.get("ready"):
            said = (answer or {}).get("unavailable") or self._last_error()
            raise SandboxUnavailable(f"The code interpreter's sandbox does not start: {said}")

    def _last_error(self) -> str:
        lines = self._errors.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else (self._killed_because or "its process ended without a word")

    def _ask(self, message: dict[str, Json], seconds: float, others: int | None) -> dict[str, Json] | None:
        """The answer, or ``None`` when the process ended or was ended for what it took.

        ``others`` are the bytes on the disk that are not the code's; ``None`` when no code runs.
        """
        done = threading.Event()
        watching = threading.Thread(target=self._watch, args=(done, seconds, others), daemon=True)
        watching.start()
        try:
            return self._exchange(message)
        finally:
            done.set()
            watching.join()

    def _exchange(self, message: dict[str, Json]) -> dict[str, Json] | None:
        sending, receiving = self._process.stdin, self._process.stdout
        if sending is None or receiving is None:
            return None
        try:
            sending.write(json.dumps(message).encode() + b"\n")
            sending.flush()
            line = receiving.readline(self._longest_answer)
            answer = json.loads(line)
        except (OSError, ValueError):  # a pipe that is gone, or closed meanwhile, or half a line
            return None
        return answer if isinstance(answer, dict) else None

    def _watch(self, done: threading.Event, seconds: float, others: int | None) -> None:
        end = time.monotonic() + seconds
        while not done.wait(_CHECK_SECONDS):
            reason = self._too_much(others)
            if self._stopping.is_set():
                reason = "The session was ended."
            elif time.monotonic() > end:
                reason = _late(seconds if others is None else self._limits.seconds)
            if reason is not None:
                self._killed_because = reason
                _kill(self._process)
                return

    def _too_much(self, others: int | None) -> str | None:
        if others is None:
            return None
        size, entries = usage(self._folders, self._limits.files)
        if size - others > self._limits.disk_bytes:
            return f"The code was stopped: it wrote more than {self._limits.disk_bytes // 2**20} MiB."
        if entries > self._limits.files:
            return f"The code was stopped: it made more than {self._limits.files} files."
        return None


def worker_command(module: str) -> list[str]:
    """The command that runs a module of this package in its own process, isolated but for the code."""
    return [sys.executable, "-I", "-B", "-m", f"{__package__}.{module}"]


def _late(seconds: float) -> str:
    return f"The code was stopped: it ran for more than {seconds:g} seconds."


def _common(folders: Folders, limits: Limits) -> dict[str, Json]:
    return {
        "folder": str(folders.private.parent),
        "private": str(folders.private),
        "data": str(folders.data),
        "charts": str(folders.charts),
        "temporary": str(folders.temporary),
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
        "output_bytes": limits.output_bytes,
        "file_bytes": limits.file_bytes,
    }


def _environment(temporary: Path) -> dict[str, str]:
    """Nothing of ours, but on Windows where the system is: Python does not start without."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {**kept, "TMPDIR": str(temporary), "TEMP": str(temporary)}


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        try:
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def _close(stream: IO[bytes] | None) -> None:
    try:
        if stream is not None:
            stream.close()
    except OSError:
        pass  # what was still to be sent has nobody to read it
