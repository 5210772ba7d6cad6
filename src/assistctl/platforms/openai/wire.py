"""Raw JSON through the openai SDK's own client: its authentication, addresses and errors, not its models.

The SDK's models would hide what a server really said (an unknown tool type is parsed into the wrong class),
and merely touching ``client.beta`` takes as long as importing the rest of the SDK.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from assistctl.errors import NotFoundError, PlatformError, ProjectError
from assistctl.model.plan import Json
from assistctl.platforms.base import Connection
from assistctl.platforms.http.answer_budget import UnreadAnswerError, answer_budget, deadline
from assistctl.platforms.http.connection_options import (
    checked_address,
    checked_key,
    header_text,
    headers,
    is_on_this_machine,
    texts,
    timeout,
)
from assistctl.platforms.http.listing import Listing, listing_of
from assistctl.platforms.http.rate_limit import AskAgainError, RequestPacer
from assistctl.platforms.http.response_json import parsed
from assistctl.secrets.addresses import shown_address

if TYPE_CHECKING:
    import openai

NamedFile: TypeAlias = tuple[str, BinaryIO]
"""A file open for reading, and the name to send it by."""

DEFAULT_BASE_URL = "https://api.openai.com/v1"
ADDRESS_VARIABLE = "OPENAI_BASE_URL"
KEY_VARIABLE = "OPENAI_API_KEY"

# For the answer to an upload at least: the system may still hold megabytes of it that a slow line takes minutes
# for, when to us all of it is sent.
_TIMEOUT_AFTER_UPLOAD_SECONDS = 600.0
# For what is only advice, and not worth waiting for.
_TIMEOUT_ONCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; the names of ``headers`` are found in any case."""

    body: Json
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A client that another SDK made; ``key_hint`` says where its key comes from. Its own retries are off."""

    client: openai.AsyncOpenAI
    key_hint: str


class OpenAIWire:
    """One client, with the ``OpenAI-Beta`` header of one API. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection, *, beta: str, signed_in: SignedIn | None = None) -> None:
        """A client is made for ``connection``, unless there is one that is ``signed_in``."""
        self.base_url = str(signed_in.client.base_url) if signed_in else base_url_of(connection)
        self._client = signed_in.client if signed_in else _client(connection, self.base_url)
        self._hints = {"key_hint": signed_in.key_hint} if signed_in else {}
        self._timeout = timeout(connection)
        self._headers = {"OpenAI-Beta": beta}
        self._connection = connection
        self._budget = answer_budget(connection)
        self._pace = RequestPacer(connection.throttle_timeout, connection.stop or asyncio.Event())

    async def get(self, path: str, params: Mapping[str, object] | None = None, *, retried: bool = True) -> Json:
        """The JSON at ``path``. One that is not ``retried`` is given up after a few seconds."""
        if retried:
            return (await self.get_answer(path, params)).body
        options = {"params": params or {}, "timeout": _TIMEOUT_ONCE_SECONDS}
        return (await self._send("get", path, options, in_time=self._in_time(_TIMEOUT_ONCE_SECONDS))).body

    async def get_answer(self, path: str, params: Mapping[str, object] | None = None) -> Answer:
        """The JSON at ``path``, and the headers it came with."""
        options = {"params": params or {}}
        return await self._pace.keep(lambda: self._send("get", path, options), repeatable=True)

    async def post(
        self, path: str, body: Mapping[str, Json], *, repeatable: bool, appearing: bool = False
    ) -> Json:
        """The answer to ``body``. One that is not ``repeatable`` is only repeated when it surely was not done.

        What it is about may still be ``appearing``, because it was made a moment ago: then a 404 is no last word,
        and a repeatable one is repeated. Raises ``OutcomeUnknownError`` when one that is not repeatable may have
        been carried out all the same.
        """

        async def send() -> Answer:
            try:
                return await self._send("post", path, repeatable=repeatable, body=body)
            except NotFoundError as error:
                if not appearing:
                    raise
                raise AskAgainError(error, wait=None, throttled=False) from error

        return (await self._pace.keep(send, repeatable=repeatable)).body

    async def post_file(self, path: str, fields: Mapping[str, str], opened: Callable[[], NamedFile]) -> Json:
        """The answer to a form with ``fields`` and, as ``file``, what ``opened`` gives; it is closed afterwards.

        The file is streamed. The form is only repeated when it surely was not taken, with a file opened anew.
        Raises ``OutcomeUnknownError`` when it may have been taken all the same, and whatever ``opened`` and
        reading from its file raise.
        """
        import httpx2

        from assistctl.platforms.http.answer_stream import deadline_once_sent

        throttle_timeout = max(self._timeout, _TIMEOUT_AFTER_UPLOAD_SECONDS)
        options = {"timeout": httpx2.Timeout(self._timeout, read=throttle_timeout)}
        headers = {"Content-Type": "multipart/form-data"}

        async def send() -> Answer:
            name, file = opened()
            with file:
                form = {"body": fields, "files": {"file": (name, file)}}
                in_time = deadline_once_sent(
                    max(self._budget.seconds, throttle_timeout), shown_address(self.base_url)
                )
                return await self._send(
                    "post", path, options, headers=headers, repeatable=False, in_time=in_time, **form
                )

        return (await self._pace.keep(send, repeatable=False)).body

    async def delete(self, path: str) -> Json:
        """The answer to a DELETE of ``path``."""
        return (await self._pace.keep(lambda: self._send("delete", path), repeatable=True)).body

    async def remove(self, path: str, object_id: str) -> None:
        """Delete ``object_id``, which is at ``path``. One that is not there is no error; one that stays is."""
        try:
            answer = await self.delete(path)
        except NotFoundError:
            return
        if isinstance(answer, dict) and answer.get("deleted") is False:
            raise PlatformError(f"the platform did not delete {object_id}")

    def listing(self, path: str) -> Listing:
        """The bounds of a list at ``path``."""
        return listing_of(self._connection, path)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _in_time(self, seconds: float) -> AbstractAsyncContextManager[object]:
        return deadline(seconds, shown_address(self.base_url))

    async def _send(
        self,
        method: str,
        path: str,
        options: Mapping[str, object] = MappingProxyType({}),
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        repeatable: bool = True,
        in_time: AbstractAsyncContextManager[object] | None = None,
        **payload: object,
    ) -> Answer:
        import httpx2
        import openai

        from assistctl.platforms.openai.errors import outcome_unknown, translate_error

        send = cast("Any", getattr(self._client, method))
        everything = {**options, "headers": {**self._headers, **headers}}
        try:
            async with in_time or self._in_time(self._budget.seconds):
                response = await send(path, cast_to=httpx2.Response, options=everything, **payload)
        except UnreadAnswerError as error:
            raise error if method == "get" else outcome_unknown(error) from error
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            reads = method == "get"
            raise translate_error(
                error, self.base_url, repeatable=repeatable, reads=reads, **self._hints
            ) from error
        except (ValueError, OSError) as error:
            # What could not be written as a request was not sent: half a character, a proxy's address.
            raise PlatformError(f"the request cannot be sent: {error}") from error
        if method == "delete" and not response.content.strip():
            return Answer(None, response.headers)  # 204, or a 200 that says nothing: it is done
        try:
            return Answer(parsed(response.content, response.status_code), response.headers)
        except PlatformError as error:
            raise error if method == "get" else outcome_unknown(error) from error


