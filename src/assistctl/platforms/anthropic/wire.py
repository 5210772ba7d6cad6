"""Raw JSON through the anthropic SDK's own client: its authentication, addresses and errors, not its models."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from assistctl.errors import PlatformError, ProjectError
from assistctl.model.plan import Json
from assistctl.platforms.base import Connection
from assistctl.platforms.http.answer_budget import UnreadAnswerError, answer_budget, deadline
from assistctl.platforms.http.connection_options import (
    checked_address,
    checked_key,
    headers,
    is_on_this_machine,
    texts,
    timeout,
)
from assistctl.platforms.http.listing import Listing, listing_of
from assistctl.platforms.http.rate_limit import RequestPacer
from assistctl.platforms.http.response_json import parsed
from assistctl.secrets.addresses import shown_address

if TYPE_CHECKING:
    import anthropic

DEFAULT_BASE_URL = "https://api.anthropic.com"
ADDRESS_VARIABLE = "ANTHROPIC_BASE_URL"
KEY_VARIABLE = "ANTHROPIC_API_KEY"

_BETA = "managed-agents-2026-04-01"


class AnthropicWire:
    """One client, with the headers of the managed agents' beta. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection) -> None:
        self.base_url = _base_url(connection)
        self._client = _client(connection, self.base_url)
        self._connection = connection
        self._budget = answer_budget(connection)
        self._pace = RequestPacer(connection.throttle_timeout, connection.stop or asyncio.Event())

    async def get(self, path: str, params: Mapping[str, object] | None = None) -> Json:
        """The JSON at ``path``."""
        return await self._pace.keep(lambda: self._send("get", path, {"params": params or {}}), repeatable=True)

    async def post(self, path: str, body: Mapping[str, Json], *, repeatable: bool) -> Json:
        """The answer to ``body``. One that is not ``repeatable`` is only repeated when it surely was not done.

        Raises ``OutcomeUnknownError`` when one that is not repeatable may have been carried out all the same.
        """
        return await self._pace.keep(
            lambda: self._send("post", path, {}, body=body, repeatable=repeatable), repeatable=repeatable
        )

    def listing(self, path: str) -> Listing:
        """The bounds of a list at ``path``."""
        return listing_of(self._connection, path)

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
        import anthropic
        import httpx2

        from assistctl.platforms.anthropic.errors import outcome_unknown, translate_error

        send = cast("Any", getattr(self._client, method))
        payload = {} if body is None else {"body": body}
        everything = {**options, "headers": {"anthropic-beta": _BETA}}
        try:
            async with deadline(self._budget.seconds, shown_address(self.base_url)):
                response = await send(path, cast_to=httpx2.Response, options=everything, **payload)
        except UnreadAnswerError as error:
            raise error if method == "get" else outcome_unknown(error) from error
        except (anthropic.AnthropicError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise translate_error(error, self.base_url, repeatable=repeatable, reads=method == "get") from error
        except (ValueError, OSError) as error:
            raise PlatformError(f"the request cannot be sent: {error}") from error
        try:
            return parsed(response.content, response.status_code)
        except PlatformError as error:
            raise error if method == "get" else outcome_unknown(error) from error


def _base_url(connection: Connection) -> str:
    url = connection.base_url or connection.environment.get(ADDRESS_VARIABLE) or DEFAULT_BASE_URL
    return checked_address(connection, url, "https://api.example.com")


def _client(connection: Connection, base_url: str) -> anthropic.AsyncAnthropic:
    key = _api_key(connection, base_url)
    try:
        import anthropic
    except ImportError as error:
        raise ProjectError(
            f"target {connection.target!r} needs the package anthropic, which is not installed",
            "pip install 'assistctl[anthropic]'",
        ) from error
    from assistctl.platforms.http.client import http_client

    return anthropic.AsyncAnthropic(
        api_key=key,
        base_url=base_url,
        default_headers=headers(connection),
        default_query=texts(connection, "default_query"),
        timeout=timeout(connection),
        # The SDK would repeat a create, and an update whose version is no longer the right one.
        max_retries=0,
        http_client=http_client(
            connection, anthropic.DefaultAsyncHttpxClient, base_url, answer_budget(connection)
        ),
    )


def _api_key(connection: Connection, base_url: str) -> str:
    key = checked_key(connection, connection.api_key or connection.environment.get(KEY_VARIABLE))
    if key:
        return key
    if is_on_this_machine(base_url):
        # The SDK insists on a key; a server on this machine need not want one.
        return "none"
    raise ProjectError(
        f"there is no API key for target {connection.target!r}",
        f"Set {KEY_VARIABLE} in the environment or in .env, or api_key: ${{env:NAME}} for the target in "
        "assistctl.yaml.",
    )
