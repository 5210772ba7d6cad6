"""Beginning a conversation so that none is left behind: one that was made while nobody waits any more is ended."""

from __future__ import annotations

import asyncio
import contextlib

from assistctl.errors import PlatformError
from assistctl.platforms.conversation import Conversation, Converses

CLOSING_SECONDS = 10.0
"""How long the end of a conversation may take when nothing depends on it, in seconds."""


async def started(converses: Converses, assistant_id: str, *, thread_id: str | None = None) -> Conversation:
    """A new conversation, or the one of ``thread_id``. Raises ``PlatformError``.

    Whoever cancels this waits until a conversation that is being made is there, and ended again.
    """
    starting = asyncio.ensure_future(converses.start(assistant_id, thread_id=thread_id))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(PlatformError, TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                conversation = await starting
                await conversation.close()
        raise
