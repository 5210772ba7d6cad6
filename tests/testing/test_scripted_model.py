"""The scripted model, asked through the SDK: over HTTP and in process, streamed and not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from assistctl.testing import Failure, ModelRequest, Reply, ScriptedModel, ToolCall


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def client(model: ScriptedModel) -> Iterator[OpenAI]:
    with OpenAI(base_url=model.url, api_key="key", max_retries=0) as client:
        yield client


def user(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("text", ["Hello, you there!\n\n  Indented.\n", " ", "\n", "친절한 도움말 😀", "word"])
def test_a_stream_adds_up_to_the_whole_answer(model: ScriptedModel, client: OpenAI, text: str) -> None:
    model.on("hi", text)
    whole = client.chat.completions.create(model="any", messages=user("hi"))
    stream = client.chat.completions.create(
        model="any", messages=user("hi"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert model.requests[0].headers["authorization"] == "Bearer key"


def test_the_first_rule_that_fits_answers_as_often_as_it_may(model: ScriptedModel, client: OpenAI) -> None:
    model.on(re.compile("^a"), "pattern", times=1)
    model.on(lambda request: request.body["model"] == "big", "predicate")
    model.on("a", "text")

    def said(name: str) -> str | None:
        return client.chat.completions.create(model=name, messages=user("abc")).choices[0].message.content

    assert [said("small"), said("big"), said("small")] == ["pattern", "predicate", "text"]
    with pytest.raises(openai.BadRequestError, match="No rule of the scripted model fits 'zzz'"):
        client.chat.completions.create(model="small", messages=user("zzz"))


def test_turns_follow_the_results_of_tools(model: ScriptedModel, client: OpenAI) -> None:
    def tell(request: ModelRequest) -> str:
        return f"It is {request.tool_results[-1]}."

    model.on("weather", ToolCall("weather", {"city": "Köln"}, id="call_1"), tell)
    messages = user("weather?")
    stream = client.chat.completions.create(model="any", messages=messages, stream=True)
    pieces = [chunk.choices[0] for chunk in stream]
    calls = [call for piece in pieces for call in piece.delta.tool_calls or []]
    assert "".join(call.function.arguments or "" for call in calls if call.function) == '{"city": "K\\u00f6ln"}'
    assert (calls[0].id, pieces[-1].finish_reason) == ("call_1", "tool_calls")
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    answered = client.chat.completions.create(
        model="any",
        messages=[
            *messages,
            {"role": "assistant", "tool_calls": [call]},  # type: ignore[list-item]  # a plain dict
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ],
    )
    assert answered.choices[0].message.content == "It is sunny."


def test_failures_limits_and_cut_streams(model: ScriptedModel, client: OpenAI) -> None:
    model.on(None, Failure(429, retry_after=2.5), times=1)
    model.on(None, Reply("one two three four", cut_after=2), times=1)
    model.on(None, "one two three four")
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="any", messages=user("x"))
    assert caught.value.response.headers["retry-after"] == "2.5"
    stream = client.chat.completions.create(model="any", messages=user("x"), stream=True)
    with pytest.raises(openai.APIConnectionError):
        list(stream)
    limited = client.chat.completions.create(model="any", messages=user("x"), max_completion_tokens=2)
    assert limited.choices[0].message.content == "one two"
    assert limited.choices[0].finish_reason == "length"


@pytest.mark.anyio
async def test_in_process_with_a_clock_of_the_test() -> None:
    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    model = ScriptedModel(sleep=sleep)
    model.on(None, Reply("a b", delay=60, piece_delay=1))
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=model.app))
    async with AsyncOpenAI(base_url="http://model.local/v1", api_key="k", http_client=http) as client:
        stream = await client.chat.completions.create(model="any", messages=user("x"), stream=True)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "a b"
    assert waited == [60, 1, 1]
    with pytest.raises(RuntimeError, match="not started"):
        _ = model.url
