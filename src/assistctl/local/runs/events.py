"""The events that tell of a run as it goes, and the channel through which they reach who listens.

Names and shapes: ``AssistantStreamEvent`` in OpenAI's OpenAPI description.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import cast

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored
from assistctl.local.http.errors import SERVER_ERROR
from assistctl.local.runs import record, steps
from assistctl.local.threads import messages

Fields = dict[str, Json]

MAX_WAITING = 256
"""Events that wait for a slow reader before pieces of text are put together."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, and the object it carries."""

    name: str
    data: Fields

    def text(self) -> str:
        """The event as server-sent."""
        return f"event: {self.name}\ndata: {json.dumps(self.data, ensure_ascii=False, separators=(',', ':'))}\n\n"


DONE = "event: done\ndata: [DONE]\n\n"
"""The end of a stream."""


def run_event(run: Stored, name: str | None = None) -> Event:
    """A run that has come into the state it is in."""
    return Event(f"thread.run.{name or run.body['status']}", record.view(run))


def step_event(step: Stored, run: Stored, name: str | None = None) -> Event:
    """A step of ``run`` that has come into the state it is in."""
    include = bool(record.private(run)["include"])
    return Event(f"thread.run.step.{name or step.body['status']}", steps.view(step, include=include))


def message_event(message: Stored, name: str | None = None) -> Event:
    """A message that has come into the state it is in."""
    return Event(f"thread.message.{name or message.body['status']}", messages.view(message))


def message_delta(message_id: str, part: Fields) -> Event:
    """A piece of one part of a message; ``part`` has its ``index`` and ``type``."""
    delta: Fields = {"content": [part]}
    data: Fields = {"id": message_id, "object": "thread.message.delta", "delta": delta}
    return Event("thread.message.delta", data)


def step_delta(step_id: str, call: Fields) -> Event:
    """A piece of one tool's call of a step; ``call`` has its ``index`` and ``type``."""
    details: Fields = {"type": "tool_calls", "tool_calls": [call]}
    data: Fields = {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}
    return Event("thread.run.step.delta", data)


def error_event(message: str) -> Event:
    """The event that ends a stream when the run's end is not known."""
    error = {"message": message, "type": SERVER_ERROR, "param": None, "code": None}
    return Event("error", {"error": cast("Json", error)})


class Channel:
    """Carries the events of one run to one reader, who may go away at any time: the run does not wait for it.

    When the reader is slow, pieces of text that wait are put together, so that no more waits than the answer
    itself is long.
    """

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._news = asyncio.Event()
        self._closed = False

    def publish(self, events: Sequence[Event]) -> None:
        """Hand events to the reader, if there is one."""
        if self._closed or not events:
            return
        for event in events:
            last = self._waiting[-1] if len(self._waiting) >= MAX_WAITING else None
            joined = None if last is None else _joined(last, event)
            if joined is not None:
                self._waiting[-1] = joined
            else:
                self._waiting.append(event)
        self._news.set()

    def close(self) -> None:
        """End the channel: nothing more comes, or nobody reads any more."""
        self._closed = True
        self._news.set()

    async def read(self) -> AsyncGenerator[str, None]:
        """The events as they come, up to the end."""
        try:
            while True:
                while self._waiting:
                    yield self._waiting.popleft().text()
                if self._closed:
                    break
                self._news.clear()
                await self._news.wait()
            yield DONE
        finally:
            self._closed = True
            self._waiting.clear()


def _joined(first: Event, second: Event) -> Event | None:
    """Two pieces of one text as one; ``None`` when they are anything else."""
    if not first.name == second.name == "thread.message.delta" or first.data["id"] != second.data["id"]:
        return None
    [earlier], [later] = _parts(first), _parts(second)
    if earlier["index"] != later["index"] or not earlier["type"] == later["type"] == "text":
        return None
    before, after = cast("Fields", earlier["text"]), cast("Fields", later["text"])
    if "annotations" in after or "value" not in before or "value" not in after:
        return None
    text: Fields = {**before, "value": f"{before['value']}{after['value']}"}
    return message_delta(str(first.data["id"]), {**earlier, "text": text})


def _parts(event: Event) -> list[Fields]:
    return cast("list[Fields]", cast("Fields", event.data["delta"])["content"])
