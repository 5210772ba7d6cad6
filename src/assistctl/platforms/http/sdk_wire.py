"""Raw JSON through the client of such an SDK: requests, forms with files, and streams of events."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.base import Connection
from assistctl.platforms.http.connection_options import timeout
from assistctl.platforms.http.error_meanings import ErrorMeaning
from assistctl.platforms.http.vendor_sdk import Client, VendorSdk, tell_system
from assistctl.platforms.http.wire import Answer, AnsweringAccount, HttpWire, RawAnswer, Sent, unsendable

if TYPE_CHECKING:
    from assistctl.platforms.file_upload import NamedFile
    from assistctl.platforms.http.sdk_errors import StatusError

# A key may be good for agents alone, and a server need not list models.
_SAYS_NOTHING_OF_KEYS = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}

NamedEvent: TypeAlias = tuple[str, Json]
"""An event of a stream: its name and its JSON."""

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
        """What the code in such an answer means for the request."""
        return self._sdk.errors.get(self._sdk.error_code(error.body), ErrorMeaning.AS_STATUS)

    def _explained(self, error: StatusError) -> PlatformError:
        """What the server said in an answer with a 4xx or 5xx status."""
        from assistctl.platforms.http.sdk_errors import explained

        return explained(error, self.base_url, key_hint=self._sdk.key_hint(self._connection))


def _named(event: object) -> NamedEvent | None:
    """An event's name and its JSON. The SDK gives the Assistants API's their names, others have it as ``type``."""
    if not isinstance(event, dict):
        return None
    if isinstance(name := event.get("event"), str) and "data" in event:
        return name, event["data"]
    return (name, event) if isinstance(name := event.get("type"), str) else None


def _headers_in(options: Mapping[str, object]) -> Mapping[str, str]:
    there = options.get("headers")
    return there if isinstance(there, dict) else {}
