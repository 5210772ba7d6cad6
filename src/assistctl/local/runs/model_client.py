"""The model behind the runs: any server of OpenAI's Chat Completions, asked for streams through the SDK.

What goes wrong becomes a ``ModelError`` with the code a run's ``last_error`` has: ``rate_limit_exceeded`` for 429,
``invalid_prompt`` for a request that the model refuses as such, ``server_error`` for all else. Before a word has
come, what may go better is tried again within the run's time: 429 after the time that the model's server names.
"""

from __future__ import annotations

import asyncio
import email.utils
import os
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from assistctl.local.runs.model_chunk import ModelChunk, chunk_of
from assistctl.model.unicode_text import whole_characters
from assistctl.secrets.addresses import shown_address
from assistctl.secrets.redaction import mask, register

if TYPE_CHECKING:
    import ssl

    from openai import APIStatusError, AsyncOpenAI, OpenAIError

URL_VARIABLE = "ASSISTCTL_MODEL_URL"
KEY_VARIABLE = "ASSISTCTL_MODEL_API_KEY"

NOT_CONFIGURED = (
    "No model is configured to answer runs. Name the address of an OpenAI-compatible server: with --model-url of"
    f" `assistctl serve`, with options.model_url of a target, or in {URL_VARIABLE}; its key goes into"
    f" {KEY_VARIABLE}."
)
_REFUSALS = frozenset({400, 413, 422})
_TRANSIENT = frozenset({408, 409, 500, 502, 503, 504})
_ATTEMPTS = 3
"""How often a request is sent that fails for other reasons than a rate limit."""

_PAUSE_SECONDS, _LONGEST_SECONDS = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The model's address and settings. ``aliases`` are its own names for models that assistants name."""

    url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    aliases: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(
        cls,
        url: str | None = None,
        aliases: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> ModelSettings:
        """The settings with ``url``, or else the variable's; the key comes from its variable only."""
        found = os.environ if environ is None else environ
        # A line break behind it, as $(cat file) leaves it, could not be sent.
        key = found.get(KEY_VARIABLE, "").strip() or None
        register(KEY_VARIABLE, key or "")
        return cls(url or found.get(URL_VARIABLE, "").strip() or None, key, dict(aliases or {}))


class ModelError(Exception):
    """The model could not answer; ``code`` is that of a run's ``last_error``.

    ``is_too_long`` when it was asked with more than it can take in.
    """

    def __init__(self, code: str, message: str, *, is_too_long: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = whole_characters(message)
        self.is_too_long = is_too_long


class ModelClient:
    """Asks the model. ``sleep`` is what pauses wait with, in seconds."""

    def __init__(self, settings: ModelSettings, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._settings = settings
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = WeakKeyDictionary()
        self.sleep = sleep

    async def answer(
        self, request: Mapping[str, Any], remaining: Callable[[], float]
    ) -> AsyncGenerator[ModelChunk, None]:
        """The chunks of the answer to a request, up to its end.

        ``remaining`` is how many seconds the run still has. Raises ``ModelError``.
        """
        from httpx2 import HTTPError, InvalidURL
        from openai import OpenAIError

        failures: Counter[str] = Counter()
        while True:
            begun = False
            try:
                async with aclosing(self._chunks(request)) as chunks:
                    async for chunk in chunks:
                        begun = begun or chunk.says_something
                        yield chunk
            except (OpenAIError, HTTPError, InvalidURL, ValueError) as error:
                failures[type(error).__name__] += 1
                pause = None if begun else _pause(error, failures[type(error).__name__])
                if pause is None or pause >= remaining():
                    raise self._failure(error, begun=begun) from error
            else:
                return
            await self.sleep(pause)

    async def close(self) -> None:
        """Close the connections of the event loop that runs."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def _chunks(self, request: Mapping[str, Any]) -> AsyncGenerator[ModelChunk, None]:
        from openai import AsyncStream

        model = str(request["model"])
        asked = {
            **request,
            "model": self._settings.aliases.get(model, model),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        # Raw: the SDK's models of it all take longer to import, and to fill, than the rest of a run.
        stream = await self._client().post(
            "/chat/completions", body=asked, cast_to=object, stream=True, stream_cls=AsyncStream[object]
        )
        ended = False
        async with stream:
            async for sent in stream:
                chunk = chunk_of(sent)
                ended = ended or bool(chunk.finish_reason)
                yield chunk
        if not ended:
            raise _CutError("the connection ended before the answer did")

    def _client(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

        if self._settings.url is None:
            raise ModelError("server_error", NOT_CONFIGURED)
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            # The run's own time ends a request that takes long; a connection is there sooner, or never.
            self._clients[loop] = AsyncOpenAI(
                base_url=self._settings.url,
                api_key=self._settings.api_key or "none",
                max_retries=0,
                timeout=Timeout(None, connect=10.0),
                http_client=DefaultAsyncHttpxClient(verify=_certificates(self._settings.url)),
            )
        return self._clients[loop]

    def _failure(self, error: Exception, *, begun: bool) -> ModelError:
        from openai import APIStatusError, RateLimitError

        where = f"The model at {shown_address(self._settings.url or '')}"
        if isinstance(error, APIStatusError):
            said = mask(str(error.message))
            code = "invalid_prompt" if error.status_code in _REFUSALS else "server_error"
            if isinstance(error, RateLimitError):
                code = "rate_limit_exceeded"
            too_long = code == "invalid_prompt" and _is_too_long(error)
            return ModelError(code, f"{where} answered {error.status_code}: {said}", is_too_long=too_long)
        cause = error.__cause__ or error
        reason = mask(str(cause) or type(cause).__name__)
        if begun:
            return ModelError("server_error", f"{where} broke off its answer: {reason}")
        return ModelError("server_error", f"{where} did not answer: {reason}")


def _certificates(url: str) -> ssl.SSLContext:
    """The certificates to trust at ``url``, read once they are needed."""
    from httpx2 import create_ssl_context

    from assistctl import certificates

    return create_ssl_context() if certificates.are_certain(url) else certificates.on_use(create_ssl_context)


class _CutError(ValueError):
    """A stream that ended without an end."""


def _pause(error: OpenAIError | Exception, attempt: int) -> float | None:
    """The pause before a request is sent again, in seconds; ``None`` when another attempt is pointless."""
    from openai import APIConnectionError, APIStatusError, RateLimitError

    growing = min(_PAUSE_SECONDS * 2 ** (attempt - 1), _LONGEST_SECONDS)
    if isinstance(error, RateLimitError):
        # A quota that is used up does not come back within a run's time.
        return None if error.code == "insufficient_quota" else _retry_after(error) or growing
    transient = isinstance(error, APIConnectionError | _CutError) or (
        isinstance(error, APIStatusError) and error.status_code in _TRANSIENT
    )
    return growing if transient and attempt < _ATTEMPTS else None


def _retry_after(error: APIStatusError) -> float | None:
    """The wait that ``retry-after-ms`` or ``retry-after`` asks for, in seconds (RFC 9110, 10.2.3)."""
    headers = error.response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(float(headers[name]) * unit, 0.0)
        except (KeyError, ValueError):
            continue
    try:
        return max(email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time(), 0.0)
    except (KeyError, ValueError, TypeError):
        return None


def _is_too_long(error: APIStatusError) -> bool:
    """Whether a prompt was refused for its length, by its code or in the words of vLLM and llama.cpp."""
    if error.code == "context_length_exceeded":
        return True
    words = str(error.message).lower()
    return any(f"context {word}" in words for word in ("length", "size", "window"))
