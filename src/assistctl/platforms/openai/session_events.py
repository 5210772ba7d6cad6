"""The events of a session of the Agents API -> the events of a conversation.

Names and shapes: ``openai/types/beta/agent_session_event.py``. A session may have subagents, whose turns and text
are not the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.model.conversation import Event, Finished, FunctionCall, RunStatus
from assistctl.platforms.answer_text import AnswerText
from assistctl.platforms.conversation import usage_in
from assistctl.platforms.translation import Object, as_object, as_text, objects_in

_TURN = "agent.session.turn."
_ENDS = {
    "completed": RunStatus.COMPLETED,
    "failed": RunStatus.FAILED,
    "cancelled": RunStatus.CANCELLED,
}
_TOO_LONG = "max_output_tokens"


@dataclass(slots=True)
class SessionEvents:
    """Reads one turn, or the rest of one whose calls were ``answered``. ``ended``: its last event came."""

    answered: frozenset[str] = frozenset()
    session_id: str = ""
    turn_id: str = ""
    ended: bool = False
    is_completed: bool = False
    is_hosted: bool = True
    turns_of_calls: dict[str, str] = field(default_factory=dict)
    _others: set[str] = field(default_factory=set)
    _text: AnswerText = field(default_factory=AnswerText)

    def read(self, name: str, data: Json) -> Iterator[Event]:
        """The meaning of one event of the stream."""
        event = as_object(data)
        session = as_object(event.get("session"))
        self.session_id = as_text(session.get("id")) or as_text(event.get("session_id")) or self.session_id
        if "environment" in session:
            self.is_hosted = as_object(session["environment"]).get("type") != "none"
        if name == "error":
            error = as_object(event.get("error")) or event
            yield from self._end(Finished(RunStatus.FAILED, None, as_text(error.get("message"))))
        elif name == "agent.session.requires_action":
            yield from self._calls(objects_in(session.get("required_actions")))
        elif name == "agent.session.failed":
            yield from self._end(Finished(RunStatus.FAILED, None, as_text(session.get("error"))))
        elif name.startswith(_TURN):
            yield from self._turn(name.removeprefix(_TURN), event)

    def _turn(self, what: str, event: Object) -> Iterator[Event]:
        turn = as_object(event.get("turn"))
        turn_id = as_text(event.get("turn_id")) or as_text(turn.get("id"))
        if turn.get("subagent_id") is not None:
            self._others.add(turn_id)
        if turn_id in self._others:
            return
        self.turn_id = turn_id or self.turn_id
        if what == "output_text.delta":
            yield from self._text.piece(as_text(event.get("item_id")), as_text(event.get("delta")))
        elif what == "item.done":
            yield from self._whole(as_object(event.get("item")))
        elif what in _ENDS:
            yield from self._end(_finished(_ENDS[what], turn, event))

    def _whole(self, item: Object) -> Iterator[Event]:
        """The text of a message that did not come in pieces."""
        item_id = as_text(item.get("id"))
        if (
            item.get("type") == "message"
            and item.get("role") == "assistant"
            and item_id not in self._text.streamed
        ):
            text = "".join(as_text(part.get("text")) for part in objects_in(item.get("content")))
            yield from self._text.piece(item_id, text)

    def _calls(self, actions: list[Object]) -> Iterator[Event]:
        calls = [action for action in actions if action.get("type") == "function_call"]
        others = [as_text(action.get("type")) for action in actions if action.get("type") != "function_call"]
        if others:
            # Nothing answers that here, and it would wait for ever.
            yield from self._end(
                Finished(RunStatus.FAILED, None, f"it waits for something other than a function: {others[0]}")
            )
            return
        fresh = [call for call in calls if as_text(call.get("call_id")) not in self.answered]
        for call in fresh:
            call_id = as_text(call.get("call_id"))
            self.turns_of_calls[call_id] = as_text(call.get("turn_id"))
            yield FunctionCall(call_id, as_text(call.get("name")), _arguments(call.get("arguments")))
        if fresh:
            yield from self._end(Finished(RunStatus.REQUIRES_ACTION))

    def _end(self, finished: Finished) -> Iterator[Event]:
        if not self.ended:
            self.ended = True
            self.is_completed = finished.status is RunStatus.COMPLETED
            yield finished


def _finished(status: RunStatus, turn: Object, event: Object) -> Finished:
    error = as_object(turn.get("error"))
    if error.get("code") == _TOO_LONG:
        status = RunStatus.INCOMPLETE
    counted = as_object(event.get("usage")) or as_object(turn.get("usage"))
    return Finished(status, usage_in(counted), as_text(error.get("message")) or as_text(error.get("code")))


def _arguments(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
