"""The openai SDK's errors in words for people, and as types the engine can act on."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

import openai

from assistctl.errors import NotFoundError, PlatformError
from assistctl.platforms.http.sdk_errors import classify_no_response, classify_status, explained, outcome_unknown

__all__ = ["KEY_HINT", "outcome_unknown", "translate_error"]

KEY_HINT = (
    "The key is the target's api_key in assistctl.yaml, else OPENAI_API_KEY in the environment, else in .env."
)

_OPENAI_HOST = "api.openai.com"
# A 429 that does not pass (https://platform.openai.com/docs/guides/error-codes).
_NO_QUOTA = "insufficient_quota"


def translate_error(
    error: Exception, base_url: str, *, repeatable: bool, reads: bool, key_hint: str = KEY_HINT
) -> PlatformError:
    """``error`` (of the SDK or its HTTP library) as a ``PlatformError``.

    ``key_hint`` says where the key comes from. An ``AskAgainError`` around it says that it may go through later.
    When the request may have been carried out, and did not only ``reads``, an ``OutcomeUnknownError``.
    """
    if isinstance(error, openai.APIStatusError):
        found = _explained(error, base_url, key_hint)
        if error.code == _NO_QUOTA:
            advice = "The account's quota is used up; waiting does not help."
            return PlatformError(found.summary, advice, status=error.status_code)
        return classify_status(error, found, repeatable=repeatable, reads=reads)
    timed_out = isinstance(error, openai.APITimeoutError)
    return classify_no_response(error, base_url, timed_out=timed_out, reads=reads)


def _explained(error: openai.APIStatusError, base_url: str, key_hint: str) -> PlatformError:
    if error.status_code == HTTPStatus.NOT_FOUND and _is_retired(error, base_url):
        return _retired()
    return explained(error, base_url, key_hint=key_hint)


def _is_retired(error: openai.APIStatusError, base_url: str) -> bool:
    """Whether OpenAI itself was asked for assistants; files and vector stores are still there."""
    return urlsplit(base_url).hostname == _OPENAI_HOST and "/assistants" in error.request.url.path


def _retired() -> PlatformError:
    return NotFoundError(
        f"OpenAI switched its Assistants endpoint off on 2026-08-26: {_OPENAI_HOST} answers 404",
        "Move to openai-agents, azure-foundry or anthropic-agents with `assistctl migrate`, or point base_url at "
        "a server that speaks it: `assistctl serve`, one of your own, or Azure Foundry's classic Agent Service "
        "until 2027-03-31.",
        status=HTTPStatus.NOT_FOUND,
    )
