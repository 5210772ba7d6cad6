"""The events of a response that is streamed -> the events of a conversation.

Names and shapes: ``openai/types/responses/response_stream_event.py``. What came in no piece is taken from the
finished item.
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
)
from assistctl.platforms.answer_text import AnswerText
from assistctl.platforms.conversation import usage_in
from assistctl.platforms.translation import Object, as_object, as_text, objects_in


@dataclass(slots=True)
class ResponseEvents:
    """Reads one response. ``ended``: its last event came."""

    response_id: str | None = None
    ended: bool = False
    _calls: bool = False
    _text: AnswerText = field(default_factory=AnswerText)
    _mentioned: dict[Event, None] = field(default_factory=dict)

    def read(self, name: str, data: Json) -> Iterator[Event]:
        """The meaning of one event of the stream."""
        event = as_object(data)
        response = as_object(event.get("response"))
        self.response_id = as_text(response.get("id")) or self.response_id
        if name in {"response.output_text.delta", "response.refusal.delta"}:
            yield from self._text.piece(as_text(event.get("item_id")), as_text(event.get("delta")))
        elif name == "response.output_text.annotation.added":
            yield from self._mention(as_object(event.get("annotation")))
        elif name == "response.output_item.done":
            yield from self._item(as_object(event.get("item")))
        elif name == "error":
            yield from self._end(RunStatus.FAILED, None, event)
        elif name in {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}:
            yield from self._over(name.removeprefix("response."), response)

    def _item(self, item: Object) -> Iterator[Event]:
        if item.get("type") == "function_call":
            self._calls = True
            yield FunctionCall(
                as_text(item.get("call_id")), as_text(item.get("name")), as_text(item.get("arguments")) or "{}"
            )
        elif item.get("type") == "message":
            item_id = as_text(item.get("id"))
            is_new = item_id not in self._text.streamed
            for part in objects_in(item.get("content")):
                if is_new:
                    yield from self._text.piece(item_id, as_text(part.get("text")) or as_text(part.get("refusal")))
                for annotation in objects_in(part.get("annotations")):
                    yield from self._mention(annotation)

    def _mention(self, annotation: Object) -> Iterator[Event]:
        """A cited or created file, the first time it is mentioned."""
        file_id, name = as_text(annotation.get("file_id")), as_text(annotation.get("filename"))
        event: Event
        if annotation.get("type") == "file_citation":
            event = Citation("", file_id, name)
        elif annotation.get("type") == "container_file_citation":
            base = name.rpartition("/")[2] or file_id
            made_in = as_text(annotation.get("container_id"))
            event = ProducedFile(f"{made_in}/{file_id}", base, mimetypes.guess_type(base)[0] or "")
        else:
            return
        if event not in self._mentioned:
            self._mentioned[event] = None
            yield event

    def _over(self, status: str, response: Object) -> Iterator[Event]:
        if status == "completed" and self._calls:
            yield from self._end(RunStatus.REQUIRES_ACTION, response, {})
        else:
            details = as_object(response.get("incomplete_details"))
            reason = as_object(response.get("error")) or {"message": details.get("reason")}
            yield from self._end(RunStatus(status), response, reason)

    def _end(self, status: RunStatus, response: Object | None, error: Object) -> Iterator[Event]:
        if not self.ended:
            self.ended = True
            counted = as_object((response or {}).get("usage"))
            yield Finished(status, usage_in(counted), as_text(error.get("message")) or as_text(error.get("code")))