def base_url_of(connection: Connection) -> str:
    """The address of the API: the target's, else ``OPENAI_BASE_URL``, else OpenAI's own.

    Raises ``ProjectError`` for one that is no http(s) address.
    """
    url = connection.base_url or connection.environment.get(ADDRESS_VARIABLE) or DEFAULT_BASE_URL
    return checked_address(connection, url, "https://api.example.com/v1")


def _client(connection: Connection, base_url: str) -> openai.AsyncOpenAI:
    import openai

    from assistctl.platforms.http.client import http_client

    environment = connection.environment
    return openai.AsyncOpenAI(
        api_key=_api_key(connection, base_url),
        base_url=base_url,
        organization=header_text(
            connection, "organization", connection.organization or environment.get("OPENAI_ORG_ID")
        ),
        project=header_text(connection, "project", connection.project or environment.get("OPENAI_PROJECT_ID")),
        default_query=texts(connection, "default_query"),
        default_headers=headers(connection),
        timeout=timeout(connection),
        # The SDK would repeat a create, and each request would back off by itself: see ``pacing``.
        max_retries=0,
        http_client=http_client(connection, openai.DefaultAsyncHttpxClient, base_url, answer_budget(connection)),
    )


def _api_key(connection: Connection, base_url: str) -> str:
    key = checked_key(connection, connection.api_key or connection.environment.get(KEY_VARIABLE))
    if key:
        return key
    if is_on_this_machine(base_url) or connection.http_client is not None:
        # The SDK insists on a key; a server on this machine need not want one.
        return "none"
    raise ProjectError(
        f"there is no API key for target {connection.target!r}",
        f"Set {KEY_VARIABLE} in the environment or in .env, or api_key: ${{env:NAME}} for the target in "
        "assistctl.yaml.",
    )
