"""Git for fetching from elsewhere: in a repository of ours, without anybody's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from assistctl.checkout.pinned_folder import PinnedFolder
from assistctl.errors import ProjectError

SECONDS = 120.0
"""How long fetching may take, in seconds."""
LARGEST_FETCHED = 512 * 1024 * 1024
"""Bytes that may be fetched of a repository, packed."""

_SETTINGS = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "fetch.fsckObjects=true"),
    *("-c", "fetch.recurseSubmodules=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "http.followRedirects=initial"),
    *("-c", "credential.helper="),
    *("-c", "protocol.version=2"),
)
_TOO_LONG = f"it took longer than {SECONDS:g} seconds"
_SAID = 300
_POLL_SECONDS = 0.1


class NotGivenError(ProjectError):
    """The server does not give what was asked for; it may be asked in another way."""


def fetch(folder: PinnedFolder, repository: Path, *arguments: str) -> None:
    """Run ``git fetch``, and end it where it takes too long or brings too much.

    Raises ``NotGivenError`` where git itself fails, and ``ProjectError`` where it was ended.
    """
    deadline = time.monotonic() + SECONDS
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603  # a fixed command; the address was looked at
            _command("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *arguments),
            cwd=repository,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            trouble = _waited(process, repository, deadline)
        finally:
            if process.poll() is None:
                _end(process)
        if trouble is not None:
            raise ProjectError(f"{folder.shown} is not fetched: {trouble}")
        if process.returncode != 0:
            said.seek(0)
            why = _last_line(said.read(64 * 1024))
            advice = "The commit has to be in the repository, and the repository has to be public."
            raise NotGivenError(f"{folder.shown} cannot be fetched: {why}", advice)


def _waited(process: subprocess.Popen[bytes], repository: Path, deadline: float) -> str | None:
    """The reason why a process was given up before its end; ``None`` if it ended."""
    while True:
        try:
            process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                return _TOO_LONG
        if _size(repository) > LARGEST_FETCHED:
            return f"it is larger than {LARGEST_FETCHED:,} bytes"
        if process.returncode is not None:
            return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git with the programs that it started for the transfer."""
    import signal

    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, OSError):
        process.kill()
    process.wait()


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total


def run(place: Path, *arguments: str, about: PinnedFolder) -> bytes:
    """The output of git run in ``place``. Raises ``ProjectError``, which names ``about``."""
    try:
        done = subprocess.run(  # noqa: S603  # a fixed command, in a repository of ours
            _command(*arguments),
            cwd=place,
            env=_environment(about),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProjectError(f"{about.shown} cannot be read: {_TOO_LONG}") from error
    except OSError as error:
        raise ProjectError(f"{about.shown} cannot be read: {error}") from error
    if done.returncode != 0:
        raise ProjectError(f"{about.shown} cannot be read: {_last_line(done.stderr)}")
    return done.stdout


def _command(*arguments: str) -> Sequence[str]:
    program = shutil.which("git")
    if program is None or not Path(program).is_absolute():
        raise ProjectError("git is not installed, and a skill from a repository needs it", "Install git.")
    return [program, "--no-replace-objects", *_SETTINGS, *arguments]


def _environment(folder: PinnedFolder) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": urlsplit(folder.repository).scheme,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_NO_LAZY_FETCH": "1",
        # There curl looks for the user's logins (``.netrc``).
        "HOME": os.devnull,
        "LC_ALL": "C",
    }


def _last_line(said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return (lines[-1].removeprefix("fatal: ") if lines else "git says nothing")[:_SAID]
