"""Conversations with deployed assistants: an optional part of a platform.

A platform that has them is a ``SupportsConversations`` and says so in ``Capabilities.converses``. ``ask`` and
``check`` go through nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from assistctl.json_value import Json
from assistctl.model.conversation import (
    Citation,
    Event,
    Finished,
    FunctionCall,
    MessageFile,
    ProducedFile,
    RunStatus,
    Surroundings,
    TextDelta,
    Usage,
    token_count,
)

__all__ = [
    "Citation",
    "Conversation",
    "Converses",
    "Event",
    "Finished",
    "FunctionCall",
    "MessageFile",
    "ProducedFile",
    "RunStatus",
    "SupportsConversations",
    "SupportsSurroundings",
    "Surroundings",
    "TextDelta",
    "Usage",
    "conversations_of",
    "usage_in",
]


class Conversation(Protocol):
    """One conversation with one assistant. Failures of the wire are ``PlatformError`` and nothing else.

    What the run itself came to, its failure too, is the ``Finished`` that ends each stream of events. One stream
    is read at a time, to its end or until it is closed (``aclose``); one that is closed early goes on at the
    platform until ``cancel``.
    """

    @property
    def id(self) -> str:
        """The platform's id of it, to be given to ``Converses.start`` later."""

    def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
        """Send a message, with files that are uploaded for it; what comes back."""

    def answer(self, outputs: Mapping[str, str]) -> AsyncIterator[Event]:
        """Answer all functions that were called, by the ids of their calls; what comes back."""

    async def read_file(self, file_id: str) -> bytes:
        """The contents of a file that the assistant made, by the id of its ``ProducedFile``."""

    async def cancel(self) -> None:
        """Stop the run under way; without one, do nothing."""

    async def close(self, *, keep: bool = False) -> None:
        """End it: delete what was made for it, the files of its messages too, unless it is to ``keep``.

        A conversation that was there before is kept whatever is said.
        """


class Converses(Protocol):
    """The conversations of a platform."""

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> Conversation:
        """A conversation with an assistant: a new one, or the one of the id ``thread_id``, to go on with.

        Raises ``NotFoundError`` for a ``thread_id`` that is not there.
        """


@runtime_checkable
class SupportsSurroundings(Protocol):
    """Conversations that can have an environment and memory stores: an optional part of a ``Converses``."""

    def within(self, surroundings: Surroundings) -> Converses:
        """The same, of which new ones have that."""


@runtime_checkable
class SupportsConversations(Protocol):
    """A platform whose assistants can be talked to."""

    @property
    def conversations(self) -> Converses:
        """Its conversations."""


@runtime_checkable
class TellsOfModel(Protocol):
    """A platform whose server says that it has no model, which the embedded one does: an optional part of one."""

    @property
    def lacks_model(self) -> bool:
        """Whether its last answer said that nothing can answer; nothing is asked."""


def conversations_of(platform: object) -> Converses | None:
    """The conversations of ``platform``; ``None`` where it has none."""
    return platform.conversations if isinstance(platform, SupportsConversations) else None


def usage_in(counted: Mapping[str, Json]) -> Usage | None:
    """The tokens that a response or a turn of a session counted; ``None`` where it did not."""
    sent, answered = token_count(counted.get("input_tokens")), token_count(counted.get("output_tokens"))
    return None if sent is None or answered is None else Usage(sent, answered)
