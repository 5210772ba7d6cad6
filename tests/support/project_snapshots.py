"""A project and its server as an apply left them, made once for a module and copied for each test that needs it.

The server's address and the folder stand in the project and its journal, so all tests of a module have the same.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from assistctl.local.app import create_app
from assistctl.local.runs.model_client import ModelSettings
from support.server import RecordingServer, new_database, serving

_STATE = (dict, int)


class ProjectSnapshots:
    """A ``server``, the ``folder`` of the project on it, and snapshots of both by name.

    The server is the embedded platform over SQLite, unless a test has it serve an app of its own.
    """

    def __init__(self, root: Path, model: ModelSettings | None) -> None:
        self.server = RecordingServer()
        self.folder = root / "now" / "acme"
        self._now = root / "now"
        self._snapshots = root / "snapshots"
        embedded = create_app(self._now / "server.db", model=model)
        self._database = embedded.state.database
        self._embedded: ASGIApp = embedded
        self._app: ASGIApp = embedded
        self._holders: tuple[object, ...] = ()
        self._states: dict[str, list[dict[str, Any]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the app of the present test carry it out."""
        await self._app(scope, receive, send)

    def begin(self) -> None:
        """Begin a test: an empty folder, the embedded platform without objects, no faults, nothing asked yet."""
        self._remove()
        self.folder.mkdir(parents=True)
        (self._now / "server.db").write_bytes(new_database())
        self._app, self._holders = self._embedded, ()
        self.server.reset()

    @property
    def embedded(self) -> ASGIApp:
        """The embedded platform, of which an app of a test may be made; its database is in every snapshot."""
        return self._embedded

    def serve(self, app: ASGIApp, *holders: object) -> None:
        """Serve a test's own app until its end; ``holders`` are all that has the app's state, in memory."""
        self._app, self._holders = app, holders

    def restore(self, name: str, make: Callable[[], object]) -> None:
        """Restore the snapshot of that name; the first time, take it of what ``make`` leaves."""
        snapshot = self._snapshots / name
        if snapshot.exists():
            self._remove()
            shutil.copytree(snapshot, self._now)
            for holder, state in zip(self._holders, self._states[name], strict=True):
                vars(holder).update(copy.deepcopy(state))
        else:
            make()
            self._close()
            self._states[name] = [copy.deepcopy(_state(holder)) for holder in self._holders]
            shutil.copytree(self._now, snapshot)
        self.server.clear()

    def _remove(self) -> None:
        self._close()
        shutil.rmtree(self._now, ignore_errors=True)

    def _close(self) -> None:
        self.server.wait_until_idle()
        # The next request opens it again.
        self._database.close()


def _state(holder: object) -> dict[str, Any]:
    return {name: value for name, value in vars(holder).items() if isinstance(value, _STATE)}


class ApplySnapshot(Protocol):
    """Begins a test with manifests of these keys and fields, applied: a copy, where that was made before."""

    def __call__(self, **manifests: Mapping[str, object]) -> None: ...


@contextmanager
def project_snapshots(root: Path, *, model: ModelSettings | None = None) -> Iterator[ProjectSnapshots]:
    """Serve on a free port of loopback until the block ends; folder and snapshots are below ``root``."""
    snapshots = ProjectSnapshots(root, model)
    # A model is spoken to over connections, which the end of the lifespan closes.
    with serving(snapshots, lifespan=model is not None) as server:
        snapshots.server = server
        yield snapshots
