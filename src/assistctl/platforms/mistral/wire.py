"""The wire of Mistral's agents: raw JSON through the SDK's own client.

The SDK has a method for each request, and none for any request. So requests are written here and sent through
``do_request_async``, the way of all its methods, with its hooks and its HTTP client; its models would hide what
the server really said.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.platforms.connection import AnswerBudget, Connection, headers, texts, timeout
from assistctl.platforms.http.error_meanings import ErrorMeaning, ErrorTable
from assistctl.platforms.http.sdk_wire import NamedEvent, VendorSdk
from assistctl.platforms.http.wire import HttpWire, RawAnswer, Sent, unsendable
from assistctl.platforms.mistral.credentials import WAYS_WITHOUT_KEY, credentials_without_key
from assistctl.platforms.mistral.variables import KEY_VARIABLE
from assistctl.platforms.translation import as_object

if TYPE_CHECKING:
    import httpx2
    from mistralai.client import Mistral

# mistralai 3.7.0 has no list of its codes. These are of refusals that were reported (raycast/extensions issue
# 31107, cline/cline issue 9085; BerriAI/litellm pull request 25078 for the capacity of a service tier, which comes
# as a 429 or a 503); one that is not here means what its status says.
ERRORS: ErrorTable = {
    # So many requests or tokens a second, a minute or a month; the message does not say which.
    "rate_limited": ErrorMeaning.AS_STATUS,
    # The model's servers are full, and took nothing.
    "service_tier_capacity_exceeded": ErrorMeaning.THROTTLED,
}

_WHOAMI = "/v1/whoami"
# ``DeprecationWarningHook`` of the SDK wants a model in every answer that has it, and fails without.
_DEPRECATION_HEADER = "x-model-deprecation-timestamp"
_TIMEOUT_BETWEEN_EVENTS = 600.0


def code_in(body: object) -> str:
    """The ``type`` in the body of a refusal, which tells more than its numbers; empty if there is none."""
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    kind = body.get("type") if isinstance(body, dict) else None
    return kind if isinstance(kind, str) else ""


SDK = VendorSdk(
    package="mistralai.client",
    client="Mistral",
    base_error="errors.MistralError",
    requirement="assistctl[mistral]",
    default_base_url="https://api.mistral.ai",
    example="https://api.mistral.ai, without /v1",
    address_variable="",
    key_variable=KEY_VARIABLE,
    without_key=credentials_without_key,
    ways_without_key=WAYS_WITHOUT_KEY,
    errors=ERRORS,
    error_code=code_in,
)


class MistralWire(HttpWire):
    """One client. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection) -> None:
        """Raises ``ProjectError`` for settings that cannot be used, and without the SDK."""
        super().__init__(connection, SDK.base_url_of(connection).rstrip("/"))
        self._query = texts(connection, "default_query")
        self._headers = headers(connection)
        self._seconds = timeout(connection)
        SDK.required(connection)
        self._key = cast("str | Callable[[], str]", SDK.credentials(connection, self.base_url)["api_key"])
        self._http = _http_client(connection, self.base_url, self._budget)
        self._client = _client(self.base_url, self._key, self._http)
        self._account_ids: tuple[str, ...] = ()
        self._has_learnt = False

    @property
    def answered_as(self) -> Sequence[str]:
        """The ids that were told so far; nothing is asked."""
        return self._account_ids

    async def account_ids(self) -> Sequence[str]:
        """``GET /v1/whoami``: the ids of the organization and of the workspace, as far as it is told."""
        if not self._account_ids:
            try:
                self._account_ids = _ids_in(await self.get(_WHOAMI))
            except NotFoundError:
                return ()
        return self._account_ids

    async def learn_account(self) -> None:
        """Ask the same once, for advice alone: a plan says what the target can be pinned to. It raises nothing."""
        if not self._has_learnt:
            self._has_learnt = True
            with contextlib.suppress(PlatformError):
                self._account_ids = self._account_ids or _ids_in(await self.get_once(_WHOAMI))

    async def remove(self, path: str, params: Mapping[str, object] | None = None) -> None:
        """Delete the object at ``path``; a missing one is not an error."""
        with contextlib.suppress(NotFoundError):
            await self.delete(path, params)

    async def close(self) -> None:
        """Close the connections, also those of the SDK's client for code that does not wait."""
        await self._http.aclose()
        blocking = self._client.sdk_configuration.client
        if blocking is not None:
            blocking.close()

    @asynccontextmanager
    async def events(self, path: str, body: Mapping[str, Json]) -> AsyncIterator[AsyncIterator[NamedEvent]]:
        """The events that the server sends as its answer to ``body``, once it has begun to.

        The request is only repeated when it surely was not taken. Between two events may lie minutes.
        """
        sent = Sent("post", path, body=body, repeatable=False, options={"events": True})
        response = await self._pace.keep(lambda: self._begun(sent), repeatable=False)
        try:
            yield self._named_events(response, sent)
        finally:
            await response.aclose()

    async def _exchange(self, sent: Sent) -> RawAnswer:
        response = await self._answered(sent)
        try:
            return RawAnswer(response.status_code, await response.aread(), response.headers)
        finally:
            await response.aclose()

    async def _begun(self, sent: Sent) -> httpx2.Response:
        try:
            return await self._answered(sent)
        except self._errors() as error:
            raise self._translated(error, sent) from error
        except (ValueError, OSError) as error:
            raise unsendable(error) from error

    async def _answered(self, sent: Sent) -> httpx2.Response:
        """An answer whose body is yet to be read. Raises ``PlatformError`` for a refusal."""
        from mistralai.client._hooks import HookContext

        from assistctl.platforms.http.sdk_errors import LOWEST_STATUS

        settings = self._client.sdk_configuration
        context = HookContext(settings, self.base_url, "", None, settings.security, None, None)
        response = await self._client.do_request_async(
            context, self._request(sent), is_error_status_code=lambda _: False, stream=True
        )
        if response.status_code >= LOWEST_STATUS:
            raise await self._refused(response, sent)
        return response

    def _request(self, sent: Sent) -> httpx2.Request:
        import httpx2

        for_events = bool(sent.options.get("events"))
        wait = cast("float", sent.options.get("timeout", self._seconds))
        read = max(wait, _TIMEOUT_BETWEEN_EVENTS) if for_events else wait
        accepted = {"Accept": "text/event-stream" if for_events else "application/json"}
        own = cast("Mapping[str, str]", sent.options.get("headers", {}))
        key = self._key if isinstance(self._key, str) else self._key()
        return self._http.build_request(
            sent.method.upper(),
            self.base_url + sent.path,
            params=cast("Any", {**self._query, **(sent.params or {})}) or None,
            json=None if sent.body is None else {**sent.body},
            headers={**accepted, "Authorization": f"Bearer {key}", **self._headers, **own, **self._user_agent()},
            timeout=httpx2.Timeout(wait, read=read),
        )

    def _user_agent(self) -> Mapping[str, str]:
        """The SDK's, which its hook wants to find first; one of the target's behind it."""
        sdk = f"mistral-client-python/{self._client.sdk_configuration.sdk_version}"
        given = [text for name, text in self._headers.items() if name.lower() == "user-agent"]
        return {"User-Agent": " ".join([sdk, *given])}

    async def _refused(self, response: httpx2.Response, sent: Sent) -> PlatformError:
        from assistctl.platforms.http.sdk_errors import Refusal, classify_status, explained

        try:
            refusal = Refusal(RawAnswer(response.status_code, await response.aread(), response.headers))
        finally:
            await response.aclose()
        return classify_status(
            refusal,
            explained(refusal, self.base_url, key_hint=SDK.key_hint(self._connection)),
            repeatable=sent.repeatable,
            reads=sent.reads,
            meaning=SDK.errors.get(SDK.error_code(refusal.body), ErrorMeaning.AS_STATUS),
        )

    async def _named_events(self, response: httpx2.Response, sent: Sent) -> AsyncIterator[NamedEvent]:
        from mistralai.client.utils.eventstreaming import EventStreamAsync

        try:
            async for event in EventStreamAsync(response, json.loads, client_ref=self._client):
                data = as_object(as_object(event).get("data"))
                if isinstance(name := data.get("type"), str):
                    yield name, data
        except self._errors() as error:
            raise self._translated(error, sent) from error
        except (ValueError, OSError) as error:
            raise PlatformError(f"the stream of events cannot be read: {error}") from error

    def _errors(self) -> tuple[type[Exception], ...]:
        import httpx2
        from mistralai.client.errors import NoResponseError

        return (NoResponseError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError)

    def _translated(self, error: Exception, sent: Sent) -> PlatformError:
        import httpx2

        from assistctl.platforms.http.sdk_errors import classify_no_response

        timed_out = isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.PoolTimeout)
        return classify_no_response(error, self.base_url, timed_out=timed_out, reads=sent.reads)


