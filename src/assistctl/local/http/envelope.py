"""Properties of every response: an ``x-request-id``, errors in one shape, and the database's id.

That is the database that answers, in the header in which OpenAI's answers have the organization.
"""

from __future__ import annotations

import logging
import secrets

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistctl.errors import AssistctlError, NoRoomError
from assistctl.local.database.storage import Database
from assistctl.local.http.errors import FULL, UNEXPECTED, ApiError, answer

logger = logging.getLogger(__name__)

_HEADER = "openai-organization"
# ``platforms.http.wire`` reads it.
_MODEL_HEADER, _NO_MODEL = "assistctl-model", "none"


class Envelope:
    """ASGI middleware around the whole app. Nothing is raised past it, which in process would be a crash.

    ``for_strangers`` are no paths of this machine and nothing else about it: those are in the log.
    """

    def __init__(self, app: ASGIApp, *, for_strangers: bool) -> None:
        self._app = app
        self._for_strangers = for_strangers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{secrets.token_hex(16)}"

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        request = Request(scope)
        try:
            await self._app(scope, receive, stamped)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # whatever it is, it is logged and answered
            shown = self._shown(error, request_id)
            await answer(request, shown)(scope, receive, stamped)

    def _shown(self, error: Exception, request_id: str) -> Exception:
        """The response to an error; it is logged unless it is the client's own."""
        if isinstance(error, ApiError):
            return error
        if not isinstance(error, AssistctlError):
            logger.error("unexpected error (request %s)", request_id, exc_info=error)
            return error
        logger.error("%s (request %s)", error.summary, request_id)
        if not self._for_strangers:
            return error
        # That the disk is full is not about this machine's paths, and whoever asked can do without.
        return NoRoomError(FULL) if isinstance(error, NoRoomError) else AssistctlError(UNEXPECTED)


class Account:
    """ASGI middleware behind whatever refuses strangers. Where the database cannot be used, nothing is said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        database: Database = scope["app"].state.database

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                account = database.known_account or await run_in_threadpool(_account, database)
                if account:
                    MutableHeaders(scope=message)[_HEADER] = account
            await send(message)

        await self._app(scope, receive, told)


class WithoutModel:
    """ASGI middleware of a platform that has no model: its answers say so, before anybody asks one for a run."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[_MODEL_HEADER] = _NO_MODEL
            await send(message)

        await self._app(scope, receive, told)


def _account(database: Database) -> str | None:
    try:
        return database.account()
    except AssistctlError:
        return None
