"""The process of one session under Landlock: starts the confined interpreter and hands code on to it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from assistctl.local.code_interpreter.sandbox import Turn
from assistctl.local.code_interpreter.worker import Fields, left_out, limit_process, serve

if TYPE_CHECKING:
    from sandlock import Process

_GUEST = Path(__file__).with_name("guest")
_GUEST_PATH = "/usr/lib/assistctl"
_PROCESSES = 1
"""Threads do not count. A process that code starts would outlive the session when that is killed."""

_OPEN_FILES = 256
_CHUNK = 65_536

_PYTHON = "/python"
"""The interpreter's place in that root. Only what lies in the root itself can be started."""

_SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo")
_INTERPRETER = 3
"""The kind of an ELF segment that names the loader (``PT_INTERP``, elf(5))."""


def start(settings: Fields) -> Callable[[str], Turn]:
    """Start the interpreter in the folders that the settings name. Raises whatever the sandbox does."""
    packages = settings["packages"]
    names = [str(package) for package in packages] if isinstance(packages, list) else []
    root = Path(str(settings["private"]), "root")
    root.mkdir()
    readable = _make_root(root, [f"{settings['prefix']}/lib", *names])
    limit_process(int(str(settings["file_bytes"])))
    confined = _Confined(_popen(settings, root, readable, names), settings)
    return confined.run


def _popen(settings: Fields, root: Path, readable: dict[str, str], packages: list[str]) -> Process:
    from sandlock import Sandbox, StdioMode

    places = {"/mnt/data": "data", "/mnt/charts": "charts", "/tmp": "temporary"}  # noqa: S108 - not this machine's
    for place in (*places, _GUEST_PATH):
        (root / place[1:]).mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(
        chroot=str(root),
        fs_mount={place: str(settings[name]) for place, name in places.items()},
        fs_mount_ro={**readable, _GUEST_PATH: str(_GUEST)},
        fs_writable=list(places),
        fs_readable=["/"],  # of the root above, not of this machine
        clean_env=True,
        env=_environment(settings),
        max_memory=int(str(settings["memory_bytes"])),
        max_processes=_PROCESSES,
        max_open_files=_OPEN_FILES,
        no_coredump=True,
    )
    pipe = StdioMode.PIPED
    command = [_PYTHON, "-s", "-B", "-u", f"{_GUEST_PATH}/interpreter.py", *packages]
    return sandbox.popen(command, stdin=pipe, stdout=pipe, stderr=StdioMode.INHERIT)


def _environment(settings: Fields) -> dict[str, str]:
    return {
        "HOME": "/tmp",  # noqa: S108 - not this machine's
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://assistctl_charts",
        "MPLCONFIGDIR": "/tmp/matplotlib",  # noqa: S108 - as above
        "OPENBLAS_NUM_THREADS": "2",
        "PYTHONHOME": str(settings["prefix"]),
    }


