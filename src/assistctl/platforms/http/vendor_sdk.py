"""The SDKs of OpenAI and Anthropic come from one generator: what differs between them is data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Protocol

from assistctl.errors import ProjectError
from assistctl.platforms.base import Connection
from assistctl.platforms.http.connection_options import (
    answer_budget,
    checked_address,
    checked_key,
    headers,
    is_on_this_machine,
    key_used,
    texts,
    timeout,
)
from assistctl.platforms.http.error_meanings import ErrorTable, code_of_error

# As both SDKs name them in X-Stainless-OS.
_SYSTEMS = {"linux": "Linux", "darwin": "MacOS", "win32": "Windows"}


class Client(Protocol):
    """An SDK's client; its methods for requests are called like the methods of HTTP."""

    async def close(self) -> None:
        """Close the connections."""


def tell_system(client: Client) -> None:
    """Tell an SDK's client which system it runs on; where this is not known here, it finds out as ever.

    It would ask in a thread of its own for each request before the first answer, and Python to tell it would read
    through the interpreter's file and run ``uname -p``: more than a plan of a few assistants takes.
    """
    if sys.platform in _SYSTEMS and hasattr(client, "_platform"):
        client._platform = _SYSTEMS[sys.platform]  # noqa: SLF001  # there is no option for it


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
        """Where the key comes from that was sent, and what is taken in its place where there is none."""
        used = key_used(connection, self.key_variable)
        if connection.api_key:
            return f"{used} Without an api_key, it is {self.key_variable} in the environment, else in .env."
        has_key = connection.environment.get(self.key_variable)
        return used if has_key else f"{used} {self.ways_without_key}".rstrip()

    def base_url_of(self, connection: Connection) -> str:
        """The address of the API: the target's, else that of the variable, else the vendor's own.

        Raises ``ProjectError`` for one that is no http(s) address.
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
            # The SDK would repeat a create, and each request would back off by itself: see ``rate_limit``.
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
