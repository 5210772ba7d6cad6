"""The text of an answer that is streamed, which may be in several messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assistctl.model.conversation import Event, TextDelta

_BETWEEN_MESSAGES = "\n\n"


@dataclass(slots=True)
class AnswerText:
    """Puts the pieces of messages together. ``streamed`` are the ids of the messages of which pieces came."""

    streamed: set[str] = field(default_factory=set)
    _last: str | None = None

    def piece(self, message: str, text: str) -> Iterator[Event]:
        """The next ``text`` of a message, behind an empty line where another message came before."""
        if not text:
            return
        if self._last not in {None, message}:
            yield TextDelta(_BETWEEN_MESSAGES)
        self._last = message
        self.streamed.add(message)
        yield TextDelta(text)
