"""Settings of vendors' SDKs, and the wire through the clients of OpenAI's and Anthropic's.

Those two come from one generator. Raw JSON goes through such a client: requests, forms with files, and streams of
events.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from assistctl.errors import PlatformError, ProjectError
from assistctl.json_value import Json
from assistctl.platforms.connection import (
    AnsweringAccount,
    Connection,
    answer_budget,
    checked_address,
    checked_key,
    headers,
    is_on_this_machine,
    key_used,
    texts,
    timeout,
)
from assistctl.platforms.http.error_meanings import ErrorMeaning, ErrorTable, code_of_error
from assistctl.platforms.http.wire import Answer, HttpWire, RawAnswer, Sent, unsendable

if TYPE_CHECKING:
    from assistctl.platforms.file_upload import NamedFile
    from assistctl.platforms.http.sdk_errors import StatusError


class Client(Protocol):
    """An SDK's client; its methods for requests are called like the methods of HTTP."""

    async def close(self) -> None:
        """Close the connections."""


def _nothing(_connection: Connection, _base_url: str, /) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class VendorSdk:
    """An SDK: its ``package``, the names of its ``client`` and of the base of its errors, and where a key and an
    address come from that a target leaves unsaid.

    ``requirement`` is what pip installs to have it; ``example`` is an address as its API has it.
    ``account_headers`` are the headers of answers with the ids of the account, the organization's first, and
    ``account_path`` is asked for what changes nothing, to have an answer.
    ``without_key`` gives the settings of the client that stand for a key, at an address, if there are any;
    ``ways_without_key`` tells people of them. ``errors`` is what the codes mean that ``error_code`` finds in the
    body of a refusal.
    """

    package: str
    client: str
    base_error: str
    requirement: str
    default_base_url: str
    example: str
    address_variable: str
    key_variable: str
    account_headers: tuple[str, ...] = ()
    account_path: str = "/models"
    without_key: Callable[[Connection, str], Mapping[str, object]] = _nothing
    ways_without_key: str = ""
    errors: ErrorTable = field(default_factory=dict)
    error_code: Callable[[object], str] = code_of_error

    def key_hint(self, connection: Connection) -> str:
        """The source of the key that was sent, and the alternatives where there is none."""
        used = key_used(connection, self.key_variable)
        if connection.api_key:
            return f"{used} Without an api_key, it is {self.key_variable} in the environment, else in .env."
        has_key = connection.environment.get(self.key_variable)
        return used if has_key else f"{used} {self.ways_without_key}".rstrip()

    def base_url_of(self, connection: Connection) -> str:
        """The address of the API: the target's, else that of the variable, else the vendor's own.

        Raises ``ProjectError`` for one that is not an http(s) address.
        """
        named = connection.base_url or connection.environment.get(self.address_variable)
        return checked_address(connection, named or self.default_base_url, self.example)

    def connected(self, connection: Connection, base_url: str, **more: object) -> Client:
        """The SDK's client; ``more`` are settings of its own.

        Raises ``ProjectError`` without the SDK, without a key, and for settings that cannot be used.
        """
        sdk = self.required(connection)
        make: Callable[..., Client] = getattr(sdk, self.client)
        return make(
            **self.credentials(connection, base_url),
            base_url=base_url,
            default_query=texts(connection, "default_query"),
            default_headers=headers(connection),
            timeout=timeout(connection),
            # The SDK would repeat a create, and each request would back off by itself: see ``RequestPacer``.
            max_retries=0,
            http_client=connection.http_client or self._http_client(connection, sdk, base_url),
            **more,
        )

    @staticmethod
    def _http_client(connection: Connection, sdk: ModuleType, base_url: str) -> object:
        # What is given one needs no proxies and no certificates.
        from assistctl.platforms.http.client import http_client

        return http_client(connection, sdk.DefaultAsyncHttpxClient, base_url, answer_budget(connection))

    def imported(self) -> ModuleType:
        """The SDK itself. Raises ``ImportError``."""
        return import_module(self.package)

    def required(self, connection: Connection) -> ModuleType:
        """The SDK itself. Raises ``ProjectError``, with what to install, where it is not."""
        try:
            return self.imported()
        except ImportError as error:
            raise ProjectError(
                f"target {connection.target!r} needs the package {self.package.partition('.')[0]}, which is not "
                "installed",
                f"pip install '{self.requirement}'",
            ) from error

    def credentials(self, connection: Connection, base_url: str) -> Mapping[str, object]:
        """The settings of the client that let one in at ``base_url``: a key, else what stands for one.

        Raises ``ProjectError`` where there is nothing of the kind, and for a key that cannot be used.
        """
        key = checked_key(connection, connection.api_key or connection.environment.get(self.key_variable))
        return {"api_key": key} if key else self._without_key(connection, base_url)

    def _without_key(self, connection: Connection, base_url: str) -> Mapping[str, object]:
        found = self.without_key(connection, base_url)
        if found:
            return found
        if is_on_this_machine(base_url) or connection.http_client is not None:
            # The SDK insists on a key; a server on this machine need not want one.
            return {"api_key": "none"}
        is_empty = self.key_variable in connection.environment
        raise ProjectError(
            f"there is no API key for target {connection.target!r}"
            + (
                f": {self.key_variable} is set, but empty (in CI, a secret that does not exist is)"
                if is_empty
                else ""
            ),
            f"Set {self.key_variable} in the environment or in .env, or api_key: ${{env:NAME}} for the target in "
            f"assistctl.yaml. {self.ways_without_key}".rstrip(),
        )


