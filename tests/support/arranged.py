"""A project that many tests begin with: the first applies it, the others begin with a copy of what that left.

The server's address stands in the project and in its journal, so all tests of a module have the same: a server
that goes on, on another database for each.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from assistctl.local.app import create_app
from support.projects import ProjectFolder
from support.server import RecordingServer, serving

_DATABASE = "server.db"
# SQLite makes it anew from the write-ahead log.
_LEFT_OUT = shutil.ignore_patterns("*-shm")


@dataclass
class LastingServer:
    """The embedded platform over HTTP at one address, on the database of a test; ``kept`` is for copies."""

    record: RecordingServer
    kept: Path
    _app: ASGIApp | None = None
    _folder: Path | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the test's own app carry it out."""
        assert self._app is not None
        await self._app(scope, receive, send)

    @contextmanager
    def on(self, folder: Path) -> Iterator[RecordingServer]:
        """It, with nothing recorded yet and no faults, on an empty database in a folder that is made."""
        folder.mkdir()
        self._begin(folder)
        fresh = RecordingServer(self.record.url)
        for part in fields(RecordingServer):
            setattr(self.record, part.name, getattr(fresh, part.name))
        yield self.record
        self.record.wait_until_idle()

    def arrange(self, project: ProjectFolder, name: str, arrange: Callable[[], object]) -> None:
        """Do ``arrange``, which applies the project, or copy what it left when it was done under that name."""
        assert self._folder is not None
        kept = self.kept / name
        if not kept.exists():
            arrange()
            shutil.copytree(project.path, kept / "project")
            shutil.copytree(self._folder, kept / "server", ignore=_LEFT_OUT)
        else:
            shutil.copytree(kept / "project", project.path, dirs_exist_ok=True)
            copied = self._folder / "copy"
            shutil.copytree(kept / "server", copied)
            self._begin(copied)
        self.record.clear()

    def _begin(self, folder: Path) -> None:
        self._folder = folder
        self._app = create_app(folder / _DATABASE)


@contextmanager
def lasting_server(kept: Path) -> Iterator[LastingServer]:
    """Serve on a free port of loopback until the block ends; copies go below the folder ``kept``."""
    lasting = LastingServer(RecordingServer(), kept)
    with serving(lasting) as record:
        lasting.record = record
        yield lasting
