"""Chunks of a model's answer, as a server of Chat Completions streams them.

https://platform.openai.com/docs/api-reference/chat-streaming/streaming. What a server leaves out, or has of
another type, is as if it said nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assistctl.json_value import Json
from assistctl.model.unicode_text import whole_characters


@dataclass(frozen=True, slots=True)
class CallPiece:
    """A piece of a call of a tool, of the one at ``index``."""

    index: int
    id: str | None
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ModelChunk:
    """One chunk, of its first choice. ``usage`` are the tokens of the answer, in a chunk that counts them."""

    text: str = ""
    refusal: str = ""
    calls: tuple[CallPiece, ...] = ()
    finish_reason: str = ""
    usage: Mapping[str, Json] | None = None

    @property
    def says_something(self) -> bool:
        """Whether it has any of the answer."""
        return bool(self.text or self.refusal or self.calls)


def chunk_of(sent: object) -> ModelChunk:
    """The chunk that ``sent`` is, JSON of a server."""
    body = _mapping(sent)
    choices = body.get("choices")
    choice = _mapping(choices[0] if isinstance(choices, list) and choices else None)
    delta = _mapping(choice.get("delta"))
    counted = body.get("usage")
    return ModelChunk(
        _text(delta.get("content")),
        _text(delta.get("refusal")),
        tuple(_calls(delta.get("tool_calls"))),
        _text(choice.get("finish_reason")),
        _usage(counted) if isinstance(counted, dict) else None,
    )


def _calls(sent: object) -> Iterator[CallPiece]:
    for call in sent if isinstance(sent, list) else ():
        piece = _mapping(call)
        function = _mapping(piece.get("function"))
        index, arguments = piece.get("index"), function.get("arguments")
        yield CallPiece(
            index if isinstance(index, int) else 0,
            _text(piece.get("id")) or None,
            _text(function.get("name")),
            # Some servers send them whole, as the object that they are.
            _text(json.dumps(arguments, ensure_ascii=False) if isinstance(arguments, dict) else arguments),
        )


def _usage(counted: Mapping[str, object]) -> dict[str, Json]:
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {name: value if isinstance(value := counted.get(name), int) else 0 for name in names}


def _mapping(sent: object) -> Mapping[str, object]:
    return sent if isinstance(sent, dict) else {}


def _text(sent: object) -> str:
    return whole_characters(sent) if isinstance(sent, str) else ""
