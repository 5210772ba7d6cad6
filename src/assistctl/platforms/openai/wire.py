"""The wire of OpenAI's APIs: JSON, files that are streamed, what it refuses, and the models it lists.

The SDK's models would hide what a server really said (an unknown tool type is parsed into the wrong class),
and merely touching ``client.beta`` takes as long as importing the rest of the SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from assistctl.errors import NotFoundError, PlatformError, ProjectError
from assistctl.platforms.connection import Connection, header_text
from assistctl.platforms.http.error_meanings import ErrorMeaning, ErrorTable
from assistctl.platforms.http.pager import as_page
from assistctl.platforms.http.sdk_wire import SdkWire, VendorSdk
from assistctl.platforms.http.wire import Sent
from assistctl.platforms.openai.variables import ADDRESS_VARIABLE, KEY_VARIABLE
from assistctl.platforms.openai.workload_identity import (
    OPTION,
    WAYS_WITHOUT_KEY,
    identity_settings,
    without_token,
)
from assistctl.secrets.addresses import shown_address

if TYPE_CHECKING:
    import openai

    from assistctl.platforms.http.sdk_errors import StatusError

ERRORS: ErrorTable = {
    "insufficient_quota": ErrorMeaning.SPENT,
    "rate_limit_exceeded": ErrorMeaning.AS_STATUS,
    "files_api_rate_limit_exceeded": ErrorMeaning.AS_STATUS,
    "server_error": ErrorMeaning.AS_STATUS,
}
"""The codes of a 429 and of a 5xx (https://platform.openai.com/docs/guides/error-codes, and the Agents API's)."""

SDK = VendorSdk(
    package="openai",
    client="AsyncOpenAI",
    base_error="OpenAIError",
    requirement="assistctl",
    default_base_url="https://api.openai.com/v1",
    example="https://api.example.com/v1",
    address_variable=ADDRESS_VARIABLE,
    key_variable=KEY_VARIABLE,
    account_headers=("openai-organization", "openai-project"),
    without_key=identity_settings,
    ways_without_key=WAYS_WITHOUT_KEY,
    errors=ERRORS,
)

_OPENAI_HOST = "api.openai.com"
_ASSISTANTS = "/assistants"
_SWITCHED_OFF = "2026-08-26"
_WAYS_ON = (
    "Move to openai-agents, azure-foundry or anthropic-agents with `assistctl migrate`, or point base_url at "
    "a server that speaks it: `assistctl serve`, one of your own, or Azure Foundry's classic Agent Service "
    "until 2027-03-31."
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A client that another SDK made; ``key_hint`` says where its key comes from. Its own retries are off."""

    client: openai.AsyncOpenAI
    key_hint: str


class OpenAIWire(SdkWire):
    """One client, with the ``OpenAI-Beta`` header of one API. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection, *, beta: str, signed_in: SignedIn | None = None) -> None:
        """A client is made for ``connection``, unless there is one that is ``signed_in``."""
        base_url = str(signed_in.client.base_url) if signed_in else SDK.base_url_of(connection)
        client = signed_in.client if signed_in else _client(connection, base_url)
        super().__init__(connection, base_url, SDK, client, {"OpenAI-Beta": beta})
        self._signed_in = signed_in

    async def remove(self, path: str, object_id: str) -> None:
        """Delete ``object_id``, which is at ``path``. One that is not there is no error; one that stays is."""
        try:
            answer = await self.delete(path)
        except NotFoundError:
            return
        if isinstance(answer, dict) and answer.get("deleted") is False:
            raise PlatformError(f"the platform did not delete {object_id}")

    def _translated(self, error: Exception, sent: Sent) -> PlatformError:
        if OPTION in self._connection.options:
            without = without_token(error, urlsplit(self.base_url).hostname)
            if without is not None:
                return without
        return super()._translated(error, sent)

    def _explained(self, error: StatusError) -> PlatformError:
        hint = self._signed_in.key_hint if self._signed_in else _key_hint(self._connection)
        return _explained_here(cast("openai.APIStatusError", error), self.base_url, hint)


async def listed_models(wire: OpenAIWire) -> Mapping[str, str | None] | None:
    """``GET /models``: each model and its ``shutdown_date``, ``None`` when the server has no such list.

    The date is in OpenAI's API description since 2026-08-14.
    """
    try:
        items = as_page(await wire.get_once("/models")).items
    except PlatformError:
        return None
    dates = {str(item["id"]): item.get("shutdown_date") for item in items if "id" in item}
    return {model: date if isinstance(date, str) else None for model, date in dates.items()}


def _key_hint(connection: Connection) -> str:
    if OPTION in connection.options:
        return f"Target {connection.target!r} has no api_key, but options.{OPTION}, whose token was not accepted."
    return SDK.key_hint(connection)


def _client(connection: Connection, base_url: str) -> openai.AsyncOpenAI:
    environment = connection.environment
    if OPTION in connection.options:
        if connection.api_key:
            raise ProjectError(
                f"target {connection.target!r} has an api_key and options.{OPTION}", "Take one of them out."
            )
        # What a target says comes before what happens to be in the environment.
        others = {name: value for name, value in environment.items() if name != KEY_VARIABLE}
        connection = replace(connection, environment=others)
    client = SDK.connected(
        connection,
        base_url,
        organization=header_text(
            connection, "organization", connection.organization or environment.get("OPENAI_ORG_ID")
        ),
        project=header_text(connection, "project", connection.project or environment.get("OPENAI_PROJECT_ID")),
    )
    return cast("openai.AsyncOpenAI", client)


def _explained_here(error: openai.APIStatusError, base_url: str, key_hint: str) -> PlatformError:
    """What the server said, and of a 404 what it means: where an API is no more, and where it never was."""
    from assistctl.platforms.http.sdk_errors import explained

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