def _ids_in(caller: Json) -> tuple[str, ...]:
    """The ids of the organization and of the workspace in a ``WhoamiResponse``."""
    told = (as_object(as_object(caller).get(name)).get("id") for name in ("organization", "workspace"))
    return tuple(identity for identity in told if isinstance(identity, str) and identity)


def _http_client(connection: Connection, base_url: str, budget: AnswerBudget) -> httpx2.AsyncClient:
    import httpx2

    from assistctl.platforms.http.client import http_client

    async def without_deprecation(response: httpx2.Response) -> None:
        response.headers.pop(_DEPRECATION_HEADER, None)

    client = http_client(connection, partial(httpx2.AsyncClient, follow_redirects=True), base_url, budget)
    client.event_hooks = {
        **client.event_hooks,
        "response": [*client.event_hooks["response"], without_deprecation],
    }
    return client


def _client(base_url: str, key: str | Callable[[], str], http: httpx2.AsyncClient) -> Mistral:
    import httpx2
    from mistralai.client import Mistral

    # The blocking client is never used. One with a transport of its own would read the system's certificates for
    # nothing, and the SDK's own looks for proxies.
    return Mistral(
        api_key=key,
        server_url=base_url,
        client=httpx2.Client(transport=httpx2.BaseTransport(), trust_env=False),
        async_client=http,
        retry_config=None,
    )
