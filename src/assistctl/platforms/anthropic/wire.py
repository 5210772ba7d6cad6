"""The wire of Anthropic's managed agents."""

from __future__ import annotations

import contextlib

from assistctl.errors import NotFoundError, PlatformError
from assistctl.platforms.anthropic.credentials import WAYS_WITHOUT_KEY, credentials_without_key, without_token
from assistctl.platforms.anthropic.errors import ERRORS, code_in
from assistctl.platforms.anthropic.variables import ADDRESS_VARIABLE, KEY_VARIABLE
from assistctl.platforms.base import Connection
from assistctl.platforms.http.sdk_wire import SdkWire
from assistctl.platforms.http.vendor_sdk import VendorSdk
from assistctl.platforms.http.wire import Sent

SDK = VendorSdk(
    package="anthropic",
    client="AsyncAnthropic",
    base_error="AnthropicError",
    requirement="assistctl[anthropic]",
    default_base_url="https://api.anthropic.com",
    example="https://api.example.com",
    address_variable=ADDRESS_VARIABLE,
    key_variable=KEY_VARIABLE,
    account_headers=("anthropic-organization-id", "anthropic-workspace-id"),
    account_path="/v1/models",
    without_key=credentials_without_key,
    ways_without_key=WAYS_WITHOUT_KEY,
    errors=ERRORS,
    error_code=code_in,
)
_BETA = "managed-agents-2026-04-01"


class AnthropicWire(SdkWire):
    """One client, with the header of the managed agents' beta. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection) -> None:
        base_url = SDK.base_url_of(connection)
        client = SDK.connected(connection, base_url)
        super().__init__(connection, base_url, SDK, client, {"anthropic-beta": _BETA})

    def _translated(self, error: Exception, sent: Sent) -> PlatformError:
        return without_token(error) or super()._translated(error, sent)

    async def remove(self, path: str) -> None:
        """Delete what is at ``path``; what is not there is no error."""
        with contextlib.suppress(NotFoundError):
            await self.delete(path)
