"""Threads and runs in front of a server of the Assistants API that has none: what they answer is written down."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from support.server import Answer, Asked

Said: TypeAlias = "str | dict[str, Any]"
"""A text; or ``calls`` (arguments by name), ``cites`` or ``makes`` (a file's id) with a text, or a ``status``."""

_EVENTS = ((b"content-type", b"text/event-stream"),)


@dataclass
class ScriptedRuns:
    """A ``fault`` for a ``RecordingServer``. ``answers`` are by a part of the question, in their order.

    ``threads`` are those that are there, ``outputs`` what functions answered, ``cancelled`` the threads whose
    runs were.
    """

    answers: dict[str, Sequence[Said]] = field(default_factory=dict)
    threads: dict[str, list[Said]] = field(default_factory=dict)
    outputs: list[Any] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    made: int = 0

    def __call__(self, asked: Asked) -> Answer | None:
        """The answer to a request that is about a thread."""
        found = re.fullmatch(r"/v1/threads(?:/(thread_\d+))?(/.*)?", asked.path)
        if found is None:
            return None
        thread, rest = found[1], found[2] or ""
        if thread is None:
            self.made += 1
            self.threads[f"thread_{self.made}"] = []
            return _json({"id": f"thread_{self.made}", "object": "thread"})
        if thread not in self.threads:
            return Answer(404, b'{"error": {"message": "No thread found"}}')
        return self._about(thread, rest, asked)

    def _about(self, thread: str, rest: str, asked: Asked) -> Answer:
        if rest == "" and asked.method == "DELETE":
            del self.threads[thread]
            return _json({"id": thread, "deleted": True})
        if rest == "/messages":
            self.messages.append(asked.body)
            question = asked.body["content"]
            script = next((said for part, said in self.answers.items() if part in question), ["?"])
            self.threads[thread] = [*script]
            return _json({"id": "msg_1"})
        if rest.endswith("/cancel"):
            self.cancelled.append(thread)
            return _json({"id": "run_1", "status": "cancelling"})
        if rest.endswith("/submit_tool_outputs"):
            self.outputs += asked.body["tool_outputs"]
        if rest in {"/runs", "/runs/run_1/submit_tool_outputs"} and asked.method == "POST":
            return Answer(200, _stream(self.threads[thread].pop(0)), headers=_EVENTS)
        return _json({"id": thread, "tool_resources": {}})


def _json(body: Any) -> Answer:
    return Answer(200, json.dumps(body).encode())


def _stream(said: Said) -> bytes:
    told = said if isinstance(said, dict) else {"text": said}
    events = [("thread.run.created", _run("queued")), *_message(told), ("thread.run." + _status(told), _end(told))]
    lines = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events]
    return "".join([*lines, "event: done\ndata: [DONE]\n\n"]).encode()


def _status(told: dict[str, Any]) -> str:
    return "requires_action" if "calls" in told else str(told.get("status", "completed"))


def _run(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "run_1", "object": "thread.run", "status": status, **more}


def _end(told: dict[str, Any]) -> dict[str, Any]:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    if "calls" not in told:
        return _run(_status(told), usage=told.get("usage", usage), last_error=told.get("error"))
    calls = [
        {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for name, arguments in told["calls"].items()
    ]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    return _run("requires_action", required_action=action)


def _message(told: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The pieces of a text, a few characters or a fiftieth of it, and the finished message with what it cites."""
    text = told.get("text", "")
    length = max(7, len(text) // 50)
    pieces = [text[start : start + length] for start in range(0, len(text), length)]
    deltas = [("thread.message.delta", {"id": "msg_2", "delta": {"content": [_part(piece)]}}) for piece in pieces]
    annotations: list[dict[str, Any]] = []
    if "cites" in told:
        citation = {"type": "file_citation", "text": "[1]", "file_citation": {"file_id": told["cites"]}}
        annotations = [citation]
    if "makes" in told:
        annotations.append({"type": "file_path", "text": told["mark"], "file_path": {"file_id": told["makes"]}})
    whole = _part(text)
    whole["text"]["annotations"] = annotations
    return [*deltas, ("thread.message.completed", {"id": "msg_2", "content": [whole]})] if text else []


def _part(text: str) -> dict[str, Any]:
    return {"index": 0, "type": "text", "text": {"value": text}}
