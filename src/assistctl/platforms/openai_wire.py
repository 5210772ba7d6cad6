"""Raw JSON through the openai SDK's own client: its authentication, addresses and errors, not its models.

The SDK's models would hide what a server really said (an unknown tool type is parsed into the wrong class),
and merely touching ``client.beta`` takes as long as importing the rest of the SDK.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from assistctl.errors import PlatformError, ProjectError
from assistctl.model import Json
from assistctl.platforms.base import Connection
from assistctl.platforms.pacing import Pace

if TYPE_CHECKING:
    import httpx2
    import openai

DEFAULT_BASE_URL = "https://api.openai.com/v1"

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_TIMEOUT_SECONDS = 120.0
# For what is only advice, and not worth waiting for.
_TIMEOUT_ONCE_SECONDS = 5.0


class OpenAIWire:
    """One client, with the ``OpenAI-Beta`` header of one API. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection, *, beta: str) -> None:
        self.base_url = base_url_of(connection)
        self._client = _client(connection, self.base_url)
        self._beta = beta
        self._pace = Pace()

    async def get(self, path: str, params: Mapping[str, object] | None = None, *, retried: bool = True) -> Json:
        """The JSON at ``path``. One that is not ``retried`` is given up after a few seconds."""
        options: dict[str, object] = {"params": params or {}}
        if not retried:
            return await self._send("get", path, {**options, "timeout": _TIMEOUT_ONCE_SECONDS})
        return await self._pace.keep(lambda: self._send("get", path, options), repeatable=True)

    async def post(self, path: str, body: Mapping[str, Json], *, repeatable: bool) -> Json:
        """The answer to ``body``. One that is not ``repeatable`` is only repeated when it surely was not done.

        Raises ``OutcomeUnknownError`` when one that is not repeatable may have been carried out all the same.
        """
        return await self._pace.keep(
            lambda: self._send("post", path, {}, body=body, repeatable=repeatable), repeatable=repeatable
        )

    async def delete(self, path: str) -> Json:
        """The answer to a DELETE of ``path``."""
        return await self._pace.keep(lambda: self._send("delete", path, {}), repeatable=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send(
        self,
        method: str,
        path: str,
        options: Mapping[str, object],
        *,
        body: Mapping[str, Json] | None = None,
        repeatable: bool = True,
    ) -> Json:
        import httpx2
        import openai

        from assistctl.platforms.openai_errors import outcome_unknown, translated

        send = cast("Any", getattr(self._client, method))
        payload = {} if body is None else {"body": body}
        everything = {**options, "headers": {"OpenAI-Beta": self._beta}}
        try:
            response = await send(path, cast_to=httpx2.Response, options=everything, **payload)
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise translated(error, self.base_url, repeatable=repeatable) from error
        except (ValueError, OSError) as error:
            # What could not be written as a request was not sent: half a character, a proxy's address.
            raise PlatformError(f"the request cannot be sent: {error}") from error
        try:
            return _parsed(response)
        except PlatformError as error:
            raise error if repeatable else outcome_unknown(error) from error


def base_url_of(connection: Connection) -> str:
    """The address of the API: the target's, else ``OPENAI_BASE_URL``, else OpenAI's own.

    Raises ``ProjectError`` for one that is no http(s) address.
    """
    url = connection.base_url or connection.environment.get("OPENAI_BASE_URL") or DEFAULT_BASE_URL
    if not _is_http(url):
        raise ProjectError(
            f"the base_url of target {connection.target!r} is no http(s) address: {url!r}",
            "It looks like https://api.example.com/v1.",
        )
    return url


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _client(connection: Connection, base_url: str) -> openai.AsyncOpenAI:
    import openai

    environment = connection.environment
    return openai.AsyncOpenAI(
        api_key=_api_key(connection, base_url),
        base_url=base_url,
        organization=connection.organization or environment.get("OPENAI_ORG_ID"),
        project=connection.project or environment.get("OPENAI_PROJECT_ID"),
        default_query=_texts(connection, "default_query"),
        default_headers=_texts(connection, "default_headers"),
        timeout=_timeout(connection),
        # The SDK would repeat a create, and each request would back off by itself: see ``pacing``.
        max_retries=0,
        http_client=cast("httpx2.AsyncClient | None", connection.http_client),
    )


def _api_key(connection: Connection, base_url: str) -> str:
    key = connection.api_key or connection.environment.get("OPENAI_API_KEY")
    if key and not (key.isascii() and key.isprintable()):
        raise ProjectError(
            f"the API key of target {connection.target!r} has a character that no key has",
            "Look for a line break at its end, or a quote that was copied along.",
        )
    if key:
        return key
    if urlsplit(base_url).hostname in _LOOPBACK or connection.http_client is not None:
        # The SDK insists on a key; a server on this machine need not want one.
        return "none"
    raise ProjectError(
        f"there is no API key for target {connection.target!r}",
        "Set OPENAI_API_KEY in the environment or in .env, or api_key: ${env:NAME} for the target in "
        "assistctl.yaml.",
    )


def _texts(connection: Connection, option: str) -> dict[str, str]:
    value = connection.options.get(option) or {}
    if not isinstance(value, dict):
        raise ProjectError(f"options.{option} of target {connection.target!r} must be a mapping of texts")
    return {name: str(text) for name, text in value.items()}


def _timeout(connection: Connection) -> float:
    value = connection.options.get("timeout", _TIMEOUT_SECONDS)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ProjectError(f"options.timeout of target {connection.target!r} must be a number of seconds above 0")
    return float(value)


def _parsed(response: httpx2.Response) -> Json:
    try:
        return cast("Json", json.loads(response.content))
    except (ValueError, RecursionError) as error:
        raise PlatformError(
            f"the platform's answer is not JSON (HTTP {response.status_code})", "Is the base_url right?"
        ) from error
