"""A project that many tests begin with: the first applies it, the others begin with a copy of what that left.

The server's address stands in the project and in its journal, so all tests of a module have the same: a server
that goes on, on another database for each.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from assistctl.local.app import create_app
from support.projects import ProjectFolder
from support.server import RecordingServer, serving

_DATABASE = "server.db"
# SQLite makes it anew from the write-ahead log.
_LEFT_OUT = shutil.ignore_patterns("*-shm")
_DATA = (dict, int)


@dataclass
class LastingServer:
    """The embedded platform over HTTP at one address, on the database of a test; ``kept`` is for copies."""

    record: RecordingServer
    kept: Path
    states: dict[str, list[dict[str, Any]]]
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
        with self._recorded() as record:
            yield record

    @contextmanager
    def in_place_of(self, app: ASGIApp) -> Iterator[RecordingServer]:
        """The same with an app of the test's own, which has its state in memory."""
        self._app = app
        with self._recorded() as record:
            yield record

    @contextmanager
    def _recorded(self) -> Iterator[RecordingServer]:
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

    def arrange_in_memory(
        self, project: ProjectFolder, name: str, arrange: Callable[[], object], *holders: object
    ) -> None:
        """The same where ``holders`` are all that has the state of the test's own app."""
        kept = self.kept / name
        if not kept.exists():
            arrange()
            shutil.copytree(project.path, kept)
            self.states[name] = [copy.deepcopy(_data(one)) for one in holders]
        else:
            shutil.copytree(kept, project.path, dirs_exist_ok=True)
            for holder, state in zip(holders, self.states[name], strict=True):
                vars(holder).update(copy.deepcopy(state))
        self.record.clear()

    def _begin(self, folder: Path) -> None:
        self._folder = folder
        self._app = create_app(folder / _DATABASE)


def _data(holder: object) -> dict[str, Any]:
    return {name: value for name, value in vars(holder).items() if isinstance(value, _DATA)}


@contextmanager
def lasting_server(kept: Path) -> Iterator[LastingServer]:
    """Serve on a free port of loopback until the block ends; copies go below the folder ``kept``."""
    lasting = LastingServer(RecordingServer(), kept, {})
    with serving(lasting) as record:
        lasting.record = record
        yield lasting
