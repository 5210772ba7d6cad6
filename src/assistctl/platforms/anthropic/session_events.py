"""The events of a session of Anthropic's managed agents -> the events of a conversation.

Names and shapes: ``anthropic/types/beta/sessions/beta_managed_agents_session_event.py``. Pieces of a message are a
preview: the message itself comes afterwards, whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.model.conversation import Event, Finished, FunctionCall, RunStatus, TextDelta, Usage, token_count
from assistctl.platforms.translation import Object, as_object, as_text, objects_in

_SENT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_BETWEEN_MESSAGES = "\n\n"
_ENDS = {
    "end_turn": (RunStatus.COMPLETED, ""),
    "retries_exhausted": (RunStatus.FAILED, "the platform gave up after repeated errors"),
    "budget_reached": (RunStatus.INCOMPLETE, "the session's budget is reached"),
    "refusal": (RunStatus.FAILED, "the model's answer was refused"),
}
_IDLE, _TERMINATED = "session.status_idle", "session.status_terminated"


@dataclass(slots=True)
class SessionEvents:
    """Reads one answer, or the rest of one whose calls were ``answered``. ``ended``: the session is idle again."""

    answered: frozenset[str] = frozenset()
    ended: bool = False
    used_tools: bool = False
    _has_begun: bool = False
    _calls: dict[str, FunctionCall] = field(default_factory=dict)
    _pieces: dict[str, str] = field(default_factory=dict)
    _last: str | None = None
    _usage: Usage | None = None
    _error: str = ""

    def read(self, name: str, data: Json) -> Iterator[Event]:
        """The meaning of one event of the stream."""
        event = as_object(data)
        event_id = as_text(event.get("id"))
        # A session that is idle when it is first listened to may say so.
        if name == _IDLE and not self._has_begun:
            return
        self._has_begun = True
        if name == "event_delta":
            content = as_object(as_object(event.get("delta")).get("content"))
            yield from self._text(as_text(event.get("event_id")), as_text(content.get("text")))
        elif name == "agent.message":
            whole = "".join(as_text(block.get("text")) for block in objects_in(event.get("content")))
            yield from self._rest(event_id, whole)
        elif name == "agent.custom_tool_use":
            arguments = json.dumps(event.get("input") or {}, ensure_ascii=False)
            self._calls[event_id] = FunctionCall(event_id, as_text(event.get("name")), arguments)
        elif name in {"agent.tool_use", "agent.mcp_tool_use"}:
            self.used_tools = True
        elif name == "span.model_request_end":
            self._count(as_object(event.get("model_usage")))
        elif name in {"session.error", "error"}:
            yield from self._failure(as_object(event.get("error")) or event, is_last=name == "error")
        elif name in {_IDLE, _TERMINATED}:
            yield from self._idle(as_object(event.get("stop_reason")), name)

    def _text(self, message: str, text: str) -> Iterator[Event]:
        if not text:
            return
        if self._last not in {None, message}:
            yield TextDelta(_BETWEEN_MESSAGES)
        self._last = message
        self._pieces[message] = self._pieces.get(message, "") + text
        yield TextDelta(text)

    def _rest(self, message: str, whole: str) -> Iterator[Event]:
        """The rest that did not come in pieces: they may stop early."""
        received = self._pieces.get(message, "")
        if whole.startswith(received):
            yield from self._text(message, whole[len(received) :])
        elif whole != received:
            # A piece was lost: what was said cannot be taken back, so that it is said again.
            self._last = ""
            yield from self._text(message, whole)

    def _count(self, counted: Object) -> None:
        sent = sum(token_count(counted.get(name)) or 0 for name in _SENT)
        usage = Usage(sent, token_count(counted.get("output_tokens")) or 0)
        self._usage = usage if self._usage is None else self._usage + usage

    def _failure(self, error: Object, *, is_last: bool) -> Iterator[Event]:
        """The failure in an error event; an error that is retried is not one yet."""
        if as_object(error.get("retry_status")).get("type") != "retrying":
            self._error = as_text(error.get("message")) or as_text(error.get("type"))
        if is_last:
            yield from self._end(RunStatus.FAILED, self._error)

    def _idle(self, reason: Object, name: str) -> Iterator[Event]:
        kind = as_text(reason.get("type"))
        if kind == "requires_action":
            yield from self._waits(reason.get("event_ids"))
        elif name == _TERMINATED:
            yield from self._end(RunStatus.FAILED, self._error or "the session was terminated")
        else:
            status, words = _ENDS.get(
                kind, (RunStatus.FAILED, f"the session stopped: {kind or 'nobody says why'}")
            )
            yield from self._end(status, "" if status is RunStatus.COMPLETED else self._error or words)

    def _waits(self, event_ids: Json) -> Iterator[Event]:
        wanted = (
            [event_id for event_id in event_ids if isinstance(event_id, str)]
            if isinstance(event_ids, list)
            else []
        )
        fresh = [event_id for event_id in wanted if event_id not in self.answered]
        if any(event_id not in self._calls for event_id in fresh):
            yield from self._end(
                RunStatus.FAILED, "it waits for somebody to allow a tool, which is not a function"
            )
            return
        yield from (self._calls[event_id] for event_id in fresh)
        if fresh:
            yield from self._end(RunStatus.REQUIRES_ACTION, "")

    def _end(self, status: RunStatus, error: str) -> Iterator[Event]:
        if not self.ended:
            self.ended = True
            yield Finished(status, self._usage, error)
