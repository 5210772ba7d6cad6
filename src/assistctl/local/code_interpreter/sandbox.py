"""The seam between sessions and sandboxes: what a sandbox starts, and what its interpreter answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MEBIBYTE = 1024 * 1024


class SandboxUnavailable(Exception):  # noqa: N818 - the word that its readers use; it is no fault of the code run
    """No code can be run here. The message tells the waiting user what to install or to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for one session."""

    seconds: float = 60.0
    """How long one call may take."""
    memory_bytes: int = 1024 * MEBIBYTE
    output_bytes: int = 64 * 1024
    """How much of what one call prints is kept."""
    disk_bytes: int = 1024 * MEBIBYTE
    """The bytes a session may have on the disk beside the files that were handed to it."""
    file_bytes: int = 512 * MEBIBYTE
    """The largest file it may write, as the service has it (code interpreter guide)."""
    files: int = 10_000
    """How many files and folders it may have."""
    idle_seconds: float = 3600.0
    """How long a session lives after its last call: an hour, as the service has it (code interpreter guide)."""
    sessions: int = 8
    """How many there may be at once."""
    produced_bytes: int = 128 * MEBIBYTE
    """How much the files that one call hands back may have together."""
    produced_files: int = 50
    """How many files one call may hand back."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one session on this machine. Code sees ``data``, ``charts`` and ``temporary`` alone."""

    data: Path
    """``/mnt/data``."""
    charts: Path
    """``/mnt/charts``: where figures that are shown go."""
    temporary: Path
    """``/tmp``, or the folder that it lies in."""
    private: Path
    """A folder for the sandbox itself; never seen by code."""

    @property
    def written(self) -> tuple[Path, ...]:
        """The folders that code can write to."""
        return (self.data, self.charts, self.temporary)


@dataclass(frozen=True, slots=True)
class Turn:
    """The outcome of one call."""

    logs: str
    """Everything the code printed, the value of its last bare expression, and its traceback."""
    failed: bool
    ended: str | None = None
    """Why the session ended with this call, as a sentence for the model."""


class Interpreter(Protocol):
    """An interpreter in a sandbox, in a process of its own. All calls block."""

    def run(self, code: str, given_bytes: int) -> Turn:
        """Run code; variables stay until the session ends. Never raises for what the code does.

        ``given_bytes`` of what is in the folders were handed to it, and do not count as the code's.
        """

    def close(self) -> None:
        """End it at once, from any thread and at any time; a call under way ends too."""


class Sandbox(Protocol):
    """A source of interpreters."""

    def start(self, folders: Folders, limits: Limits, stopping: threading.Event) -> Interpreter:
        """A new interpreter that sees these folders and nothing else. Blocks.

        It, and its start, end when ``stopping`` is set. Raises ``SandboxUnavailable`` when there can be none.
        """


def make_folders(folder: Path) -> Folders:
    """The folders of a session, in ``folder``, for their owner only."""
    folders = Folders(
        data=folder / "data",
        charts=folder / "charts",
        temporary=folder / "temporary",
        private=folder / "private",
    )
    for made in (*folders.written, folders.private):
        made.mkdir(mode=0o700)
    return folders
