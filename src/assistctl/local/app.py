"""The embedded platform as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from assistctl.local import health
from assistctl.local.agents import endpoints as agents
from assistctl.local.assistants import endpoints as assistants
from assistctl.local.database.storage import Database
from assistctl.local.files import endpoints as files
from assistctl.local.files.content import ContentFolder
from assistctl.local.http.access import Access, usable_key
from assistctl.local.http.envelope import Envelope
from assistctl.local.http.errors import answer
from assistctl.local.models import endpoints as models
from assistctl.local.runs import endpoints as runs
from assistctl.local.runs.model_client import ModelSettings
from assistctl.local.runs.runtime import Runtime
from assistctl.local.threads import endpoints as threads
from assistctl.local.vector_stores import endpoints as vector_stores
from assistctl.local.vector_stores.indexer import Indexer


def create_app(
    database: Path | None,
    *,
    api_key: str | None = None,
    allowed_hosts: Collection[str] | None = None,
    for_strangers: bool = False,
    model: ModelSettings | None = None,
) -> Starlette:
    """The platform over the file ``database``, or in memory when that is ``None``.

    With ``api_key`` every request must bear it. With ``allowed_hosts`` (names without ports, lower case, IPv6
    addresses without brackets) a request for any other host is refused. Nothing is opened before the first
    request; a file that cannot be used is a 500 with a sentence that says why, which is only logged when the app
    is ``for_strangers``. Uploads are kept in a folder beside the file, ``<name>.files``. Runs are answered by
    ``model``, and fail without one. The lifespan's end closes all of it; who calls the app in process, without a
    lifespan, calls ``app.state.database.close()``. Raises ``AssistctlError`` for an unusable key.
    """
    if api_key is not None:
        usable_key(api_key)
    app = Starlette(
        routes=[
            *agents.routes(),
            *assistants.routes(),
            *files.routes(),
            *health.routes(),
            *models.routes(),
            *runs.routes(),
            *threads.routes(),
            *vector_stores.routes(),
        ],
        middleware=[
            Middleware(Envelope, for_strangers=for_strangers),
            Middleware(Access, api_key=api_key, allowed_hosts=allowed_hosts),
        ],
        exception_handlers={HTTPException: answer},
        lifespan=_closing,
    )
    # The service knows no path with a slash at its end, and a redirect would lose a POST's body.
    app.router.redirect_slashes = False
    _keep_state(app, database, model or ModelSettings())
    return app


def _keep_state(app: Starlette, path: Path | None, model: ModelSettings) -> None:
    """What ``state`` finds again. Closing the database ends the rest, too."""
    database = Database(path)
    content = ContentFolder(path)
    indexer = Indexer(database, content)
    runtime = Runtime(database, content, indexer, model)
    database.before_close(runtime.stop)
    database.before_close(indexer.stop)
    database.before_close(content.close)
    app.state.database = database
    app.state.content = content
    app.state.indexer = indexer
    app.state.runtime = runtime


@asynccontextmanager
async def _closing(app: Starlette) -> AsyncIterator[None]:
    app.state.runtime.settle_all()
    yield
    await app.state.runtime.close()
    app.state.database.close()
