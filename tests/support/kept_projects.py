"""Projects on a server as they were once arranged, given to each test of a module that begins with one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistctl.local.app import create_app
from assistctl.local.database.storage import Database
from assistctl.local.runs.model_client import ModelSettings
from support.server import RecordingServer, serving


class KeptProjects:
    """A ``server`` and a ``folder`` for the project on it, both at the same address for all tests of a module."""

    def __init__(self, root: Path, server: RecordingServer, database: Database) -> None:
        self.server = server
        self.folder = root / "now" / "acme"
        self._now = root / "now"
        self._kept = root / "kept"
        self._database = database

    def renew(self) -> None:
        """Begin a test: an empty folder, an empty server, no faults, nothing asked yet."""
        self._put_away()
        self.folder.mkdir(parents=True)
        server = self.server
        server.fault = server.gate = lambda _: None
        server.hear = server.tell = None
        server.clear()

    def arranged(self, name: str, arrange: Callable[[], object]) -> None:
        """Have what ``arrange`` makes of the folder and the server; after the first time, a copy of that."""
        kept = self._kept / name
        if kept.exists():
            self._put_away()
            shutil.copytree(kept, self._now)
        else:
            arrange()
            self.server.wait_until_idle()
            self._database.close()
            shutil.copytree(self._now, kept)
        self.server.clear()

    def _put_away(self) -> None:
        self.server.wait_until_idle()
        # It is opened anew by whoever asks next.
        self._database.close()
        shutil.rmtree(self._now, ignore_errors=True)


@contextmanager
def serving_kept_projects(root: Path, *, model: ModelSettings | None = None) -> Iterator[KeptProjects]:
    """Serve the embedded platform over a database in ``root``, with what is arranged on it."""
    app = create_app(root / "now" / "server.db", model=model)
    with serving(app, lifespan=model is not None) as server:
        yield KeptProjects(root, server, app.state.database)