NamedEvent: TypeAlias = tuple[str, Json]
"""An event of a stream: its name and its JSON."""

# A key may be good for agents alone, and a server need not list models.
_SAYS_NOTHING_OF_KEYS = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
# A model may think for minutes before it says a word.
_TIMEOUT_BETWEEN_EVENTS = 600.0
_TIMEOUT_AFTER_UPLOAD_SECONDS = 600.0
"""For the answer to an upload at least: the system may still hold megabytes of it that a slow line takes minutes
for, when to us all of it is sent."""


class SdkWire(HttpWire):
    """A wire through such an SDK's ``client``, with ``headers`` of its API on each request."""

    def __init__(
        self, connection: Connection, base_url: str, sdk: VendorSdk, client: Client, headers: Mapping[str, str]
    ) -> None:
        super().__init__(connection, base_url)
        self._sdk = sdk
        tell_system(client)
        self._client = client
        self._headers = headers
        self.account = AnsweringAccount(sdk.account_headers)

    @property
    def answered_as(self) -> Sequence[str]:
        """The ids in the headers of its answers so far."""
        return self.account.ids

    async def account_ids(self) -> Sequence[str]:
        """The ids of the account that answers; it is asked for the SDK's path if it has not answered yet.

        The headers of a refusal have them too. Raises ``PlatformError`` when there is no answer, and for a refusal
        of the key.
        """
        if not self.account.ids:
            try:
                await self.get(self._sdk.account_path)
            except PlatformError as error:
                if not self.account.ids and error.status not in _SAYS_NOTHING_OF_KEYS:
                    raise
        return self.account.ids

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    @asynccontextmanager
    async def events(
        self, path: str, body: Mapping[str, Json] | None = None, params: Mapping[str, object] | None = None
    ) -> AsyncIterator[AsyncIterator[NamedEvent]]:
        """The events that a server sends, once it has begun to: as the answer to ``body``, without one to a GET.

        The request is only repeated when it surely was not taken. Between two events may lie minutes, for a model
        thinks before it answers. An error in the stream is an event of the name ``error``.
        """
        sent = Sent("get" if body is None else "post", path, params, body, repeatable=body is None)
        events = await self._pace.keep(lambda: self._opened(sent), repeatable=sent.repeatable)
        async with events:
            yield self._named_events(events, sent)

    async def post_files(
        self,
        path: str,
        fields: Mapping[str, str],
        opened: Callable[[], AbstractContextManager[Sequence[tuple[str, object]]]],
    ) -> Json:
        """The answer to a form with ``fields`` and the parts that ``opened`` gives, which are streamed.

        The form is only repeated when it surely was not taken, with parts opened anew. Raises
        ``OutcomeUnknownError`` when it may have been taken all the same, and whatever reading the parts raises.
        """
        import httpx2

        from assistctl.platforms.http.client import deadline_once_sent

        seconds = timeout(self._connection)
        patience = max(seconds, _TIMEOUT_AFTER_UPLOAD_SECONDS)
        options = {
            "timeout": httpx2.Timeout(seconds, read=patience),
            "headers": {"Content-Type": "multipart/form-data"},
        }

        async def send() -> Answer:
            with opened() as parts:
                sent = Sent(
                    "post", path, repeatable=False, options=options, payload={"body": fields, "files": [*parts]}
                )
                in_time = deadline_once_sent(max(self._budget.seconds, patience), self.base_url)
                return await self._send(sent, in_time)

        return (await self._pace.keep(send, repeatable=False)).body

    async def post_file(self, path: str, fields: Mapping[str, str], opened: Callable[[], NamedFile]) -> Json:
        """The same of a form with ``fields`` and, as ``file``, what ``opened`` gives; it is closed afterwards."""

        @contextmanager
        def parts() -> Iterator[list[tuple[str, object]]]:
            name, file = opened()
            with file:
                yield [("file", (name, file))]

        return await self.post_files(path, fields, parts)

    async def _named_events(self, events: AsyncIterable[object], sent: Sent) -> AsyncIterator[NamedEvent]:
        sdk = self._sdk.imported()
        try:
            async for event in events:
                named = _named(event)
                if named is not None:
                    yield named
        except (sdk.APIConnectionError, sdk.APIStatusError) as error:
            raise self._translated(error, sent) from error
        except sdk.APIError as error:
            yield "error", {"message": error.message}
        except self._errors() as error:
            raise self._translated(error, sent) from error
        except (ValueError, OSError) as error:
            raise PlatformError(f"the stream of events cannot be read: {error}") from error

    async def _opened(self, sent: Sent) -> Any:  # noqa: ANN401  # an AsyncStream of either SDK
        import httpx2

        stream_of = self._sdk.imported().AsyncStream
        seconds = timeout(self._connection)
        options: dict[str, object] = {
            "headers": {**self._headers, "Accept": "text/event-stream"},
            "timeout": httpx2.Timeout(seconds, read=max(seconds, _TIMEOUT_BETWEEN_EVENTS)),
        }
        if sent.params is not None:
            options["params"] = sent.params
        payload = {} if sent.body is None else {"body": sent.body}
        send = getattr(self._client, sent.method)
        try:
            return await send(
                sent.path, cast_to=object, options=options, stream=True, stream_cls=stream_of[object], **payload
            )
        except self._errors() as error:
            raise self._translated(error, sent) from error
        except (ValueError, OSError) as error:
            raise unsendable(error) from error

    async def _exchange(self, sent: Sent) -> RawAnswer:
        import httpx2

        options = {**sent.options, "headers": {**self._headers, **_headers_in(sent.options)}}
        if sent.params is not None:
            options["params"] = sent.params
        payload = {**sent.payload} if sent.body is None else {"body": sent.body, **sent.payload}
        send = getattr(self._client, sent.method)
        response = await send(sent.path, cast_to=httpx2.Response, options=options, **payload)
        return RawAnswer(response.status_code, response.content, response.headers)

    def _errors(self) -> tuple[type[Exception], ...]:
        import httpx2

        return (getattr(self._sdk.imported(), self._sdk.base_error), httpx2.HTTPError, httpx2.InvalidURL)

    def _translated(self, error: Exception, sent: Sent) -> PlatformError:
        from assistctl.platforms.http.sdk_errors import classify_no_response, classify_status

        sdk = self._sdk.imported()
        if isinstance(error, sdk.APIStatusError):
            self.account.note(error.response.headers)
            return classify_status(
                error,
                self._explained(error),
                repeatable=sent.repeatable,
                reads=sent.reads,
                meaning=self._meaning(error),
            )
        timed_out = isinstance(error, sdk.APITimeoutError)
        return classify_no_response(error, self.base_url, timed_out=timed_out, reads=sent.reads)

    def _meaning(self, error: StatusError) -> ErrorMeaning:
        """The meaning of the answer's error code for the request."""
        return self._sdk.errors.get(self._sdk.error_code(error.body), ErrorMeaning.AS_STATUS)

    def _explained(self, error: StatusError) -> PlatformError:
        """The error for an answer with a 4xx or 5xx status."""
        from assistctl.platforms.http.sdk_errors import explained

        return explained(error, self.base_url, key_hint=self._sdk.key_hint(self._connection))


# As both SDKs name them in X-Stainless-OS.
_SYSTEMS = {"linux": "Linux", "darwin": "MacOS", "win32": "Windows"}


def tell_system(client: Client) -> None:
    """Tell an SDK's client which system it runs on; where this is not known here, it finds out as ever.

    It would ask in a thread of its own for each request before the first answer, and Python to tell it would read
    through the interpreter's file and run ``uname -p``: more than a plan of a few assistants takes.
    """
    if sys.platform in _SYSTEMS and hasattr(client, "_platform"):
        client._platform = _SYSTEMS[sys.platform]  # noqa: SLF001  # there is no option for it


def _named(event: object) -> NamedEvent | None:
    """An event's name and its JSON. The SDK gives the Assistants API's their names, others have it as ``type``."""
    if not isinstance(event, dict):
        return None
    if isinstance(name := event.get("event"), str) and "data" in event:
        return name, event["data"]
    return (name, event) if isinstance(name := event.get("type"), str) else None


def _headers_in(options: Mapping[str, object]) -> Mapping[str, str]:
    headers = options.get("headers")
    return headers if isinstance(headers, dict) else {}
