"""The events of a run that is streamed -> the events of a conversation.

Names and shapes: AssistantStreamEvent in OpenAI's API description. Servers leave out what they do not care for:
what came in no piece is taken from the finished message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.model.conversation import Event, Finished, FunctionCall, RunStatus, Usage, token_count
from assistctl.platforms.answer_text import AnswerText
from assistctl.platforms.translation import as_text

_RUN = "thread.run."
_ENDS = frozenset({"completed", "incomplete", "failed", "cancelled", "expired"})


@dataclass(frozen=True, slots=True)
class FileMention:
    """A file that the answer cites (``made`` false) or that was made for it, by its id; ``text`` is its mark."""

    file_id: str
    text: str
    made: bool


@dataclass(slots=True)
class RunEvents:
    """Reads one stream. ``run_id`` is the run's, once it is known; ``ended`` says that its last event came."""

    run_id: str | None = None
    ended: bool = False
    _text: AnswerText = field(default_factory=AnswerText)
    _mentioned: dict[FileMention, None] = field(default_factory=dict)

    def read(self, name: str, data: Json) -> Iterator[Event | FileMention]:
        """The meaning of one event of the stream."""
        if not isinstance(data, dict):
            return
        if name == "error":
            yield from self._end(Finished(RunStatus.FAILED, None, _message_of(data)))
        elif name == "thread.message.delta":
            yield from self._pieces(as_text(data.get("id")), _content(data.get("delta")), is_whole=False)
        elif name in {"thread.message.completed", "thread.message.incomplete"}:
            yield from self._pieces(as_text(data.get("id")), _content(data), is_whole=True)
        elif name.startswith(_RUN) and not name.startswith(f"{_RUN}step."):
            self.run_id = as_text(data.get("id")) or self.run_id
            yield from self._run(name.removeprefix(_RUN), data)

    def _run(self, status: str, data: dict[str, Json]) -> Iterator[Event]:
        if status == "requires_action":
            yield from _calls(data)
            yield from self._end(Finished(RunStatus.REQUIRES_ACTION))
        elif status in _ENDS:
            yield from self._end(Finished(RunStatus(status), _usage(data.get("usage")), _reason(data)))

    def _end(self, finished: Finished) -> Iterator[Event]:
        if not self.ended:
            self.ended = True
            yield finished

    def _pieces(self, message: str, content: list[Json], *, is_whole: bool) -> Iterator[Event | FileMention]:
        """Text that did not come before, and the files that it mentions, each once."""
        is_new = not (is_whole and message in self._text.streamed)
        for part in content:
            if not isinstance(part, dict):
                continue
            text = part.get("text")
            if is_new and isinstance(text, dict):
                yield from self._text.piece(message, as_text(text.get("value")))
            for mention in _mentions(part):
                if mention not in self._mentioned:
                    self._mentioned[mention] = None
                    yield mention


def _content(holder: Json) -> list[Json]:
    content = holder.get("content") if isinstance(holder, dict) else None
    return content if isinstance(content, list) else []


def _mentions(part: dict[str, Json]) -> Iterator[FileMention]:
    image = part.get("image_file")
    if isinstance(image, dict) and isinstance(file_id := image.get("file_id"), str):
        yield FileMention(file_id, "", made=True)
    text = part.get("text")
    annotations = text.get("annotations") if isinstance(text, dict) else None
    for annotation in annotations if isinstance(annotations, list) else ():
        if not isinstance(annotation, dict):
            continue
        for kind, made in (("file_citation", False), ("file_path", True)):
            about = annotation.get(kind)
            if isinstance(about, dict) and isinstance(file_id := about.get("file_id"), str):
                yield FileMention(file_id, as_text(annotation.get("text")), made)


def _calls(run: dict[str, Json]) -> Iterator[FunctionCall]:
    action = run.get("required_action")
    wanted = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    calls = wanted.get("tool_calls") if isinstance(wanted, dict) else None
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(call, dict) and isinstance(function, dict):
            yield FunctionCall(
                as_text(call.get("id")), as_text(function.get("name")), as_text(function.get("arguments"))
            )


def _usage(counted: Json) -> Usage | None:
    if not isinstance(counted, dict):
        return None
    sent, answered = token_count(counted.get("prompt_tokens")), token_count(counted.get("completion_tokens"))
    return Usage(sent or 0, answered or 0)


def _reason(run: dict[str, Json]) -> str:
    """The reason why a run did not complete, as far as it says."""
    error, details = run.get("last_error"), run.get("incomplete_details")
    if isinstance(error, dict):
        return _message_of(error)
    return as_text(details.get("reason")) if isinstance(details, dict) else ""


def _message_of(error: dict[str, Json]) -> str:
    inner = error.get("error")
    holder = inner if isinstance(inner, dict) else error
    return as_text(holder.get("message")) or as_text(holder.get("code"))
