"""Errors of azure-core and answers of Foundry, in words for people and as types the engine can act on."""

from __future__ import annotations

import json
from dataclasses import dataclass

import aiohttp
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from assistctl.errors import PlatformError
from assistctl.platforms.azure.credential import KEY_HINT
from assistctl.platforms.http.error_meanings import ErrorMeaning, code_of_error
from assistctl.platforms.http.outside_text import excerpt
from assistctl.platforms.http.sdk_errors import classify_no_response, classify_status, explained
from assistctl.platforms.http.wire import RawAnswer
from assistctl.platforms.openai.wire import ERRORS


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An answer with a 4xx or 5xx status: the client's raw requests return it and raise nothing."""

    status_code: int
    response: RawAnswer
    body: object


def refused(answer: RawAnswer, base_url: str, *, key_hint: str, repeatable: bool, reads: bool) -> PlatformError:
    """An answer with a 4xx or 5xx status, as ``classify_status`` has it; ``key_hint`` is that of ``explained``."""
    refusal = _Refusal(answer.status, answer, _parsed(answer.content))
    return classify_status(
        refusal,
        explained(refusal, base_url, key_hint=key_hint),
        repeatable=repeatable,
        reads=reads,
        # ``ApiError`` of azure-ai-projects 2.10.0 has no list of codes; those of OpenAI's models are theirs.
        meaning=ERRORS.get(code_of_error(refusal.body), ErrorMeaning.AS_STATUS),
    )


def translate_error(error: AzureError, base_url: str, *, reads: bool) -> PlatformError:
    """A request without an answer, as ``classify_no_response`` has it."""
    if isinstance(error, ClientAuthenticationError):
        return not_signed_in(error)
    timed_out = isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError)
    return classify_no_response(
        error, base_url, timed_out=timed_out, reads=reads, never_sent=_is_never_sent(error)
    )


def not_signed_in(error: AzureError) -> PlatformError:
    """The error for a missing token: nobody is signed in, or the settings do not sign in."""
    first, _, _ = str(error.message).strip().partition("\n")
    return PlatformError(f"Azure gave no token: {excerpt(first)}", KEY_HINT)


def _is_never_sent(error: AzureError) -> bool:
    """Whether not even a connection was made.

    ``ServiceRequestError`` alone does not say so: it also stands for a connection that broke later.
    """
    return isinstance(error, ServiceRequestTimeoutError) or isinstance(
        error.__cause__, aiohttp.ClientConnectorError | aiohttp.InvalidURL
    )


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")
