"""The objects that the app keeps for all its requests."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import State
from starlette.requests import Request

from assistctl.local.database.storage import Database
from assistctl.local.files.content import ContentFolder

if TYPE_CHECKING:
    from assistctl.local.code_interpreter.choice import SandboxName
    from assistctl.local.runs.model_client import ModelSettings
    from assistctl.local.runs.runtime import Runtime
    from assistctl.local.vector_stores.embeddings import Embedder
    from assistctl.local.vector_stores.indexer import Indexer


class PlatformState(State):
    """The state of one app over the database at ``path``; see ``create_app``.

    What works behind the requests, on runs and on files to be indexed, is made, and its code imported, once
    somebody needs it: most commands on the embedded platform need neither. Closing the database ends all of it.
    """

    database: Database
    content: ContentFolder

    def __init__(
        self, path: Path | None, model: ModelSettings, embedder: Embedder | None, code_sandbox: SandboxName
    ) -> None:
        super().__init__()
        self.database = Database(path)
        self.content = ContentFolder(path)
        self._model = model
        self._embedder = embedder
        self._code_sandbox = code_sandbox
        # Requests come from several threads, and whoever makes the runtime makes the indexer.
        self._making = threading.RLock()
        self._indexer: Indexer | None = None
        self._runtime: Runtime | None = None
        self.database.before_close(self._stop)

    @property
    def indexer(self) -> Indexer:
        """The indexer of vector store files."""
        with self._making:
            if self._indexer is None:
                from assistctl.local.vector_stores.indexer import Indexer

                self._indexer = Indexer(self.database, self.content, self._embedder)
            return self._indexer

    @property
    def runtime(self) -> Runtime:
        """The workers for runs."""
        with self._making:
            if self._runtime is None:
                from assistctl.local.code_interpreter.choice import ChosenSandbox
                from assistctl.local.code_interpreter.sessions import Sessions
                from assistctl.local.runs.runtime import Runtime

                sessions = Sessions(ChosenSandbox(self._code_sandbox))
                self._runtime = Runtime(self.database, self.content, self.indexer, sessions, self._model)
            return self._runtime

    def end_runs(self) -> None:
        """Have the runs under way fail, which their streams tell. Blocks."""
        if self._runtime is not None:
            self._runtime.stop()

    async def close(self) -> None:
        """End all work, and close the connections to the model and to the database."""
        if self._runtime is not None:
            await self._runtime.close()
        self.database.close()

    def _stop(self) -> None:
        if self._runtime is not None:
            self._runtime.stop()
            self._runtime.code_sessions.stop()
        if self._indexer is not None:
            self._indexer.stop()
        if self._embedder is not None:
            self._embedder.close()
        self.content.close()


def database_of(request: Request) -> Database:
    """The app's database."""
    database: Database = request.app.state.database
    return database


def content_of(request: Request) -> ContentFolder:
    """The app's folder for the bytes of uploads."""
    content: ContentFolder = request.app.state.content
    return content


def indexer_of(request: Request) -> Indexer:
    """The app's indexer of vector store files."""
    indexer: Indexer = request.app.state.indexer
    return indexer


def runtime_of(request: Request) -> Runtime:
    """The app's workers for runs."""
    runtime: Runtime = request.app.state.runtime
    return runtime
