"""The embedded platform as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from assistctl.local.access import Access
from assistctl.local.assistants import endpoints as assistants
from assistctl.local.envelope import Envelope
from assistctl.local.errors import answer
from assistctl.local.models import endpoints as models
from assistctl.local.storage import Database


def create_app(
    database: Path | None, *, api_key: str | None = None, allowed_hosts: Collection[str] | None = None
) -> Starlette:
    """The platform over the file ``database``, or in memory when that is ``None``.

    With ``api_key`` every request must bear it. With ``allowed_hosts`` (names without ports, lower case, IPv6
    addresses without brackets) a request for any other host is refused. Nothing is opened before the first
    request; a file that cannot be used is a 500 with a sentence that says why. The lifespan's end closes the
    file; who calls the app in process, without a lifespan, calls ``app.state.database.close()``.
    """
    app = Starlette(
        routes=[*assistants.routes(), *models.routes()],
        middleware=[
            Middleware(Envelope),
            Middleware(Access, api_key=api_key, allowed_hosts=allowed_hosts),
        ],
        exception_handlers={HTTPException: answer},
        lifespan=_closing,
    )
    # The service knows no path with a slash at its end, and a redirect would lose a POST's body.
    app.router.redirect_slashes = False
    app.state.database = Database(database)
    return app


@asynccontextmanager
async def _closing(app: Starlette) -> AsyncIterator[None]:
    yield
    app.state.database.close()
