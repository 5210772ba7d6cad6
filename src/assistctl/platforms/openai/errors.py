"""The openai SDK's errors in words for people, and as types the engine can act on."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

import openai

from assistctl.errors import NotFoundError, PlatformError
from assistctl.platforms.http.sdk_errors import classify_no_response, classify_status, explained, outcome_unknown
from assistctl.secrets.addresses import shown_address

__all__ = ["KEY_HINT", "outcome_unknown", "translate_error"]

KEY_HINT = (
    "The key is the target's api_key in assistctl.yaml, else OPENAI_API_KEY in the environment, else in .env."
)

_OPENAI_HOST = "api.openai.com"
_ASSISTANTS = "/assistants"
_SWITCHED_OFF = "2026-08-26"
_WAYS_ON = (
    "Move to openai-agents, azure-foundry or anthropic-agents with `assistctl migrate`, or point base_url at "
    "a server that speaks it: `assistctl serve`, one of your own, or Azure Foundry's classic Agent Service "
    "until 2027-03-31."
)
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
    found = explained(error, base_url, key_hint=key_hint)
    if error.status_code != HTTPStatus.NOT_FOUND:
        return found
    path = error.request.url.path
    if urlsplit(base_url).hostname == _OPENAI_HOST and _ASSISTANTS in path:
        # Files and vector stores are still there.
        summary = f"OpenAI switched its Assistants endpoint off on {_SWITCHED_OFF}: {_OPENAI_HOST} answers 404"
        return NotFoundError(summary, _WAYS_ON, status=HTTPStatus.NOT_FOUND)
    if error.request.method == "GET" and path.endswith(_ASSISTANTS):
        # A list may be empty, and is never missing: a gateway in front of OpenAI, or no such API at all.
        hint = f"OpenAI switched its own off on {_SWITCHED_OFF}. {_WAYS_ON} Else the base_url is wrong."
        summary = f"there is no Assistants API at {shown_address(base_url)}: {found.summary}"
        return NotFoundError(summary, hint, status=HTTPStatus.NOT_FOUND)
    return found
