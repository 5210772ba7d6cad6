"""Who may ask, and with which headers."""

from __future__ import annotations

import hmac
from collections.abc import Collection

from starlette.datastructures import URL, Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from assistctl.local.errors import ApiError


class Access:
    """ASGI middleware: the key, when one is required, and the host names this server goes by.

    The host check keeps web pages out that point a name of their own at 127.0.0.1 (DNS rebinding). Starlette's
    ``TrustedHostMiddleware`` makes the same check, but answers in plain text.
    """

    def __init__(self, app: ASGIApp, *, api_key: str | None, allowed_hosts: Collection[str] | None) -> None:
        self._app = app
        self._api_key = api_key
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the connection through, or raise ``ApiError``."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if self._allowed_hosts is not None:
                _require_host(headers.get("host", ""), self._allowed_hosts)
            if self._api_key is not None:
                _require_key(headers.get("authorization", ""), self._api_key)
        await self._app(scope, receive, send)


def require_assistants_v2(headers: Headers) -> None:
    """Refuse a request without ``OpenAI-Beta: assistants=v2``, as the service did.

    Wording and code: openai/openai-ruby issue 136 and openai-react-native issue 10 (v2 missing).
    """
    features = _features(headers)
    if "assistants=v2" in features:
        return
    how = "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
    if "assistants=v1" in features:
        raise ApiError(f"The v1 Assistants API has been deprecated. {how}", code="invalid_beta")
    raise ApiError(
        f"You must provide the 'OpenAI-Beta' header to access the Assistants API. {how}", code="invalid_beta"
    )


def require_agents_v1(headers: Headers) -> None:
    """Refuse a request without ``OpenAI-Beta: agents=v1``; in the words that the Assistants API had for it."""
    if "agents=v1" in _features(headers):
        return
    raise ApiError(
        "You must provide the 'OpenAI-Beta' header to access the Agents API."
        " Please try again by setting the header 'OpenAI-Beta: agents=v1'.",
        code="invalid_beta",
    )


def _features(headers: Headers) -> set[str]:
    return {feature.strip() for feature in headers.get("openai-beta", "").split(",")}


def _require_host(host: str, allowed: Collection[str]) -> None:
    try:
        name = URL(f"http://{host}").hostname
    except ValueError:
        name = None
    if name is None or name.lower() not in allowed:
        raise ApiError(f"Invalid Host header. This server answers to: {', '.join(sorted(allowed))}.")


def _require_key(authorization: str, api_key: str) -> None:
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer" or not given:
        raise ApiError("Missing bearer or basic authentication in header", status=401)
    # The wrong key is not shown, not even in part: it may be the right one for somewhere else.
    if not hmac.compare_digest(given.encode(), api_key.encode()):
        message = "Incorrect API key provided. Use the key this server was started with."
        raise ApiError(message, status=401, code="invalid_api_key")
