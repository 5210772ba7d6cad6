"""Raw JSON through the azure-ai-projects SDK's own client: its authentication and addresses, not its models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from assistctl.errors import PlatformError, ProjectError
from assistctl.model.plan import Json
from assistctl.platforms.azure.credential import ADDRESS_VARIABLE, KEY_HINT, SCOPE, Credential, credential_of
from assistctl.platforms.base import Connection
from assistctl.platforms.http.answer_budget import (
    ENCODINGS,
    UnreadAnswerError,
    answer_budget,
    deadline,
    unpacked,
)
from assistctl.platforms.http.connection_options import (
    checked_address,
    headers,
    is_on_this_machine,
    texts,
    timeout,
)
from assistctl.platforms.http.listing import Listing, listing_of
from assistctl.platforms.http.proxies import Proxy, proxy_to
from assistctl.platforms.http.rate_limit import RequestPacer
from assistctl.platforms.http.response_json import parsed
from assistctl.platforms.openai.wire import OpenAIWire, SignedIn
from assistctl.secrets.addresses import shown_address

if TYPE_CHECKING:
    from azure.ai.projects.aio import AIProjectClient
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.core.rest import AsyncHttpResponse

_VERSION = {"api-version": "v1"}
_EXAMPLE = "https://NAME.services.ai.azure.com/api/projects/PROJECT"
_LOWEST_REFUSAL = 400


class AzureWire:
    """One client of a Foundry project. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection) -> None:
        """Raises ``ProjectError`` for settings that cannot be used, and without the SDK."""
        self.base_url = _endpoint(connection)
        self._connection = connection
        self._budget = answer_budget(connection)
        self._query = {**_VERSION, **texts(connection, "default_query")}
        self._headers = headers(connection)
        self._proxy = proxy_to(self.base_url, over_socks=False)
        try:
            self._credential = credential_of(connection, self.base_url)
            self._project = _client(connection, self.base_url, self._credential, self._proxy)
        except ImportError as error:
            raise ProjectError(
                f"target {connection.target!r} needs the package {error.name}, which is not installed",
                "pip install 'assistctl[azure]'",
            ) from error
        # The SDK sends tokens over TLS alone; what is on this machine may do without.
        in_the_clear = is_on_this_machine(self.base_url) and self._key is None
        self._options = {"enforce_https": False} if in_the_clear else {}
        self._pace = RequestPacer(connection.throttle_timeout, connection.stop or asyncio.Event())

    async def get(self, path: str, params: Mapping[str, object] | None = None) -> Json:
        """The JSON at ``path``."""
        return await self._pace.keep(lambda: self._send("GET", path, params=params), repeatable=True)

    async def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """The answer to ``body``, which is sent once, and again only when it surely was not taken.

        Raises ``OutcomeUnknownError`` when it may have been taken all the same.
        """
        return await self._pace.keep(
            lambda: self._send("POST", path, body=body, repeatable=False), repeatable=False
        )

    async def delete(self, path: str) -> Json:
        """The answer to a DELETE of ``path``."""
        return await self._pace.keep(lambda: self._send("DELETE", path), repeatable=True)

    def files_wire(self) -> OpenAIWire:
        """The project's OpenAI client, which has its files and vector stores; to be closed by who asked for it."""
        import openai

        from assistctl.platforms.http.client import http_client

        client = self._project.get_openai_client(
            api_key=self._key_for_openai(),
            default_query=texts(self._connection, "default_query"),
            default_headers=dict(self._headers),
            # The SDK's own one would not go through a proxy that the environment names.
            http_client=http_client(
                replace(self._connection, http_client=None),
                openai.DefaultAsyncHttpxClient,
                self.base_url,
                self._budget,
            ),
            timeout=timeout(self._connection),
            max_retries=0,
        )
        return OpenAIWire(self._connection, beta="assistants=v2", signed_in=SignedIn(client, KEY_HINT))

    def listing(self, path: str) -> Listing:
        """The bounds of a list at ``path``."""
        return listing_of(self._connection, path)

    async def close(self) -> None:
        """Close the connections, and the credential's."""
        await self._project.close()
        close = getattr(self._credential, "close", None)
        if close is not None:
            await close()

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: Mapping[str, Json] | None = None,
        repeatable: bool = True,
    ) -> Json:
        from azure.core.exceptions import AzureError
        from azure.core.rest import HttpRequest

        from assistctl.platforms.azure.errors import outcome_unknown, refused, translate_error

        query = {**self._query, **{name: str(value) for name, value in (params or {}).items()}}
        headers = {"Accept-Encoding": ENCODINGS, **self._headers}
        request = HttpRequest(method, path, params=query, headers=headers, json=body)
        try:
            # As a stream, or the SDK would parse the body itself, and raise what it thinks of it.
            async with deadline(self._budget.seconds, shown_address(self.base_url)):
                response = await self._project.send_request(request, stream=True, **self._options)
                content = await self._content(response)
        except UnreadAnswerError as error:
            raise error if method == "GET" else outcome_unknown(error) from error
        except AzureError as error:
            raise translate_error(error, self.base_url, reads=method == "GET") from error
        except (ValueError, OSError) as error:
            raise PlatformError(f"the request cannot be sent: {error}") from error
        status = response.status_code
        if status >= _LOWEST_REFUSAL:
            classify_status, reads = response.headers, method == "GET"
            raise refused(status, classify_status, content, self.base_url, repeatable=repeatable, reads=reads)
        if method == "DELETE" and not content.strip():
            return None  # 204, or a 200 that says nothing: it is done
        try:
            return parsed(content, status)
        except PlatformError as error:
            raise error if method == "GET" else outcome_unknown(error) from error

    async def _content(self, response: AsyncHttpResponse) -> bytes:
        # The SDK would unpack it without a bound.
        encoding, status = response.headers.get("Content-Encoding", ""), response.status_code
        pieces = unpacked(response.iter_raw(), encoding, status, self._budget)
        return b"".join([piece async for piece in pieces])

    @property
    def _key(self) -> str | None:
        """The key, if the credential is one, and no token."""
        key = getattr(self._credential, "key", None)
        return key if isinstance(key, str) else None

    def _key_for_openai(self) -> str | Callable[[], Awaitable[str]]:
        """A key as it is, or where the client gets a token, each time it needs one."""
        if self._key is not None:
            return self._key
        credential = cast("AsyncTokenCredential", self._credential)

        async def token() -> str:
            from azure.core.exceptions import AzureError

            from assistctl.platforms.azure.errors import not_signed_in

            try:
                return (await credential.get_token(SCOPE)).token
            except AzureError as error:
                raise not_signed_in(error) from error

        return token


