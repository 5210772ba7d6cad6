"""Which database answers, in the header in which OpenAI's answers have the organization."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistctl.errors import AssistctlError
from assistctl.local.database.storage import Database

_HEADER = "openai-organization"


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


def _account(database: Database) -> str | None:
    try:
        return database.account()
    except AssistctlError:
        return None