class _Confined:
    def __init__(self, process: Process, settings: Fields) -> None:
        self._process = process
        self._seconds = float(str(settings["seconds"]))
        self._most = int(str(settings["output_bytes"]))
        self._is_late = False

    def run(self, code: str) -> Turn:
        end = f"\x1e{secrets.token_hex(16)} "
        timer = threading.Timer(self._seconds, self._stop)
        timer.start()
        try:
            self._signal(signal.SIGCONT)
            self._process.stdin.write(json.dumps({"code": code, "end": end}).encode() + b"\n")
            self._process.stdin.flush()
            output = _Output(self._most)
            status = output.read(self._process.stdout, end.encode())
        except OSError:
            status, output = None, _Output(self._most)
        finally:
            timer.cancel()
            # Threads that the code left behind would take the machine's time until the session ends.
            self._signal(signal.SIGSTOP)
        if status is None:
            return Turn(output.text, failed=True, ended=self._why())
        number = status.get("exit")
        note = f"The code exited with status {number}.\n" if number else ""
        return Turn(f"{output.text}{note}", failed=bool(status.get("failed")))

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the interpreter, which leads a process group of its own."""
        pid = self._process.pid
        with contextlib.suppress(OSError):
            if pid is not None and os.getpgid(pid) != os.getpgrp():
                os.killpg(os.getpgid(pid), number)

    def _stop(self) -> None:
        self._is_late = True
        self._process.kill()

    def _why(self) -> str:
        if self._is_late:
            return f"The code was stopped: it ran for more than {self._seconds:g} seconds."
        return "The code's interpreter ended: it crashed, ended itself, or took more memory than there is for it."


class _Output:
    """Output of the code up to a mark: its beginning and its end, when it is more than ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = bytearray()
        self._left_out = 0

    @property
    def text(self) -> str:
        """The kept output as text: at most ``most`` bytes, the beginning and the end."""
        more = self._left_out + len(self._kept) - self._most
        if more <= 0:
            return self._kept.decode(errors="replace")
        half = self._most // 2
        begin, end = self._kept[:half], self._kept[-half:]
        return f"{begin.decode(errors='replace')}{left_out(f'{more} bytes')}{end.decode(errors='replace')}"

    def read(self, stream: IO[bytes], end: bytes) -> Fields | None:
        """Read up to the mark and the line after it: that line's fields, or ``None`` when it never comes."""
        while True:
            chunk = stream.read(_CHUNK)
            if not chunk:
                return None
            searched = max(len(self._kept) - len(end), 0)
            self._kept += chunk
            place = self._kept.find(end, searched)
            if place >= 0:
                line = bytes(self._kept[place + len(end) :])
                while not line.endswith(b"\n"):
                    more = stream.read(_CHUNK)
                    if not more or len(line) > _CHUNK:
                        return None
                    line += more
                del self._kept[place:]
                return _fields(line)
            self._drop_middle()

    def _drop_middle(self) -> None:
        """Keep as much at each end as may be shown, and what a mark that has begun needs."""
        if len(self._kept) > 4 * self._most + _CHUNK:
            half = self._most
            self._left_out += len(self._kept) - 2 * half
            del self._kept[half:-half]


def _fields(line: bytes) -> Fields:
    try:
        found = json.loads(line)
    except ValueError:
        return {"failed": True}
    return found if isinstance(found, dict) else {"failed": True}


def _make_root(root: Path, readable: list[str]) -> dict[str, str]:
    """Make the root folder that code sees, and return what to mount there: place -> folder on this machine.

    It is empty but for the interpreter, and for where the rest is mounted for reading.

    ``readable`` folders keep their paths, so that what refers to them finds them.
    """
    mounts: dict[str, str] = {}
    for place in (*_SYSTEM, *readable):
        folder = Path(place)
        if folder.is_symlink() and folder.parent == Path("/"):  # /lib is usr/lib on most systems
            (root / folder.name).symlink_to(folder.readlink())
        elif folder.is_dir():
            _inside(root, place).mkdir(parents=True, exist_ok=True)
            mounts[place] = place
    executable = Path(os.path.realpath(sys.executable))
    shutil.copy(executable, root / _PYTHON[1:])
    loader = _loader_of(executable)
    if loader is not None:
        # The kernel takes the loader by this path; a folder mounted above it is no place that it looks at.
        copy = _inside(root, loader)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(loader, copy)
    return mounts


def _inside(root: Path, path: str) -> Path:
    """The place of an absolute path inside the root, with its links."""
    return root / os.path.relpath(path, "/")


def _loader_of(executable: Path) -> str | None:
    """The loader that a 64-bit ELF file names, or ``None`` for one that needs none."""
    with executable.open("rb") as file:
        header = file.read(64)
        if header[:5] != b"\x7fELF\x02":
            return None
        order = "<" if header[5] == 1 else ">"
        (offset,) = struct.unpack_from(f"{order}Q", header, 32)
        size, count = struct.unpack_from(f"{order}HH", header, 54)
        file.seek(offset)
        segments = file.read(size * count)
        for start in range(0, size * count, size):
            kind, _, begin, _, _, length = struct.unpack_from(f"{order}IIQQQQ", segments, start)
            if kind == _INTERPRETER:
                file.seek(begin)
                return file.read(length).rstrip(b"\0").decode()
    return None


if __name__ == "__main__":
    serve(start)
