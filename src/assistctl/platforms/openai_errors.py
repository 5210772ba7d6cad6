"""The openai SDK's errors in words for people, and as types the engine can act on."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx2
import openai

from assistctl.errors import ConflictError, NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.platforms.pacing import AskAgainError, is_transient, wait_asked_for

_OPENAI_HOST = "api.openai.com"
# A 429 that does not pass (https://platform.openai.com/docs/guides/error-codes).
_NO_QUOTA = "insufficient_quota"
_TITLE = re.compile(r"<title[^>]*>([^<]*)</title>", re.IGNORECASE)
# Nothing was sent when a connection could not even be made.
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


def translated(error: Exception, base_url: str, *, repeatable: bool) -> PlatformError:
    """``error`` (of the SDK or its HTTP library) as a ``PlatformError``.

    An ``AskAgainError`` around it says that it may go through later. When the request is not ``repeatable`` and
    may have been carried out, an ``OutcomeUnknownError``.
    """
    if isinstance(error, openai.APIStatusError):
        return _answered(error, base_url, repeatable=repeatable)
    found = _unanswered(error, base_url)
    never_sent = isinstance(error.__cause__ or error, _NEVER_SENT)
    return AskAgainError(found if repeatable or never_sent else outcome_unknown(found), wait=None, throttled=False)


def outcome_unknown(error: PlatformError) -> OutcomeUnknownError:
    """The same message, as the error of a request that may have been carried out."""
    return OutcomeUnknownError(error.summary, error.hint, status=error.status)


def _answered(error: openai.APIStatusError, base_url: str, *, repeatable: bool) -> PlatformError:
    status, headers = error.status_code, error.response.headers
    found = _explained(error, base_url)
    if error.code == _NO_QUOTA:
        return PlatformError(
            found.summary, "The account's quota is used up; waiting does not help.", status=status
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return AskAgainError(found, wait=wait_asked_for(headers), throttled=True)
    unknown = status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if unknown and not repeatable:
        return outcome_unknown(found)
    if is_transient(status, headers):
        return AskAgainError(found, wait=wait_asked_for(headers), throttled=False)
    return found


def _explained(error: openai.APIStatusError, base_url: str) -> PlatformError:
    status, said = error.status_code, _message(error, base_url)
    if status == HTTPStatus.NOT_FOUND and _is_retired(error, base_url):
        return _retired(said)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(
            said, "If nothing at all is found there, look at the target's base_url.", status=status
        )
    if status == HTTPStatus.CONFLICT:
        return ConflictError(said, status=status)
    hints: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "The key is the target's api_key in assistctl.yaml, else OPENAI_API_KEY in the "
        "environment, else in .env.",
        HTTPStatus.FORBIDDEN: "The key has no right to do this.",
        HTTPStatus.TOO_MANY_REQUESTS: "The platform asks to slow down: try later, or wait longer with --timeout.",
    }
    return PlatformError(said, hints.get(status, ""), status=status)


def _is_retired(error: openai.APIStatusError, base_url: str) -> bool:
    """Whether OpenAI itself was asked for assistants; files and vector stores are still there."""
    return urlsplit(base_url).hostname == _OPENAI_HOST and "/assistants" in error.request.url.path


def _retired(said: str) -> PlatformError:
    return NotFoundError(
        "OpenAI switched its Assistants endpoint off on 2026-08-26; it answers 404 to everything",
        "Point the target's base_url at a compatible server (Azure Foundry Agent Service classic until "
        "2027-03-31, a self-hosted one, or `assistctl serve`), or move to another platform. "
        f"The answer was: {said}",
        status=HTTPStatus.NOT_FOUND,
    )


def _message(error: openai.APIStatusError, base_url: str) -> str:
    """What the server said: OpenAI's error object, ``{"detail": …}``, a plain text, or nothing at all."""
    body = error.body
    said = (body.get("message") or body.get("detail")) if isinstance(body, dict) else body
    text = str(said) if said else "no reason given"
    if text.lstrip()[:1] == "<":
        title = _TITLE.search(text)
        text = f"a web page answered{f', titled {title[1].strip()!r}' if title else ''}"
    return f"{text} (HTTP {error.status_code} from {_shown(base_url)})"


def _unanswered(error: Exception, base_url: str) -> PlatformError:
    if isinstance(error, openai.APITimeoutError):
        hint = "Try again; options.timeout of the target sets the seconds."
        return PlatformError(f"{_shown(base_url)} did not answer in time", hint)
    reason = str(error.__cause__ or error) or type(error).__name__
    return PlatformError(f"no connection to {_shown(base_url)}: {reason}", "Is the base_url right, the server up?")


def _shown(base_url: str) -> str:
    """The address without whatever credentials are in it."""
    parts = urlsplit(base_url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
