"""The embedded platform as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.local import models
from assistctl.local.agents import endpoints as agents
from assistctl.local.assistants import endpoints as assistants
from assistctl.local.code_interpreter.choice import DEFAULT, SandboxName
from assistctl.local.files import endpoints as files
from assistctl.local.http.access import OPEN_PATH, Access, usable_key
from assistctl.local.http.envelope import Account, Envelope, WithoutModel
from assistctl.local.http.errors import answer
from assistctl.local.http.observation import Observation, Observer
from assistctl.local.runs import endpoints as runs
from assistctl.local.runs.model_client import ModelSettings
from assistctl.local.state import PlatformState, database_of
from assistctl.local.threads import endpoints as threads
from assistctl.local.uploads import endpoints as uploads
from assistctl.local.vector_stores import endpoints as vector_stores

if TYPE_CHECKING:
    from assistctl.local.metrics import Metrics
    from assistctl.local.vector_stores.embeddings import Embedder, EmbeddingsAddress


def create_app(
    database: Path | None,
    *,
    api_key: str | None = None,
    allowed_hosts: Collection[str] | None = None,
    for_strangers: bool = False,
    model: ModelSettings | None = None,
    code_sandbox: SandboxName = DEFAULT,
    embeddings: EmbeddingsAddress | None = None,
    observers: Sequence[Observer] = (),
    with_metrics: bool = False,
    says_account: bool = False,
) -> Starlette:
    """The platform over the file ``database``, or in memory when that is ``None``.

    With ``api_key`` every request must bear it. With ``allowed_hosts`` (names without ports, lower case, IPv6
    addresses without brackets) a request for any other host is refused. Nothing is opened before the first
    request; a file that cannot be used is a 500 with a sentence that says why, which is only logged when the app
    is ``for_strangers``. Uploads are kept in a folder beside the file, ``<name>.files``. Runs are answered by
    ``model``, and fail without one; code of the code interpreter runs in ``code_sandbox``. With ``embeddings``,
    vector stores are searched by meaning as well as by words. ``observers`` are told of each exchange;
    ``with_metrics`` there is ``/metrics``, and ``app.state.metrics`` is no longer ``None``. Where it
    ``says_account``, answers have the database's id in the header of the organization; without a model they say
    that there is none. The lifespan's end closes all of it; who calls the app in process, without a lifespan,
    calls ``app.state.database.close()``.
    Raises ``AssistctlError`` for an unusable key or address.
    """
    if api_key is not None:
        usable_key(api_key)
    metrics = _metrics() if with_metrics else None
    if metrics is not None:
        observers = (*observers, metrics.observe)
    app = Starlette(
        routes=[
            *agents.ROUTES,
            *assistants.ROUTES,
            *files.ROUTES,
            Route(OPEN_PATH, _healthz),
            *models.ROUTES,
            *runs.ROUTES,
            *threads.ROUTES,
            *uploads.ROUTES,
            *vector_stores.ROUTES,
            *_routes_of(metrics),
        ],
        middleware=[
            *([Middleware(Observation, observers=observers)] if observers else []),
            Middleware(Envelope, for_strangers=for_strangers),
            Middleware(Access, api_key=api_key, allowed_hosts=allowed_hosts),
            *([Middleware(Account)] if says_account else []),
            *([] if model is not None and model.url else [Middleware(WithoutModel)]),
        ],
        exception_handlers={HTTPException: answer},
        lifespan=_closing,
    )
    # The service knows no path with a slash at its end, and a redirect would lose a POST's body.
    app.router.redirect_slashes = False
    app.state = PlatformState(database, model or ModelSettings(), _embedder(embeddings), code_sandbox)
    app.state.metrics = metrics
    if metrics is not None:
        about = "Runs that have not ended."
        metrics.add_states("assistctl_open_runs", about, "status", app.state.runtime.open_by_status)
    return app


def _healthz(request: Request) -> JSONResponse:
    """200 when the database can be read, else the 500 of any request; needs neither key nor beta header."""
    with database_of(request).reading():
        return JSONResponse({"status": "ok"})


def _metrics() -> Metrics:
    # What it needs would be loaded for nothing by most commands.
    from assistctl.local.metrics import Metrics

    return Metrics()


def _routes_of(metrics: Metrics | None) -> list[Route]:
    if metrics is None:
        return []
    from assistctl.local.metrics import routes

    return routes(metrics)


def _embedder(address: EmbeddingsAddress | None) -> Embedder | None:
    if address is None:
        return None
    from assistctl.local.vector_stores.embeddings import Embedder

    return Embedder(address)


@asynccontextmanager
async def _closing(app: Starlette) -> AsyncIterator[None]:
    app.state.runtime.settle_all()
    yield
    await app.state.close()