def _endpoint(connection: Connection) -> str:
    url = connection.base_url or connection.environment.get(ADDRESS_VARIABLE)
    if not url:
        raise ProjectError(
            f"target {connection.target!r} has no base_url, the endpoint of a Foundry project",
            f"It looks like {_EXAMPLE}. {ADDRESS_VARIABLE} in the environment or in .env will do as well.",
        )
    return checked_address(connection, url, _EXAMPLE).rstrip("/")


def _client(connection: Connection, endpoint: str, credential: Credential, proxy: Proxy | None) -> AIProjectClient:
    # Not used by name, but without it the SDK's transport fails at the first request.
    import aiohttp  # noqa: F401
    from azure.ai.projects.aio import AIProjectClient
    from azure.core.credentials import AzureKeyCredential
    from azure.core.pipeline.policies import AsyncRetryPolicy, AzureKeyCredentialPolicy

    seconds = timeout(connection)
    # The SDK would repeat a create, and each request would back off by itself: see ``pacing``.
    settings: dict[str, Any] = {
        "retry_policy": AsyncRetryPolicy.no_retries(),
        "connection_timeout": seconds,
        "read_timeout": seconds,
        # By itself it would not look for ALL_PROXY, and look at those that are not on the way.
        "use_env_settings": False,
    }
    if proxy is not None:
        settings["proxies"] = dict.fromkeys(("http", "https"), proxy.url)
    if isinstance(credential, AzureKeyCredential):
        # The SDK is made for tokens, and takes anything else as a policy.
        settings["authentication_policy"] = AzureKeyCredentialPolicy(credential, "api-key")
    if connection.http_client is not None:
        settings["transport"] = connection.http_client
    return AIProjectClient(endpoint, cast("AsyncTokenCredential", credential), **settings)
