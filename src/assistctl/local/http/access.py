"""Access to the app: the keys and the headers that requests need."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection

from starlette.datastructures import URL, Headers
from starlette.endpoints import HTTPEndpoint
from starlette.types import ASGIApp, Receive, Scope, Send

from assistctl.errors import AssistctlError
from assistctl.local.http.errors import ApiError

OPEN_PATH = "/healthz"
"""The one path that needs no key: what asks whether a service is well has none."""

_KEY = re.compile("[!-~]+")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Access:
    """ASGI middleware: the key, when one is required, and who may ask when none is.

    A browser sends what any web page tells it to, also to this machine. The host check keeps pages out that point
    a name of their own at 127.0.0.1 (DNS rebinding). Starlette's ``TrustedHostMiddleware`` makes the same check,
    but answers in plain text. Without a key, a page of another origin must not change anything: it could not read
    the answer, but the change would be made. With a key it cannot, as it does not know the key.
    """

    def __init__(self, app: ASGIApp, *, api_key: str | None, allowed_hosts: Collection[str] | None) -> None:
        self._app = app
        self._api_key = api_key
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the connection through, or raise ``ApiError``."""
        if scope["type"] == "http":
            self._check(scope, Headers(scope=scope))
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        if self._allowed_hosts is not None:
            _require_host(headers.get("host", ""), self._allowed_hosts)
        if scope["path"] == OPEN_PATH:
            return
        if self._api_key is not None:
            _require_key(headers, self._api_key)
        elif scope["method"] not in _READING:
            _refuse_other_origins(headers, scope.get("scheme", "http"))


def usable_key(api_key: str) -> str:
    """The key, if clients can send it. Raises ``AssistctlError`` for an empty one and one that fits no header."""
    if not api_key.strip():
        raise AssistctlError(
            "The API key is empty", "Is the variable set that it comes from? Without a key, leave the option out."
        )
    if not _KEY.fullmatch(api_key):
        raise AssistctlError("The API key cannot be sent in a header", "Use printable ASCII without spaces.")
    return api_key


def require_assistants_v2(headers: Headers) -> None:
    """Refuse a request without ``OpenAI-Beta: assistants=v2``, as the service did.

    Wording and code: openai/openai-ruby issue 136 and openai-react-native issue 10 (v2 missing).
    """
    features = _features(headers)
    if "assistants=v2" in features:
        return
    advice = "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
    if "assistants=v1" in features:
        raise ApiError(f"The v1 Assistants API has been deprecated. {advice}", code="invalid_beta")
    raise ApiError(
        f"You must provide the 'OpenAI-Beta' header to access the Assistants API. {advice}", code="invalid_beta"
    )


class AssistantsEndpoint(HTTPEndpoint):
    """An endpoint of the Assistants API."""

    async def dispatch(self) -> None:
        """Refuse what lacks the header of version 2."""
        require_assistants_v2(Headers(scope=self.scope))
        await super().dispatch()


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


def _refuse_other_origins(headers: Headers, scheme: str) -> None:
    """Raise ``ApiError`` 403 for what a browser sends for a page of another origin; other clients say neither.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site and …/Origin
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = f"{scheme}://{headers.get('host', '')}".lower()
    if site in {None, "same-origin", "none"} and (origin is None or origin.lower() == own):
        return
    raise ApiError(
        f"A web page of another origin ({origin or site}) must not change anything here. Start the server with"
        " --api-key, and give the key to those who may.",
        status=403,
    )


def _require_key(headers: Headers, api_key: str) -> None:
    """Raise ``ApiError`` 401. The key comes as the SDK sends it, or in ``api-key`` as its Azure client does."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    given = given.strip() if scheme.lower() == "bearer" else ""
    given = given or headers.get("api-key", "")
    if not given:
        raise ApiError("Missing bearer or basic authentication in header", status=401)
    # The wrong key is not shown, not even in part: it may be the right one for somewhere else.
    if not hmac.compare_digest(given.encode(), api_key.encode()):
        message = "Incorrect API key provided. Use the key this server was started with."
        raise ApiError(message, status=401, code="invalid_api_key")
