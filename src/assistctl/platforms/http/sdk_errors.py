"""Errors of vendors' SDKs, in words for people and as types the engine can act on.

Most vendors' SDKs come from one generator and raise alike; what differs is who they are.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Protocol

import httpx2

from assistctl.errors import ConflictError, NoAnswerError, NotFoundError, PlatformError
from assistctl.platforms.connection import IN_PROCESS, shown_server
from assistctl.platforms.http.error_meanings import SPENT_ADVICE, ErrorMeaning
from assistctl.platforms.http.outside_text import excerpt
from assistctl.platforms.http.proxies import proxy_to
from assistctl.platforms.http.wire import AskAgainError, RawAnswer, outcome_unknown

LOWEST_STATUS = 400
"""From where on a status says no."""

_TITLE = re.compile(r"<title[^>]*>([^<]*)</title>", re.IGNORECASE)
# Of OpenSSL, whoever passes it on.
_DISTRUST = "CERTIFICATE_VERIFY_FAILED"
# Nothing was sent when a connection could not even be made.
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


class Response(Protocol):
    """An answer, as far as an SDK exposes it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By names that are found in any case."""


class StatusError(Protocol):
    """An SDK's error for an answer with a 4xx or 5xx status."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def response(self) -> Response:
        """The answer."""

    @property
    def body(self) -> object | None:
        """Its body, parsed if it is JSON."""


@dataclass(frozen=True)
class Refusal:
    """A ``StatusError`` of an answer from a client that returns it and raises nothing."""

    response: RawAnswer

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.response.status

    @cached_property
    def body(self) -> object:
        """The answer's JSON, or its text if it is not JSON."""
        try:
            return json.loads(self.response.content)
        except (ValueError, RecursionError):
            return self.response.content.decode("utf-8", "replace")


def classify_status(
    error: StatusError,
    found: PlatformError,
    *,
    repeatable: bool,
    reads: bool,
    meaning: ErrorMeaning = ErrorMeaning.AS_STATUS,
) -> PlatformError:
    """``found``, the error in words, as what it means for the request; ``meaning`` is that of its code.

    An ``OutcomeUnknownError`` when the request may have been carried out, unless it only ``reads``. An
    ``AskAgainError`` around it says that it may go through later; not when it is not ``repeatable``.
    """
    status, headers = error.status_code, error.response.headers
    if meaning is ErrorMeaning.SPENT:
        return PlatformError(found.summary, SPENT_ADVICE, status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS or meaning is ErrorMeaning.THROTTLED:
        return AskAgainError(found, wait=wait_asked_for(headers), throttled=True)
    unknown = status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if unknown and not reads:
        found = outcome_unknown(found, finished_by_repeating=meaning is ErrorMeaning.HALF_DONE)
    if unknown and not repeatable:
        return found
    if is_transient(status, headers):
        return AskAgainError(found, wait=wait_asked_for(headers), throttled=False)
    return found


def classify_no_response(
    error: Exception,
    base_url: str,
    *,
    timed_out: bool,
    reads: bool,
    never_sent: bool | None = None,
) -> PlatformError:
    """A request that got no answer, as ``classify_status`` has it.

    ``never_sent`` says whether not even a connection was made; left out, it is told from the causes in httpx2.
    An error of ours that an SDK wraps (see ``client.only_to``) is no failure of the network, and is not repeated.
    """
    if isinstance(error.__cause__, PlatformError):
        return error.__cause__
    found = _timeout(base_url) if timed_out else _no_connection(error, base_url)
    if never_sent is None:
        never_sent = isinstance(error.__cause__ or error, _NEVER_SENT)
    return AskAgainError(found if reads or never_sent else outcome_unknown(found), wait=None, throttled=False)


def explained(error: StatusError, base_url: str, *, key_hint: str) -> PlatformError:
    """The error for the server's answer; ``key_hint`` says where the key comes from."""
    status, said = error.status_code, message(error, base_url)
    if status == HTTPStatus.NOT_FOUND:
        hint = "It may have been deleted."
        if base_url != IN_PROCESS:
            hint += " If nothing at all is found there, check the target's base_url."
        return NotFoundError(said, hint, status=status)
    if status == HTTPStatus.CONFLICT:
        return ConflictError(said, status=status)
    hints: Mapping[int, str] = {
        HTTPStatus.UNAUTHORIZED: key_hint,
        HTTPStatus.FORBIDDEN: "The key has no right to do this: use one that has, or have it given the right.",
        HTTPStatus.TOO_MANY_REQUESTS: "The platform asks to slow down: try later, or wait longer with --timeout.",
    }
    failed = "The server failed: try again later." if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    return PlatformError(said, hints.get(status, failed), status=status)


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """The seconds an answer asks to wait: ``retry-after-ms``, else ``Retry-After`` (seconds or an HTTP date)."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    return seconds if seconds is not None or text is None else _until(text)


def is_transient(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a status tells of a passing trouble; a server that says ``x-should-retry: false`` knows better."""
    if headers.get("x-should-retry") == "false":
        return False
    return status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def message(error: StatusError, base_url: str) -> str:
    """The server's message: an error object, ``{"detail": …}``, plain text or nothing; only its beginning."""
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    said = (body.get("message") or body.get("detail")) if isinstance(body, dict) else body
    text = _problems(said) or (str(said) if said else "no reason given")
    if text.lstrip()[:1] == "<":
        title = _TITLE.search(text)
        text = f"a web page answered{f', titled {title[1].strip()!r}' if title else ''}"
    return f"{excerpt(text)} (HTTP {error.status_code} from {shown_server(base_url)})"


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(text: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _problems(said: object) -> str:
    """FastAPI's list of problems with a request, each with its place; empty for anything else."""
    problems = (
        [problem for problem in said if isinstance(problem, dict) and "msg" in problem]
        if isinstance(said, list)
        else []
    )
    return "; ".join(f"{_place(problem.get('loc'))}: {problem['msg']}".lstrip(": ") for problem in problems)


def _place(steps: object) -> str:
    return ".".join(map(str, steps)) if isinstance(steps, list) else ""


def _timeout(base_url: str) -> NoAnswerError:
    hint = "Try again; options.timeout of the target sets the seconds."
    return NoAnswerError(f"{shown_server(base_url)} did not answer in time", hint)


def _no_connection(error: Exception, base_url: str) -> NoAnswerError:
    reason = excerpt(str(error.__cause__ or error)) or type(error).__name__
    address, proxy = shown_server(base_url), proxy_to(base_url)
    if _DISTRUST in reason:
        hint = "SSL_CERT_FILE names a file with the certificate of an authority of one's own, such as a company's."
        return NoAnswerError(f"no connection to {address}: {reason}", hint)
    if proxy is not None:
        hint = "Is that the right proxy, and is it up? NO_PROXY names the hosts to reach without one."
        return NoAnswerError(f"no connection to {address} through {proxy}: {reason}", hint)
    return NoAnswerError(f"no connection to {address}: {reason}", "Is the base_url right, and is the server up?")
