"""The wire of Anthropic's managed agents."""

from __future__ import annotations

import contextlib

from assistctl.errors import NotFoundError
from assistctl.platforms.base import Connection
from assistctl.platforms.http.vendor_sdk import SdkWire, VendorSdk

SDK = VendorSdk(
    package="anthropic",
    client="AsyncAnthropic",
    base_error="AnthropicError",
    requirement="assistctl[anthropic]",
    default_base_url="https://api.anthropic.com",
    example="https://api.example.com",
    address_variable="ANTHROPIC_BASE_URL",
    key_variable="ANTHROPIC_API_KEY",
)
_BETA = "managed-agents-2026-04-01"


class AnthropicWire(SdkWire):
    """One client, with the header of the managed agents' beta. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection) -> None:
        base_url = SDK.base_url_of(connection)
        client = SDK.connected(connection, base_url)
        super().__init__(connection, base_url, SDK, client, {"anthropic-beta": _BETA})

    async def remove(self, path: str) -> None:
        """Delete what is at ``path``; what is not there is no error."""
        with contextlib.suppress(NotFoundError):
            await self.delete(path)
