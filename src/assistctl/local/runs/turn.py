"""One turn of the model: what it streams becomes messages and steps in the database, and events, as it comes.

All writing here is of beginnings, done by ``write``, which calls a function in a transaction of the run's owner,
away from the event loop, and publishes the events it returns. A step of tool calls is kept whole once its calls
are known.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored, new_id
from assistctl.local.runs import record, steps
from assistctl.local.runs.citations import Annotator
from assistctl.local.runs.events import Event, message_delta, message_event, step_delta, step_event
from assistctl.local.runs.model_chunk import CallPiece, ModelChunk
from assistctl.local.runs.tools import BuiltInTool, ToolResult
from assistctl.local.threads import messages

Fields = dict[str, Json]
Write: TypeAlias = Callable[[Callable[[sqlite3.Connection], list[Event]]], Awaitable[None]]
Publish: TypeAlias = Callable[[list[Event]], None]


@dataclass(slots=True, eq=False)
class Call:
    """One call of a tool, as the model writes it; ``sent_id`` is what the model called it."""

    index: int
    id: str
    name: str
    sent_id: str | None
    arguments: str = ""


@dataclass(slots=True)
class Turn:
    """One turn under way, and what has come of it. ``used_ids`` are those of calls in the turns before it."""

    run: Stored
    built_in: Mapping[str, BuiltInTool]
    annotator: Annotator
    images: tuple[str, ...]
    used_ids: frozenset[str]
    write: Write
    publish: Publish
    _held: str = ""
    text: str = ""
    refusal: str = ""
    annotations: list[Fields] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    message: Stored | None = None
    message_step: Stored | None = None
    step: Stored | None = None
    finish_reason: str = "stop"
    usage: Fields = field(default_factory=lambda: dict(record.NO_USAGE))
    _at_index: dict[int, Call] = field(default_factory=dict)
    _parts: list[str] = field(default_factory=list)

    async def take(self, chunk: ModelChunk) -> None:
        """Take one chunk of the stream."""
        if chunk.usage is not None:
            self.usage = {**chunk.usage}
        self.finish_reason = chunk.finish_reason or self.finish_reason
        await self._take_text(chunk)
        for piece in chunk.calls:
            await self._take_call(piece)

    async def finish_text(self) -> None:
        """Tell the annotations at the end of the text; an answer that is empty is a message, too."""
        if self.message is None and not self.calls:
            await self._begin_message()
        if self.message is not None:
            self._tell_text()
            self._annotate(is_whole=True)

    def content(self) -> list[Fields]:
        """The content of the message so far."""
        content: list[Fields] = [
            {"type": "image_file", "image_file": {"file_id": image, "detail": "auto"}} for image in self.images
        ]
        text: Fields = {"value": self.text, "annotations": cast("Json", self.annotations)}
        parts: dict[str, Fields] = {
            "text": {"type": "text", "text": text},
            "refusal": {"type": "refusal", "refusal": self.refusal},
        }
        return [*content, *(parts[kind] for kind in self._parts or ["text"])]

    def end_message(
        self, connection: sqlite3.Connection, usage: Mapping[str, Json], reason: str | None = None
    ) -> list[Event]:
        """Complete the message and its step, or break it off for ``reason``."""
        if self.message is None or self.message_step is None:
            return []
        if reason is None:
            ended = messages.complete(connection, self.message, self.content())
        else:
            ended = messages.break_off(connection, self.message, reason, self.content())
        step = steps.end(connection, self.message_step, "completed", {"usage": dict(usage)})
        self.message = self.message_step = None
        return [message_event(ended), step_event(step, self.run)]

    def keep_text(self, connection: sqlite3.Connection) -> None:
        """Keep the text so far of the message, which is about to end with its run."""
        message = self.message
        if message is not None:
            messages.keep_content(connection, message, self.content())

    def forget_text(self) -> None:
        """Have no text, where there is no room for it. Its part of the message stays: streams have told of it."""
        self.text, self.annotations = "", []

    async def _take_text(self, chunk: ModelChunk) -> None:
        self._held += chunk.text
        # Blank lines in front of a call of a tool are no message.
        if self.message is None and not self._held.strip() and not chunk.refusal:
            return
        if self.message is None:
            await self._begin_message()
        self._tell_text()
        if chunk.refusal and self.message is not None:
            self.refusal += chunk.refusal
            part: Fields = {"index": self._place("refusal"), "type": "refusal", "refusal": chunk.refusal}
            self.publish([message_delta(self.message.id, part)])

    def _place(self, kind: str) -> int:
        """The place of a part of the message, behind its pictures and those that began before it."""
        if kind not in self._parts:
            self._parts.append(kind)
        return len(self.images) + self._parts.index(kind)

    def _tell_text(self) -> None:
        """Tell the text that was held back."""
        if not self._held or self.message is None:
            return
        beginning: Fields = {} if self.text else {"annotations": []}
        piece, self._held = self._held, ""
        self.text += piece
        part: Fields = {"index": self._place("text"), "type": "text", "text": {"value": piece, **beginning}}
        self.publish([message_delta(self.message.id, part)])
        self._annotate(is_whole=False)

    async def _begin_message(self) -> None:
        # Text behind a call of a tool goes on in the message before it, if there is one.
        await self.write(self._begun_message)
        if self.message is not None:
            for index, file_id in enumerate(self.images):
                picture: Fields = {"file_id": file_id, "detail": "auto"}
                part: Fields = {"index": index, "type": "image_file", "image_file": picture}
                self.publish([message_delta(self.message.id, part)])

    def _begun_message(self, connection: sqlite3.Connection) -> list[Event]:
        run = self.run
        message = messages.begin(connection, str(run.body["thread_id"]), run.id, str(run.body["assistant_id"]))
        details: Fields = {"type": "message_creation", "message_creation": {"message_id": message.id}}
        step = steps.begin(connection, run, details)
        self.message, self.message_step = message, step
        return [
            step_event(step, run, "created"),
            step_event(step, run),
            message_event(message, "created"),
            message_event(message),
        ]

    def _annotate(self, *, is_whole: bool) -> None:
        for annotation in self.annotator.found(self.text, is_whole=is_whole):
            numbered: Fields = {"index": len(self.annotations), **annotation}
            self.annotations.append(annotation)
            part: Fields = {
                "index": self._place("text"),
                "type": "text",
                "text": {"annotations": [numbered]},
            }
            if self.message is not None:
                self.publish([message_delta(self.message.id, part)])

    async def _take_call(self, piece: CallPiece) -> None:
        if self.step is None:
            await self.write(self._begun_step)
        call = self._at_index.get(piece.index)
        name = piece.name
        # Some servers give every call the index 0. That of a call that goes on has its id, or no name.
        if call is None or (name and piece.id and piece.id != call.sent_id):
            call = self._at_index[piece.index] = self._begun_call(piece)
        call.arguments += piece.arguments
        if piece.arguments and call in self.calls and call.name not in self.built_in:
            self._tell_call(call, {"type": "function", "function": {"arguments": piece.arguments}})

    def _begun_call(self, piece: CallPiece) -> Call:
        # An id that is left out, empty or used twice is made up: results are told apart by it.
        fresh = _fresh(piece.id, self.used_ids | {call.id for call in self.calls})
        call = Call(len(self.calls), fresh, piece.name, piece.id)
        # Not every model keeps to one call where it may make no more: the others are as good as not made.
        if not self.calls or self.run.body["parallel_tool_calls"]:
            self.calls.append(call)
            self._tell_begun(call)
        return call

    def _begun_step(self, connection: sqlite3.Connection) -> list[Event]:
        step = steps.begin(connection, self.run, {"type": "tool_calls", "tool_calls": []})
        self.step = step
        return [step_event(step, self.run, "created"), step_event(step, self.run)]

    def _tell_begun(self, call: Call) -> None:
        """Tell that a call begins: readers put it in its place among the others, whoever executes it."""
        tool = self.built_in.get(call.name)
        if tool is not None:
            self._tell_call(call, tool.begun(call.id))
            return
        function: Fields = {"name": call.name, "arguments": "", "output": None}
        self._tell_call(call, {"id": call.id, "type": "function", "function": function})

    def _tell_call(self, call: Call, piece: Fields) -> None:
        if self.step is not None:
            self.publish([step_delta(self.step.id, {"index": call.index, **piece})])


def _fresh(call_id: str | None, known: AbstractSet[str]) -> str:
    return call_id if call_id and call_id not in known else new_id("call_")


def step_of(turn: Turn, calls: list[Call], done: Mapping[str, ToolResult]) -> Fields:
    """The changes of a step once its calls are known, and those of the platform's own tools executed."""
    shown: list[Json] = []
    told: list[Json] = []
    for call in calls:
        result = done.get(call.id)
        function: Fields = {"name": call.name, "arguments": call.arguments, "output": None}
        shown.append({"id": call.id, "type": "function", "function": function} if result is None else result.step)
        answer = None if result is None else result.for_model
        told.append({"id": call.id, "name": call.name, "arguments": call.arguments, "result": answer})
    results = done.values()
    private: Fields = {
        "usage": turn.usage,
        "calls": told,
        "citations": {key: value for result in results for key, value in result.citations.items()},
        "paths": {key: value for result in results for key, value in result.produced.items()},
        "images": [image for result in results for image in result.images],
    }
    return {"step_details": {"type": "tool_calls", "tool_calls": shown}, "private": private}


def outcome_delta(index: int, step: Fields) -> Fields:
    """The outputs of a tool as a delta; its id and input are told by then, and would be put behind themselves."""
    kind = str(step["type"])
    outputs = cast("list[Fields]", cast("Fields", step[kind])["outputs"])
    numbered: list[Json] = [{"index": place, **output} for place, output in enumerate(outputs)]
    return {"index": index, "type": kind, kind: {"outputs": numbered}}
