"""Streams of runs as OpenAI sends them, and as servers do that leave things out."""

from __future__ import annotations

from typing import Any

import pytest

from assistctl.model.conversation import Event, Finished, FunctionCall, RunStatus, TextDelta, Usage
from assistctl.platforms.openai.run_events import FileMention, RunEvents

Streamed = tuple[str, Any]
DONE: Streamed = ("thread.run.completed", {"id": "run_1", "usage": {"prompt_tokens": 7, "completion_tokens": 3}})
FINISHED = Finished(RunStatus.COMPLETED, Usage(7, 3))


def text(value: str, *annotations: Any) -> dict[str, Any]:
    """A part of a message."""
    return {"type": "text", "text": {"value": value, "annotations": [*annotations]}}


def delta(*content: Any, message: str = "msg_1") -> Streamed:
    """A piece of a message."""
    return "thread.message.delta", {"id": message, "delta": {"content": [*content]}}


def whole(*content: Any, message: str = "msg_1") -> Streamed:
    """A finished message."""
    return "thread.message.completed", {"id": message, "content": [*content]}


def read(*streamed: Streamed) -> list[Event | FileMention]:
    """What a stream means."""
    reading = RunEvents()
    return [event for name, data in streamed for event in reading.read(name, data)]


CITATION = {"type": "file_citation", "text": "【4:0†a.md】", "file_citation": {"file_id": "file_1"}}
PATH = {"type": "file_path", "text": "sandbox:/mnt/data/a.csv", "file_path": {"file_id": "file_2"}}
IMAGE = {"type": "image_file", "image_file": {"file_id": "file_3"}}


def test_pieces_are_text_and_the_whole_is_not_told_again() -> None:
    assert read(delta(text("Hel")), delta(text("lo")), whole(text("Hello")), DONE) == [
        TextDelta("Hel"),
        TextDelta("lo"),
        FINISHED,
    ]


def test_a_message_without_pieces_is_told_when_it_is_whole() -> None:
    assert read(whole(text("Hello")), whole(text("Hello")), DONE) == [TextDelta("Hello"), FINISHED]


def test_a_second_message_is_a_paragraph_of_its_own() -> None:
    assert read(whole(text("One")), whole(text("Two"), message="msg_2"), DONE) == [
        TextDelta("One"),
        TextDelta("\n\n"),
        TextDelta("Two"),
        FINISHED,
    ]


def test_files_are_mentioned_once() -> None:
    pieces = (delta(text("a", CITATION)), delta(text("b", PATH)), delta(IMAGE))
    assert read(*pieces, whole(text("ab", CITATION, PATH), IMAGE), DONE) == [
        TextDelta("a"),
        FileMention("file_1", "【4:0†a.md】", made=False),
        TextDelta("b"),
        FileMention("file_2", "sandbox:/mnt/data/a.csv", made=True),
        FileMention("file_3", "", made=True),
        FINISHED,
    ]


def test_functions_are_called() -> None:
    call: Any = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    action: Any = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
    step: Streamed = ("thread.run.step.completed", {"id": "step_1"})
    reading = RunEvents()
    events = [
        event
        for name, data in (step, ("thread.run.requires_action", {"id": "run_1", "required_action": action}))
        for event in reading.read(name, data)
    ]
    assert events == [FunctionCall("call_1", "f", '{"a": 1}'), Finished(RunStatus.REQUIRES_ACTION)]
    assert (reading.run_id, reading.ended) == ("run_1", True)


@pytest.mark.parametrize(
    ("streamed", "end"),
    [
        (
            ("thread.run.failed", {"last_error": {"code": "rate_limit_exceeded", "message": "Too much."}}),
            Finished(RunStatus.FAILED, None, "Too much."),
        ),
        (
            ("thread.run.incomplete", {"incomplete_details": {"reason": "max_completion_tokens"}}),
            Finished(RunStatus.INCOMPLETE, None, "max_completion_tokens"),
        ),
        (("thread.run.expired", {}), Finished(RunStatus.EXPIRED)),
        (("thread.run.cancelled", {"id": "run_1"}), Finished(RunStatus.CANCELLED)),
        (("error", {"message": "Broken."}), Finished(RunStatus.FAILED, None, "Broken.")),
        (("error", {"error": {"message": "Broken."}}), Finished(RunStatus.FAILED, None, "Broken.")),
    ],
)
def test_the_end_says_why(streamed: Streamed, end: Finished) -> None:
    assert read(streamed, DONE) == [end]


@pytest.mark.parametrize(
    "streamed",
    [
        ("thread.run.queued", {"id": "run_1"}),
        ("thread.run.cancelling", {}),
        ("thread.message.delta", {"id": 1, "delta": {"content": [None, {"text": None}, {"text": {"value": 1}}]}}),
        ("thread.message.completed", {"content": {}}),
        ("thread.message.delta", None),
        ("something.new", {"a": 1}),
    ],
)
def test_what_says_nothing_is_nothing(streamed: Streamed) -> None:
    assert read(streamed) == []
