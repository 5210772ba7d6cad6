"""The connection to a platform: where and how a target says it is reached, who answers, and until when it is open.

What targets say alike for every vendor's SDK, the address, the key and the options, is read and checked here.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from assistctl.errors import ProjectError
from assistctl.json_value import Json
from assistctl.secrets.addresses import shown_address

if TYPE_CHECKING:
    import asyncio

COMMON_OPTIONS = frozenset({"timeout", "default_headers", "default_query", "max_answer_mib", "max_listed"})
"""The names of the options that every platform behind a vendor's SDK has."""

IN_PROCESS = "http://assistctl.local/v1"
"""The address of the embedded platform in this process. Only a name: no address is looked up on the way there."""

# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# For each wait on the network, not for a request as a whole.
_TIMEOUT_SECONDS = 120.0
_ANSWER_MEBIBYTES = 64

MEBIBYTE = 1024 * 1024


def shown_server(base_url: str) -> str:
    """The server at ``base_url`` as messages name it: an address that somebody can look at, without secrets."""
    return "the embedded platform" if base_url == IN_PROCESS else shown_address(base_url)


def nobody_listens(_: str) -> None:
    """Ignore progress, for callers that do not follow it."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection to a platform, as the target describes it; strings are already resolved.

    ``directory`` is the project's folder, for a platform that keeps its data there. ``environment`` is the
    process's environment with the project's ``.env``, for what the target leaves unsaid. ``http_client`` is the
    SDK's HTTP client to use instead of its own. ``api_key_as_written`` are the references (``${env:NAME}``) that
    ``api_key`` came from, empty where the key itself is written in the project. ``throttle_timeout`` is how long,
    in seconds, the platform may throttle without letting anything through before requests are given up. Once
    ``stop`` is set, no request waits any longer because of throttling: those not sent yet fail. ``told`` is
    called with a line about what takes long.
    """

    target: str
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    base_url: str | None = None
    api_key: str | None = None
    organization: str | None = None
    project: str | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    http_client: object = None
    throttle_timeout: float = 600.0
    stop: asyncio.Event | None = None
    told: Callable[[str], None] = nobody_listens
    api_key_as_written: str = ""


