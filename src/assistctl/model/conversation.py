"""A conversation with an assistant, as data: events, in the order of their arrival.

Frozen dataclasses without I/O. A stream of events is the answer to one message, or to the outputs of functions;
its last event is always a ``Finished``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.model.source_file import SourceFile

_MOST_TOKENS = 10**15
"""More than any answer can take."""


class RunStatus(StrEnum):
    """The ending of a stream of events, in the words of the Assistants API's runs.

    ``REQUIRES_ACTION``: the functions called since the last message are to be answered before it goes on.
    """

    COMPLETED = "completed"
    REQUIRES_ACTION = "requires_action"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The things that conversations of an assistant use beside it, by the platform's ids.

    ``memory_stores`` maps those of memory stores to the settings of their use (``access``, ``instructions``).
    """

    environment_id: str | None = None
    memory_stores: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that an answer took, as the platform counted them."""

    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)


def token_count(counted: object) -> int | None:
    """The number of tokens that a server counted; ``None`` for anything that cannot be one."""
    return counted if isinstance(counted, int) and 0 <= counted <= _MOST_TOKENS else None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function that the model calls; ``arguments`` is the text that the model wrote, mostly a JSON object."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A file that the answer cites: ``text`` is the mark in the answer's text, ``file_name`` the base name.

    ``file_id`` is the upload's, where the platform tells it; a name that it does not tell is empty.
    """

    text: str
    file_id: str
    file_name: str


@dataclass(frozen=True, slots=True)
class ProducedFile:
    """A file that the assistant made; ``media_type`` is empty where the platform does not tell it."""

    id: str
    name: str
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a stream. ``usage`` is ``None`` where the platform does not count.

    ``error`` says in a sentence why nothing, or not all, was answered; empty when all was.
    """

    status: RunStatus
    usage: Usage | None = None
    error: str = ""


Event: TypeAlias = TextDelta | FunctionCall | Citation | ProducedFile | Finished


@dataclass(frozen=True, slots=True)
class MessageFile:
    """A file to go with a message; ``tool`` is who reads it: ``file_search`` or ``code_interpreter``."""

    source: SourceFile
    tool: str
