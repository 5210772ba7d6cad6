"""A platform that speaks through one wire, and answers as the account that its wire has learnt of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from assistctl.platforms.base import ClosedAtEnd


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
