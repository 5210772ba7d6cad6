"""Answers of a scripted model, in the shapes of Chat Completions: whole, or as a stream of chunks.

Tokens are counted as words, which is no tokenizer's count.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse


class StreamCutError(Exception):
    """Ends a response in its middle, as a broken connection does."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a function; ``arguments`` as a string are sent as they are, whether they are JSON or not."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"call_{secrets.token_hex(12)}")

    @property
    def arguments_text(self) -> str:
        """The arguments as the model writes them."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: text, calls of tools, or both.

    ``delay`` is waited before the first byte and ``piece_delay`` before each piece of a stream, in seconds.
    ``cut_after`` ends a stream after so many pieces, without its end. ``usage`` is (prompt, completion) tokens;
    by default both are counted in words. ``finish_reason`` is worked out unless it is given.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    delay: float = 0.0
    piece_delay: float = 0.0
    cut_after: int | None = None
    usage: tuple[int, int] | None = None
    refusal: str | None = None
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer with an error's status; ``retry_after`` in seconds goes into the header of that name."""

    status: int
    message: str = "The scripted model was told to fail."
    retry_after: float | None = None
    code: str | None = None

    def response(self) -> JSONResponse:
        """The response, in the service's shape of an error."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": self.message, "type": kind, "param": None, "code": self.code}
        headers = {} if self.retry_after is None else {"retry-after": f"{self.retry_after:g}"}
        return JSONResponse({"error": error}, self.status, headers)


def completion(reply: Reply, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The ``chat.completion`` with a reply."""
    text, finish_reason = _limited(reply, asked)
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": reply.refusal}
    if reply.tool_calls:
        message["tool_calls"] = [_call(call, call.arguments_text) for call in reply.tool_calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    return {**_head(asked, "chat.completion"), "choices": [choice], "usage": _usage(reply, text, asked)}


async def events(
    reply: Reply, asked: Mapping[str, Any], sleep: Callable[[float], Awaitable[None]]
) -> AsyncIterator[str]:
    """The server-sent events of a streamed reply. Raises ``StreamCutError`` where it is to be cut."""
    head = _head(asked, "chat.completion.chunk")
    text, finish_reason = _limited(reply, asked)
    yield _event(head, {"role": "assistant", "content": ""})
    for sent, delta in enumerate(_deltas(reply, text)):
        if sent == reply.cut_after:
            raise StreamCutError
        if reply.piece_delay:
            await sleep(reply.piece_delay)
        yield _event(head, delta)
    if reply.cut_after is not None:
        raise StreamCutError
    yield _event(head, {}, finish_reason)
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield _data({**head, "choices": [], "usage": _usage(reply, text, asked)})
    yield "data: [DONE]\n\n"


def _deltas(reply: Reply, text: str) -> Iterator[dict[str, Any]]:
    for piece in _pieces(text):
        yield {"content": piece}
    if reply.refusal:
        yield {"refusal": reply.refusal}
    for index, call in enumerate(reply.tool_calls):
        yield {"tool_calls": [{"index": index, **_call(call, "")}]}
        for piece in re.findall(r".{1,12}", call.arguments_text, re.DOTALL):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _limited(reply: Reply, asked: Mapping[str, Any]) -> tuple[str, str]:
    """The text as far as the request's limit allows, and the reason why it ends."""
    pieces = _pieces(reply.text)
    limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
    if limit is not None and len(pieces) > limit:
        return "".join(pieces[:limit]), "length"
    return reply.text, reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop")


def _usage(reply: Reply, text: str, asked: Mapping[str, Any]) -> dict[str, int]:
    prompt = sum(len(json.dumps(message, ensure_ascii=False).split()) for message in asked.get("messages", []))
    called = sum(len(_pieces(call.arguments_text)) + 1 for call in reply.tool_calls)
    prompt, completion_tokens = reply.usage or (prompt, len(_pieces(text)) + called)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt + completion_tokens,
    }


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


def _call(call: ToolCall, arguments: str) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _head(asked: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": 0,
        "model": asked.get("model", "scripted"),
    }


def _event(head: Mapping[str, Any], delta: dict[str, Any], finish_reason: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _data({**head, "choices": [choice]})


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
