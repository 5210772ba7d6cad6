"""The wire of a Foundry project, what its endpoint names, and the deployments of models that it lists.

Raw JSON goes through the azure-ai-projects SDK's own client, for its authentication and addresses. The endpoint
names a resource and its project: ``https://RESOURCE.services.ai.azure.com/api/projects/PROJECT``
(``AIProjectClient`` of azure-ai-projects 2.10.0).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from assistctl.errors import PlatformError, ProjectError
from assistctl.model.model_catalog import shutdown_of
from assistctl.platforms.azure.credential import ADDRESS_VARIABLE, SCOPE, Credential, credential_of, key_hint
from assistctl.platforms.connection import (
    Connection,
    checked_address,
    headers,
    is_on_this_machine,
    texts,
    timeout,
)
from assistctl.platforms.http.answer_budget import ENCODINGS, unpacked
from assistctl.platforms.http.proxies import Proxy, proxy_to
from assistctl.platforms.http.wire import HttpWire, RawAnswer, Sent
from assistctl.platforms.openai.wire import OpenAIWire, SignedIn
from assistctl.platforms.translation import Object, as_object, objects_in

if TYPE_CHECKING:
    from azure.ai.projects.aio import AIProjectClient
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.core.exceptions import AzureError
    from azure.core.rest import AsyncHttpResponse

_VERSION = {"api-version": "v1"}
_EXAMPLE = "https://NAME.services.ai.azure.com/api/projects/PROJECT"
_LOWEST_REFUSAL = 400


class AzureWire(HttpWire):
    """One client of a Foundry project. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection) -> None:
        """Raises ``ProjectError`` for settings that cannot be used, and without the SDK."""
        super().__init__(connection, _endpoint(connection))
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
        return OpenAIWire(
            self._connection, beta="assistants=v2", signed_in=SignedIn(client, key_hint(self._connection))
        )

    async def close(self) -> None:
        """Close the connections, and the credential's."""
        await self._project.close()
        close = getattr(self._credential, "close", None)
        if close is not None:
            await close()

    async def _exchange(self, sent: Sent) -> RawAnswer:
        from azure.core.rest import HttpRequest

        from assistctl.platforms.azure.errors import refused

        query = {**self._query, **{name: str(value) for name, value in (sent.params or {}).items()}}
        headers = {"Accept-Encoding": ENCODINGS, **self._headers}
        if sent.method == "patch":
            headers["Content-Type"] = "application/merge-patch+json"
        request = HttpRequest(sent.method.upper(), sent.path, params=query, headers=headers, json=sent.body)
        # As a stream, or the SDK would parse the body itself, and raise what it thinks of it.
        async with await self._project.send_request(request, stream=True, **self._options) as response:
            answer = RawAnswer(response.status_code, await self._content(response), response.headers)
        if answer.status >= _LOWEST_REFUSAL:
            hint = key_hint(self._connection)
            raise refused(answer, self.base_url, key_hint=hint, repeatable=sent.repeatable, reads=sent.reads)
        return answer

    def _errors(self) -> tuple[type[Exception], ...]:
        from azure.core.exceptions import AzureError

        return (AzureError,)

    def _translated(self, error: Exception, sent: Sent) -> PlatformError:
        from assistctl.platforms.azure.errors import translate_error

        return translate_error(cast("AzureError", error), self.base_url, reads=sent.reads)

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


_HOST = re.compile(r"([a-z0-9-]+)\.services\.ai\.azure\.[a-z]+")
_PATH = re.compile(r"/api/projects/([^/]+)/?")


def endpoint_ids(endpoint: str) -> Sequence[str]:
    """``RESOURCE/PROJECT`` and ``PROJECT``, as far as ``endpoint`` names them: a gateway's need not."""
    parts = urlsplit(endpoint)
    host, path = _HOST.fullmatch(parts.hostname or ""), _PATH.fullmatch(parts.path)
    if path is None:
        return ()
    return (f"{host[1]}/{path[1]}", path[1]) if host else (path[1],)


async def listed_deployments(wire: AzureWire) -> Mapping[str, str | None] | None:
    """``GET /deployments``: each deployment by its name, ``None`` when the project does not say.

    It tells no dates (``ModelDeployment`` of azure-ai-projects 2.10.0): those are the catalogue's for the model,
    in its version if there is one of it.
    """
    try:
        answer = await wire.get_once("/deployments")
    except PlatformError:
        return None
    deployments = objects_in(as_object(answer).get("value"))
    return {
        str(deployment["name"]): _shutdown(deployment) for deployment in deployments if "name" in deployment
    } or None


def _shutdown(deployment: Object) -> str | None:
    model, version = str(deployment.get("modelName")), deployment.get("modelVersion")
    date = shutdown_of(f"{model}-{version}") or shutdown_of(model)
    return None if date is None else date.isoformat()


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
    # The SDK would repeat a create, and each request would back off by itself: see ``RequestPacer``.
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
