"""A model's chunks, whatever the server that sends them leaves out or has of another type."""

from __future__ import annotations

from typing import Any

import pytest

from assistctl.local.runs.model_chunk import CallPiece, ModelChunk, chunk_of


def sent(delta: object, **more: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, **more}]}


@pytest.mark.parametrize(
    ("body", "chunk"),
    [
        (sent({"role": "assistant", "content": "Hi"}), ModelChunk("Hi")),
        (sent({"refusal": "No."}, finish_reason="stop"), ModelChunk(refusal="No.", finish_reason="stop")),
        (sent({}, finish_reason=None), ModelChunk()),
        (sent(None, finish_reason="length"), ModelChunk(finish_reason="length")),
        (
            sent({"tool_calls": [{"index": 1, "id": "c", "function": {"name": "f", "arguments": "{"}}]}),
            ModelChunk(calls=(CallPiece(1, "c", "f", "{"),)),
        ),
        (
            sent({"tool_calls": [{"function": {"arguments": "}"}}]}),
            ModelChunk(calls=(CallPiece(0, None, "", "}"),)),
        ),
        (
            sent({"tool_calls": [{"id": "", "function": {"name": "f", "arguments": {"city": "Köln"}}}]}),
            ModelChunk(calls=(CallPiece(0, None, "f", '{"city": "Köln"}'),)),
        ),
        (sent({"content": "\ud83d\ude00 and \ud83d"}), ModelChunk("😀 and \N{REPLACEMENT CHARACTER}")),
        (
            sent({"tool_calls": [{"id": "\udcff", "function": {"name": "f", "arguments": {"city": "\ud83d"}}}]}),
            ModelChunk(
                calls=(CallPiece(0, "\N{REPLACEMENT CHARACTER}", "f", '{"city": "\N{REPLACEMENT CHARACTER}"}'),)
            ),
        ),
        (
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
            ModelChunk(usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}),
        ),
        (
            {"usage": {"prompt_tokens": 3, "completion_tokens": None}},
            ModelChunk(usage={"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 0}),
        ),
    ],
)
def test_a_chunk(body: object, chunk: ModelChunk) -> None:
    assert chunk_of(body) == chunk


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"choices": None}, {"choices": [3]}, sent([]), sent({"tool_calls": {}})]
)
def test_what_is_no_chunk_says_nothing(body: object) -> None:
    assert chunk_of(body) == ModelChunk()
    assert not chunk_of(body).says_something
