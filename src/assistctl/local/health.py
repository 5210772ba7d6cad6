"""``/healthz``: whether the server can answer. Needs no key and no ``OpenAI-Beta`` header."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.local.http.access import OPEN_PATH
from assistctl.local.state import database_of


def healthz(request: Request) -> JSONResponse:
    """200 when the database can be read, else the 500 of any request."""
    with database_of(request).reading():
        return JSONResponse({"status": "ok"})


def routes() -> list[Route]:
    """The route."""
    return [Route(OPEN_PATH, healthz)]
