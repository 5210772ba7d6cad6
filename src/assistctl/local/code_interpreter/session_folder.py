"""The folders of a session on the disk."""

from __future__ import annotations

from pathlib import Path

from assistctl.local.code_interpreter.sandbox import Folders


def make_folders(folder: Path) -> Folders:
    """The folders of a session, in ``folder``, for their owner only."""
    folders = Folders(
        data=folder / "data",
        charts=folder / "charts",
        temporary=folder / "temporary",
        private=folder / "private",
    )
    for it in (*folders.written, folders.private):
        it.mkdir(mode=0o700)
    return folders
