"""What every response has: an ``x-request-id``, and the error shape also when something broke."""

from __future__ import annotations

import logging
import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistctl.errors import AssistctlError
from assistctl.local.errors import ApiError, answer

logger = logging.getLogger(__name__)


class Envelope:
    """ASGI middleware around the whole app. Nothing is raised past it, which in process would be a crash."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
        except (ApiError, AssistctlError) as error:
            await answer(request, error)(scope, receive, stamped)
        except Exception as error:
            logger.exception("unexpected error (request %s)", request_id)
            await answer(request, error)(scope, receive, stamped)
