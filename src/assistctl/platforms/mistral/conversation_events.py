"""The events of a conversation that is streamed -> the events of ours.

Names and shapes: ``ConversationEvents`` of mistralai 3.7.0, whose ``data`` has the name as its type.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.model.conversation import (
    Citation,
    Event,
    Finished,
    FunctionCall,
    ProducedFile,
    RunStatus,
    Usage,
    token_count,
)
from assistctl.platforms.answer_text import AnswerText
from assistctl.platforms.translation import Object, as_object, as_text

_LIBRARY = "document_library"


@dataclass(slots=True)
class ConversationEvents:
    """Reads one answer. ``ended``: its last event came."""

    conversation_id: str = ""
    ended: bool = False
    _text: AnswerText = field(default_factory=AnswerText)
    _calls: dict[str, FunctionCall] = field(default_factory=dict)
    _waits_for: str = ""
    _mentioned: dict[Event, None] = field(default_factory=dict)

    def read(self, name: str, event: Object) -> Iterator[Event]:
        """The events of ours that one of the stream stands for."""
        if name == "conversation.response.started":
            self.conversation_id = as_text(event.get("conversation_id")) or self.conversation_id
        elif name == "message.output.delta":
            yield from self._content(as_text(event.get("id")), event.get("content"))
        elif name == "function.call.delta":
            self._call(event)
        elif name == "conversation.response.done":
            yield from self._done(as_object(event.get("usage")))
        elif name == "conversation.response.error":
            yield from self._end(RunStatus.FAILED, None, as_text(event.get("message")) or "it failed")

    def _content(self, message: str, content: Json) -> Iterator[Event]:
        """A text, a chunk, or several of them; thoughts do not belong to the answer."""
        if isinstance(content, list):
            for chunk in content:
                yield from self._content(message, chunk)
        elif isinstance(content, str):
            yield from self._text.piece(message, content)
        elif isinstance(content, dict) and content.get("type") == "text":
            yield from self._text.piece(message, as_text(content.get("text")))
        elif isinstance(content, dict):
            yield from self._mention(content)

    def _mention(self, chunk: Object) -> Iterator[Event]:
        """A cited document or a created file, the first time it is mentioned."""
        event: Event
        if chunk.get("type") == "tool_reference" and chunk.get("tool") == _LIBRARY:
            event = Citation("", "", as_text(chunk.get("title")))
        elif chunk.get("type") == "tool_file":
            file_id = as_text(chunk.get("file_id"))
            name, kind = as_text(chunk.get("file_name")), as_text(chunk.get("file_type"))
            base = _file_name(name, kind) or file_id
            event = ProducedFile(file_id, base, kind if "/" in kind else mimetypes.guess_type(base)[0] or "")
        else:
            return
        if event not in self._mentioned:
            self._mentioned[event] = None
            yield event

    def _call(self, event: Object) -> None:
        call_id, name = as_text(event.get("tool_call_id")), as_text(event.get("name"))
        if event.get("confirmation_status") == "pending":
            self._waits_for = name
        before = self._calls.get(call_id)
        arguments = (before.arguments if before else "") + as_text(event.get("arguments"))
        self._calls[call_id] = FunctionCall(call_id, name or (before.name if before else ""), arguments)

    def _done(self, counted: Object) -> Iterator[Event]:
        usage = _usage(counted)
        if self._waits_for:
            words = f"it waits for somebody to allow {self._waits_for}, which is not a function"
            yield from self._end(RunStatus.FAILED, usage, words)
            return
        for call in self._calls.values():
            yield call if call.arguments else FunctionCall(call.id, call.name, "{}")
        yield from self._end(RunStatus.REQUIRES_ACTION if self._calls else RunStatus.COMPLETED, usage, "")

    def _end(self, status: RunStatus, usage: Usage | None, error: str) -> Iterator[Event]:
        if not self.ended:
            self.ended = True
            yield Finished(status, usage, error)


def _usage(counted: Object) -> Usage | None:
    sent, answered = token_count(counted.get("prompt_tokens")), token_count(counted.get("completion_tokens"))
    return None if sent is None or answered is None else Usage(sent, answered)


def _file_name(name: str, kind: str) -> str:
    """``name`` without folders; with ``kind`` (``png``) behind it where it has none of its own."""
    base = name.rpartition("/")[2]
    return f"{base}.{kind}" if base and kind and "/" not in kind and "." not in base else base