class ClosedAtEnd(ABC):
    """A platform that speaks through an SDK's client, which is open until the end of an ``async with``."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class AnsweringAccount:
    """The ids of the account in the headers ``names`` of all answers so far, refusals included; each once."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = names
        self._ids: dict[str, None] = {}

    @property
    def ids(self) -> Sequence[str]:
        """The ids, the first that was answered first; empty as long as no answer had any."""
        return tuple(self._ids)

    def note(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer, whose names are found in any case."""
        for name in self._names:
            account_id = headers.get(name, "").strip()
            if account_id:
                self._ids[account_id] = None


class AccountWire(Protocol):
    """A wire that knows which account answers."""

    @property
    def answered_as(self) -> Sequence[str]:
        """The ids that were answered so far; nothing is asked."""

    async def account_ids(self) -> Sequence[str]:
        """The ids of the account; it is asked for them if it has not answered yet. Raises ``PlatformError``."""

    async def close(self) -> None:
        """Close the connections."""


WireT = TypeVar("WireT", bound=AccountWire)


class AnsweringPlatform(ClosedAtEnd, Generic[WireT]):
    """It supports accounts (``SupportsAccounts``), and is open as long as its wire."""

    _wire: WireT

    @property
    def answered_as(self) -> Sequence[str]:
        """The ids that were answered so far; nothing is asked."""
        return self._wire.answered_as

    async def account_ids(self) -> Sequence[str]:
        """The ids of the account that the key is for. Raises ``PlatformError``."""
        return await self._wire.account_ids()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()


def checked_address(connection: Connection, url: str, example: str) -> str:
    """``url``. Raises ``ProjectError``, with an ``example``, when it is not an http(s) address."""
    if url != url.strip():
        raise ProjectError(
            f"the base_url of target {connection.target!r} has a blank at its beginning or end", "Remove it."
        )
    if not _is_http(url):
        raise ProjectError(
            f"the base_url of target {connection.target!r} is not an http(s) address: {shown_address(url)!r}",
            f"It looks like {example}.",
        )
    return url


def is_on_this_machine(url: str) -> bool:
    """Whether a server at ``url`` is one that need not want a key."""
    return urlsplit(url).hostname in _LOOPBACK


def checked_key(connection: Connection, key: str | None, called: str = "API key") -> str | None:
    """``key``, ``None`` if it is empty. Raises ``ProjectError`` when it cannot be put into a header."""
    if key and not (key.isascii() and key.isprintable()):
        raise ProjectError(
            f"the {called} of target {connection.target!r} has a character that no key has",
            "Look for a line break at its end, or a quote that was copied along.",
        )
    if key and key != key.strip():
        raise ProjectError(
            f"the {called} of target {connection.target!r} has a blank at its beginning or end",
            "Remove it where the key is set; no key has one.",
        )
    return key or None


def key_used(connection: Connection, variable: str = "") -> str:
    """A sentence on where the key that was sent comes from.

    ``variable`` is the one of the environment that stands in for a target's ``api_key``.
    """
    target = f"target {connection.target!r}"
    if connection.api_key and connection.api_key_as_written:
        return f"The key is the api_key of {target} in assistctl.yaml, {connection.api_key_as_written}."
    if connection.api_key:
        return (
            f"The key is written out as the api_key of {target} in assistctl.yaml; `api_key: ${{env:NAME}}` takes "
            "it from a variable."
        )
    if connection.environment.get(variable):
        return f"The key is {variable}, from the environment or .env: {target} has no api_key in assistctl.yaml."
    return f"There is no key: {target} has no api_key in assistctl.yaml, and {variable} is not set."


def header_text(connection: Connection, setting: str, text: str | None) -> str | None:
    """``text`` of a setting that becomes a header. Raises ``ProjectError`` when no header can hold it."""
    if text is None:
        return None
    if not (text.isascii() and text.isprintable()):
        raise ProjectError(
            f"{setting} of target {connection.target!r} has a character that no header can hold",
            "Look for a line break at its end.",
        )
    if text != text.strip():
        raise ProjectError(
            f"{setting} of target {connection.target!r} has a blank at its beginning or end", "Remove it."
        )
    return text


def headers(connection: Connection) -> dict[str, str]:
    """``options.default_headers``. Raises ``ProjectError`` for anything that is not a header."""
    found = texts(connection, "default_headers")
    for name, text in found.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ProjectError(
                f"options.default_headers of target {connection.target!r} has a name that no header has: {name!r}"
            )
        header_text(connection, f"options.default_headers.{name}", text)
    return found


def texts(connection: Connection, option: str) -> dict[str, str]:
    """An option that is a mapping of texts, such as ``default_headers``; empty if it is not set."""
    value = connection.options.get(option) or {}
    if not isinstance(value, dict):
        raise ProjectError(f"options.{option} of target {connection.target!r} must be a mapping of texts")
    return {name: str(text) for name, text in value.items()}


def timeout(connection: Connection) -> float:
    """``options.timeout``, in seconds: for each wait on the network, not for a request as a whole."""
    return positive_number(connection, "timeout", _TIMEOUT_SECONDS, "seconds")


def positive_number(connection: Connection, option: str, default: float, unit: str) -> float:
    """An option that is a number of ``unit``. Raises ``ProjectError`` for one that is not above 0."""
    value = connection.options.get(option, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ProjectError(f"options.{option} of target {connection.target!r} must be a number of {unit} above 0")
    return float(value)


@dataclass(frozen=True, slots=True)
class AnswerBudget:
    """The bounds of one answer: ``size`` in bytes, packed as well as unpacked; ``seconds`` to its last byte.

    The seconds are ``math.inf`` where nothing goes over a network.
    """

    size: int
    seconds: float


def answer_budget(connection: Connection) -> AnswerBudget:
    """The target's limits: ``options.max_answer_mib``; ``--timeout``, or a longer ``options.timeout``."""
    mebibytes = positive_number(connection, "max_answer_mib", _ANSWER_MEBIBYTES, "mebibytes")
    own = timeout(connection) if "timeout" in connection.options else 0.0
    # A client that is given answers in this process: that takes as long as the work does.
    is_near = connection.http_client is not None
    return AnswerBudget(int(mebibytes * MEBIBYTE), math.inf if is_near else max(connection.throttle_timeout, own))


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
