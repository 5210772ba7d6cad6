"""Conversations whose answers are written down: what a platform would send, and what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from assistctl.errors import NotFoundError, PlatformError
from assistctl.model.conversation import Event, Finished, MessageFile, RunStatus, TextDelta, Usage

Answer: TypeAlias = Sequence[Event | Exception]
COUNTED = Usage(100, 20)


def said(*pieces: str, usage: Usage | None = COUNTED) -> list[Event]:
    """A whole answer."""
    return [*map(TextDelta, pieces), Finished(RunStatus.COMPLETED, usage)]


@dataclass
class ScriptedConversation:
    """One conversation: an answer for each message or output of functions, in order."""

    id: str
    answers: list[Answer]
    passes: Callable[[], None]
    asked: list[str] = field(default_factory=list)
    files: list[MessageFile] = field(default_factory=list)
    outputs: list[Mapping[str, str]] = field(default_factory=list)
    cancelled: bool = False
    closed: bool = False

    async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
        """The next answer."""
        self.asked.append(text)
        self.files += attachments
        for event in self._next():
            yield event

    async def answer(self, outputs: Mapping[str, str]) -> AsyncIterator[Event]:
        """The next answer."""
        self.outputs.append(outputs)
        for event in self._next():
            yield event

    def _next(self) -> list[Event]:
        self.passes()
        events = []
        for event in self.answers.pop(0):
            if isinstance(event, Exception):
                raise event
            events.append(event)
        return events

    async def read_file(self, file_id: str) -> bytes:
        """There is none."""
        raise NotFoundError(f"there is no file {file_id}")

    async def cancel(self) -> None:
        """Take note."""
        self.cancelled = True

    async def close(self, *, keep: bool = False) -> None:
        """Take note."""
        assert not keep
        self.closed = True


@dataclass
class ScriptedPlatform:
    """Conversations whose answers are ``answers``, one list of them for each conversation; the last one repeats.

    Each answer takes ``seconds`` of ``now``, a clock that nothing else moves.
    """

    answers: Sequence[Sequence[Answer]]
    seconds: float = 0.25
    now: float = 0.0
    started: list[ScriptedConversation] = field(default_factory=list)

    def clock(self) -> float:
        """What time it is."""
        return self.now

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> ScriptedConversation:
        """The next conversation."""
        if assistant_id == "asst_gone" or thread_id is not None:
            raise NotFoundError("there is no such assistant")
        if assistant_id == "asst_broken":
            raise PlatformError("the platform does not answer", "Is it up?")
        number = min(len(self.started), len(self.answers) - 1)
        made = ScriptedConversation(f"thread_{number}", [*self.answers[number]], self._pass)
        self.started.append(made)
        return made

    def _pass(self) -> None:
        self.now += self.seconds
