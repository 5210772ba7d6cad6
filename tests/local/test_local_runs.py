"""Runs through the SDK's helpers: answers, functions, limits, failures, cancelling, and one run at a time."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Run
from starlette.applications import Starlette

from assistctl.local.runs.model_client import ModelClient, ModelSettings
from assistctl.testing import Failure, ModelRequest, Reply, ScriptedModel, ToolCall, scripted_completions

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")]

WEATHER: Any = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


async def assistant(client: AsyncOpenAI, **fields: Any) -> Assistant:
    return await client.beta.assistants.create(model="gpt-4o", **fields)


async def thread(client: AsyncOpenAI, text: str = "Hello") -> Thread:
    return await client.beta.threads.create(messages=[{"role": "user", "content": text}])


async def ran(client: AsyncOpenAI, text: str = "Hello", *, of: dict[str, Any] | None = None, **fields: Any) -> Run:
    """A run of a new assistant over one message, as it is when it has to be polled no more."""
    made = await assistant(client, **(of or {}))
    asked = await thread(client, text)
    return await client.beta.threads.runs.create_and_poll(thread_id=asked.id, assistant_id=made.id, **fields)


async def said(client: AsyncOpenAI, thread_id: str) -> list[str]:
    """The texts of a thread, oldest first."""
    page = await client.beta.threads.messages.list(thread_id, order="asc")
    return [part.text.value for message in page.data for part in message.content if part.type == "text"]


async def until(client: AsyncOpenAI, run: Run, *statuses: str) -> Run:
    """The run once it is in one of some states."""
    async with asyncio.timeout(10):
        while run.status not in statuses:
            await asyncio.sleep(0.01)
            run = await client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    return run


async def test_a_run_answers_in_the_thread(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on("Hello", Reply("Hi there.", usage=(12, 3)))
    run = await ran(client, of={"instructions": "Be brief.", "metadata": {"a": "b"}}, metadata={"c": "d"})
    assert run.status == "completed"
    assert run.usage is not None
    assert run.usage.to_dict() == {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
    assert (run.expires_at, run.last_error, run.metadata) == (None, None, {"c": "d"})
    assert run.started_at is not None
    assert run.completed_at is not None
    assert await said(client, run.thread_id) == ["Hello", "Hi there."]
    [answer] = (await client.beta.threads.messages.list(run.thread_id, run_id=run.id)).data
    assert (answer.assistant_id, answer.run_id, answer.status) == (run.assistant_id, run.id, "completed")
    [step] = (await client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)).data
    assert step.step_details.type == "message_creation"
    assert step.step_details.message_creation.message_id == answer.id
    assert (step.status, step.usage and step.usage.total_tokens) == ("completed", 15)
    steps = client.beta.threads.runs.steps
    assert await steps.retrieve(step.id, thread_id=run.thread_id, run_id=run.id) == step
    asked = model.requests[0].body
    assert asked["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
    ]


async def test_a_run_shows_the_settings_that_count_for_it(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, "ok")
    run = await ran(client, of={"instructions": "Be brief."})
    fields = run.to_dict()
    assert (
        fields
        | {
            "model": "gpt-4o",
            "instructions": "Be brief.",
            "tools": [],
            "temperature": 1.0,
            "top_p": 1.0,
            "max_prompt_tokens": None,
            "max_completion_tokens": None,
            "truncation_strategy": {"type": "auto", "last_messages": None},
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "response_format": "auto",
            "required_action": None,
            "incomplete_details": None,
        }
        == fields
    )


async def test_what_a_run_overrides_is_sent_to_the_model_and_not_kept(
    client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.on("more", "ok")
    made = await assistant(client, instructions="Old.", tools=[WEATHER], temperature=0.1)
    asked = await thread(client, "first")
    form: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
    run = await client.beta.threads.runs.create_and_poll(
        thread_id=asked.id,
        assistant_id=made.id,
        model="gpt-5",
        instructions="New.",
        additional_instructions="And kind.",
        additional_messages=[{"role": "user", "content": "more"}],
        tools=[],
        temperature=0.7,
        top_p=0.5,
        response_format=form,
        reasoning_effort="low",
        max_completion_tokens=300,
    )
    body = model.requests[0].body
    assert (body["model"], body["temperature"], body["top_p"]) == ("gpt-5", 0.7, 0.5)
    assert (body["reasoning_effort"], body["response_format"]) == ("low", form)
    assert body["max_completion_tokens"] == 300
    assert [message["content"] for message in body["messages"]] == ["New.\nAnd kind.", "first", "more"]
    assert "tools" not in body
    assert run.instructions == "New.\nAnd kind."
    assert await said(client, asked.id) == ["first", "more", "ok"]
    assert await client.beta.assistants.retrieve(made.id) == made


@pytest.mark.parametrize(
    ("of", "settings", "sent"),
    [
        ({"model": "gpt-4o", "temperature": 0.2}, {"model": "o3-mini"}, {}),
        ({"model": "gpt-4o", "temperature": 0.2}, {"model": "gpt-4.1"}, {"temperature": 0.2, "top_p": 1.0}),
        ({"model": "o3-mini"}, {"model": "gpt-4o"}, {"temperature": 1.0, "top_p": 1.0}),
        (
            {"model": "o3-mini", "reasoning_effort": "high"},
            {"model": "gpt-4o"},
            {"temperature": 1.0, "top_p": 1.0},
        ),
        ({"model": "o3-mini", "reasoning_effort": "high"}, {"model": "o3"}, {"reasoning_effort": "high"}),
        (
            {"model": "gpt-5.1", "reasoning_effort": "none", "temperature": 0.2},
            {"reasoning_effort": "high"},
            {"reasoning_effort": "high"},
        ),
    ],
)
async def test_a_run_of_another_model_takes_over_what_that_takes(
    client: AsyncOpenAI, model: ScriptedModel, of: dict[str, Any], settings: dict[str, Any], sent: dict[str, Any]
) -> None:
    model.on(None, "ok")
    made = await client.beta.assistants.create(**of)
    asked = await thread(client)
    run = await client.beta.threads.runs.create_and_poll(thread_id=asked.id, assistant_id=made.id, **settings)
    body = model.requests[0].body
    names = ("temperature", "top_p", "reasoning_effort")
    assert {name: body[name] for name in names if name in body} == sent
    assert (run.temperature, run.top_p) == (sent.get("temperature"), sent.get("top_p"))


async def test_functions_are_called_and_their_outputs_told(client: AsyncOpenAI, model: ScriptedModel) -> None:
    calls = (ToolCall("weather", {"city": "Köln"}, id="call_a"), ToolCall("weather", "not json", id="call_b"))
    model.on(
        "weather",
        Reply("Let me look.", calls, usage=(10, 5)),
        Reply("Sunny and 20°.", usage=(20, 4)),
    )
    run = await ran(client, "weather?", of={"tools": [WEATHER]})
    assert run.status == "requires_action"
    assert run.required_action is not None
    wanted = run.required_action.submit_tool_outputs.tool_calls
    assert [(call.id, call.function.name) for call in wanted] == [("call_a", "weather"), ("call_b", "weather")]
    assert wanted[1].function.arguments == "not json"
    runs = client.beta.threads.runs
    [step, _] = (await runs.steps.list(run.id, thread_id=run.thread_id)).data
    assert (step.status, step.usage) == ("in_progress", None)
    done = await runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": "call_b", "output": ""}, {"tool_call_id": "call_a", "output": "sun"}],
    )
    assert done.status == "completed"
    assert done.usage is not None
    assert done.usage.to_dict() == {"prompt_tokens": 30, "completion_tokens": 9, "total_tokens": 39}
    assert await said(client, run.thread_id) == ["weather?", "Let me look.", "Sunny and 20°."]
    [first, called, last] = (await runs.steps.list(run.id, thread_id=run.thread_id, order="asc")).data
    assert called.step_details.type == "tool_calls"
    outputs = [call.function.output for call in called.step_details.tool_calls if call.type == "function"]
    assert outputs == ["sun", ""]
    assert sum(run_step.usage.total_tokens for run_step in (first, called, last) if run_step.usage) == 39
    assert model.requests[1].body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": "weather", "arguments": call.function.arguments},
                }
                for call in wanted
            ],
        },
        {"role": "tool", "tool_call_id": "call_a", "content": "sun"},
        {"role": "tool", "tool_call_id": "call_b", "content": ""},
    ]


@pytest.mark.parametrize("repeats_name", [False, True])
async def test_calls_of_a_server_that_numbers_them_all_alike_are_told_apart(
    client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, *, repeats_name: bool
) -> None:
    def alike(reply: Reply, _text: str) -> Iterator[dict[str, Any]]:
        for call in reply.tool_calls:
            head = {"index": 0, "id": call.id, "type": "function"}
            yield {"tool_calls": [{**head, "function": {"name": call.name, "arguments": call.arguments_text[:3]}}]}
            rest: dict[str, Any] = {"arguments": call.arguments_text[3:]}
            more = {**head, "function": {"name": call.name, **rest}} if repeats_name else {"function": rest}
            yield {"tool_calls": [{"index": 0, **more}]}

    monkeypatch.setattr(scripted_completions, "_deltas", alike)
    model.on(None, (ToolCall("weather", {"city": "Rome"}, id="a"), ToolCall("weather", {"city": "Oslo"}, id="b")))
    run = await ran(client, of={"tools": [WEATHER]})
    assert run.required_action is not None
    wanted = run.required_action.submit_tool_outputs.tool_calls
    assert [call.id for call in wanted] == ["a", "b"]
    assert [json.loads(call.function.arguments) for call in wanted] == [{"city": "Rome"}, {"city": "Oslo"}]


async def test_no_two_calls_of_a_run_have_the_same_id(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, ToolCall("weather", id="call_0"), ToolCall("weather", id="call_0"), "Sunny.")
    run = await ran(client, of={"tools": [WEATHER]})
    ids: list[str] = []
    while run.required_action is not None:
        [call] = run.required_action.submit_tool_outputs.tool_calls
        ids.append(call.id)
        run = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=run.thread_id,
            tool_outputs=[{"tool_call_id": call.id, "output": f"{len(ids)}"}],
        )
    assert (run.status, len(ids), len({*ids})) == ("completed", 2, 2)
    told = [message for message in model.requests[-1].messages if message["role"] == "tool"]
    assert [(message["tool_call_id"], message["content"]) for message in told] == [(ids[0], "1"), (ids[1], "2")]


async def test_outputs_must_be_those_that_are_waited_for(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, (ToolCall("weather", id="a"), ToolCall("weather", id="b")), "ok")
    run = await ran(client, of={"tools": [WEATHER]})
    submit = client.beta.threads.runs.submit_tool_outputs
    output_of_a: Any = {"tool_call_id": "a", "output": "1"}
    for outputs in (
        [],
        [output_of_a],
        [output_of_a, output_of_a],
        [output_of_a, {"tool_call_id": "c", "output": ""}],
        [output_of_a, {"output": ""}],
    ):
        with pytest.raises(openai.BadRequestError, match=r"Expected tool outputs for call_ids \['a', 'b'\], got"):
            await submit(run.id, thread_id=run.thread_id, tool_outputs=outputs)
    both: Any = [output_of_a, {"tool_call_id": "b", "output": "2"}]
    queued = await submit(run.id, thread_id=run.thread_id, tool_outputs=both)
    assert (queued.status, queued.required_action, queued.expires_at) == ("queued", None, run.expires_at)
    await until(client, queued, "completed")
    with pytest.raises(openai.BadRequestError, match='status "completed" do not accept tool outputs'):
        await submit(run.id, thread_id=run.thread_id, tool_outputs=both)


async def test_one_run_at_a_time_in_a_thread(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on("first", ToolCall("weather", id="a"), "ok")
    run = await ran(client, "first", of={"tools": [WEATHER]})
    runs, messages = client.beta.threads.runs, client.beta.threads.messages
    with pytest.raises(openai.BadRequestError) as caught:
        await runs.create(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert caught.value.body == {
        "message": f"Thread {run.thread_id} already has an active run {run.id}.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    busy = f"Can't add messages to {run.thread_id} while a run {run.id} is active."
    with pytest.raises(openai.BadRequestError, match=busy):
        await messages.create(run.thread_id, role="user", content="x")
    more: Any = [{"role": "user", "content": "lost"}]
    with pytest.raises(openai.BadRequestError):
        await runs.create(thread_id=run.thread_id, assistant_id=run.assistant_id, additional_messages=more)
    cancelled = await runs.cancel(run.id, thread_id=run.thread_id)
    assert (cancelled.status, cancelled.expires_at) == ("cancelled", None)
    [step] = (await runs.steps.list(run.id, thread_id=run.thread_id)).data
    assert step.status == "cancelled"
    await messages.create(run.thread_id, role="user", content="x")
    assert await said(client, run.thread_id) == ["first", "x"]
    with pytest.raises(openai.BadRequestError, match="Cannot cancel run with status 'cancelled'"):
        await runs.cancel(run.id, thread_id=run.thread_id)


async def test_cancelling_stops_an_answer_in_its_middle(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, Reply("one two three", piece_delay=0.2))
    made, asked = await assistant(client), await thread(client)
    runs = client.beta.threads.runs
    run = await runs.create(thread_id=asked.id, assistant_id=made.id)
    async with asyncio.timeout(10):
        while len((await client.beta.threads.messages.list(asked.id)).data) == 1:  # noqa: ASYNC110  # the front door
            await asyncio.sleep(0.01)
    answer = await runs.cancel(run.id, thread_id=asked.id)
    assert answer.status == "cancelling"
    ended = await runs.poll(run.id, thread_id=asked.id)
    assert ended.status == "cancelled"
    assert ended.cancelled_at is not None
    message = (await client.beta.threads.messages.list(asked.id)).data[0]
    assert message.status == "incomplete"
    assert message.incomplete_details is not None
    assert message.incomplete_details.reason == "run_cancelled"
    assert (await said(client, asked.id))[1].startswith("one")


async def test_a_thread_and_its_run_in_one_request(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on("Hi", "Hello.")
    made = await assistant(client)
    run = await client.beta.threads.create_and_run_poll(
        assistant_id=made.id, thread={"messages": [{"role": "user", "content": "Hi"}], "metadata": {"a": "b"}}
    )
    assert run.status == "completed"
    assert await said(client, run.thread_id) == ["Hi", "Hello."]
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_none'"):
        await client.beta.threads.create_and_run(assistant_id="asst_none")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure(400, "too long"), ("invalid_prompt", "answered 400: .*too long")),
        (Failure(401, "wrong key"), ("server_error", "answered 401")),
        (Failure(500, "broken"), ("server_error", "answered 500")),
        (Failure(429, "slow down", retry_after=3600), ("rate_limit_exceeded", "answered 429")),
        (Failure(429, "paid up", code="insufficient_quota"), ("rate_limit_exceeded", "paid up")),
        (Reply("one two three", cut_after=2), ("server_error", "broke off its answer")),
        (Reply("x", finish_reason="content_filter"), ("server_error", "content filter")),
    ],
)
async def test_failures_of_the_model_are_told(
    client: AsyncOpenAI,
    with_model: Starlette,
    model: ScriptedModel,
    failure: Failure | Reply,
    error: tuple[str, str],
) -> None:
    with_model.state.runtime.model.sleep = no_time
    model.on(None, failure)
    run = await ran(client)
    assert run.status == "failed"
    assert run.failed_at is not None
    assert run.last_error is not None
    code, words = error
    assert run.last_error.code == code
    assert re.search(words, run.last_error.message)
    await client.beta.threads.messages.create(run.thread_id, role="user", content="again")


async def no_time(seconds: float) -> None:
    """A pause that is over at once."""


async def test_a_rate_limit_is_waited_for_as_long_as_it_says(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    with_model.state.runtime.model.sleep = sleep
    model.on(None, Failure(429, retry_after=7), times=2).on(None, Failure(503), times=1).on(None, "ok")
    assert (await ran(client)).status == "completed"
    assert waited[:2] == [7, 7]
    assert len(waited) == 3


async def test_without_a_model_a_run_fails_and_says_what_to_configure(sdk: AsyncOpenAI) -> None:
    run = await ran(sdk)
    assert run.status == "failed"
    assert run.last_error is not None
    assert run.last_error.code == "server_error"
    for way in ("--model-url", "options.model_url", "ASSISTCTL_MODEL_URL", "ASSISTCTL_MODEL_API_KEY"):
        assert way in run.last_error.message


async def test_a_model_that_cannot_be_reached(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel
) -> None:
    with_model.state.runtime.model.sleep = no_time
    model.__exit__(None, None, None)
    run = await ran(client)
    assert run.last_error is not None
    assert "did not answer" in run.last_error.message


async def test_an_address_of_the_model_that_is_none(client: AsyncOpenAI, with_model: Starlette) -> None:
    with_model.state.runtime.model = ModelClient(ModelSettings("http://user:secret@[::1/v1"))
    run = await ran(client)
    assert run.last_error is not None
    assert run.last_error.message.startswith("The model at http://…@[::1/v1 did not answer: ")
    assert "secret" not in run.last_error.message


async def test_limits_of_tokens_hold_over_the_whole_run(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on("long", "word " * 400)
    model.on("turns", Reply(tool_calls=(ToolCall("weather", id="a"),), usage=(10, 300)), "never")
    model.on("prompt", Reply(tool_calls=(ToolCall("weather", id="a"),), usage=(300, 1)), "never")
    run = await ran(client, "long", max_completion_tokens=256)
    assert run.status == "incomplete"
    assert run.incomplete_details is not None
    assert run.incomplete_details.reason == "max_completion_tokens"
    message = (await client.beta.threads.messages.list(run.thread_id)).data[0]
    assert message.incomplete_details is not None
    assert (message.status, message.incomplete_details.reason) == ("incomplete", "max_tokens")
    limits: list[tuple[str, dict[str, Any]]] = [
        ("turns", {"max_completion_tokens": 256}),
        ("prompt", {"max_prompt_tokens": 256}),
    ]
    for text, limit in limits:
        waiting = await ran(client, text, of={"tools": [WEATHER]}, **limit)
        done = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=waiting.id, thread_id=waiting.thread_id, tool_outputs=[{"tool_call_id": "a", "output": "x"}]
        )
        assert done.status == "incomplete"
        assert done.incomplete_details is not None
        assert {done.incomplete_details.reason} == {*limit}


async def test_a_prompt_that_cannot_fit_ends_the_run_before_the_model_is_asked(
    client: AsyncOpenAI, model: ScriptedModel
) -> None:
    run = await ran(client, of={"instructions": "word " * 500}, max_prompt_tokens=256)
    assert run.incomplete_details is not None
    assert (run.status, run.incomplete_details.reason) == ("incomplete", "max_prompt_tokens")
    assert model.requests == []


async def test_what_a_run_may_spend_holds_for_the_thread(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, "ok")
    made = await assistant(client)
    asked = await client.beta.threads.create(
        messages=[{"role": "user", "content": text} for text in ("first " * 1000, "short", "word " * 100)]
    )
    runs = client.beta.threads.runs
    run = await runs.create_and_poll(thread_id=asked.id, assistant_id=made.id, max_prompt_tokens=256)
    assert run.status == "completed"
    assert [message["content"][:5] for message in model.requests[0].messages] == ["short", "word "]
    await client.beta.threads.messages.create(asked.id, role="user", content="word " * 1000)
    run = await runs.create_and_poll(thread_id=asked.id, assistant_id=made.id, max_prompt_tokens=256)
    assert run.incomplete_details is not None
    assert (run.status, run.incomplete_details.reason) == ("incomplete", "max_prompt_tokens")
    assert len(model.requests) == 1


async def test_the_first_message_gives_way_to_a_newest_one_that_takes_all_the_room(
    client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.on(None, "ok")
    made = await assistant(client)
    asked = await client.beta.threads.create(
        messages=[{"role": "user", "content": text} for text in ("first " * 40, "word " * 230)]
    )
    runs = client.beta.threads.runs
    run = await runs.create_and_poll(thread_id=asked.id, assistant_id=made.id, max_prompt_tokens=256)
    assert run.status == "completed"
    assert [message["content"][:5] for message in model.requests[0].messages] == ["word "]


async def test_long_threads_are_cut_in_the_middle_or_to_the_newest(
    client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.on(None, "ok")
    made = await assistant(client)
    asked = await client.beta.threads.create(
        messages=[{"role": "user", "content": f"{index} {'word ' * 40}"} for index in range(20)]
    )
    runs = client.beta.threads.runs
    await runs.create_and_poll(
        thread_id=asked.id,
        assistant_id=made.id,
        truncation_strategy={"type": "last_messages", "last_messages": 2},
    )
    await runs.create_and_poll(thread_id=asked.id, assistant_id=made.id, max_prompt_tokens=256)
    numbers = [
        [message["content"].split()[0] for message in request.body["messages"]] for request in model.requests
    ]
    assert numbers[0] == ["18", "19"]
    assert numbers[1][0] == "0"
    assert numbers[1][-3:] == ["18", "19", "ok"]
    assert 3 < len(numbers[1]) < 21


async def test_a_prompt_that_is_too_long_for_the_model_is_shortened(
    client: AsyncOpenAI, model: ScriptedModel
) -> None:
    def answer(request: ModelRequest) -> Any:
        if len(request.messages) > 4:
            return Failure(400, "This model's maximum context length is 512 tokens.")
        return "ok"

    model.on(None, answer)
    made = await assistant(client)
    asked = await client.beta.threads.create(
        messages=[{"role": "user", "content": f"{index} {'word ' * 200}"} for index in range(20)]
    )
    run = await client.beta.threads.runs.create_and_poll(thread_id=asked.id, assistant_id=made.id)
    assert run.status == "completed"
    assert model.requests[-1].messages[-1]["content"].startswith("19 ")
    refused = await client.beta.threads.runs.create_and_poll(
        thread_id=asked.id,
        assistant_id=made.id,
        truncation_strategy={"type": "last_messages", "last_messages": 10},
    )
    assert refused.last_error is not None
    assert refused.last_error.code == "invalid_prompt"


@pytest.mark.parametrize(
    ("choice", "first", "later"),
    [
        ("required", "required", "auto"),
        ("none", "none", "none"),
        (
            {"type": "function", "function": {"name": "weather"}},
            {"type": "function", "function": {"name": "weather"}},
            "auto",
        ),
        ({"type": "file_search"}, {"type": "function", "function": {"name": "file_search"}}, "auto"),
    ],
)
async def test_a_choice_of_tools_is_forced_once(
    client: AsyncOpenAI, model: ScriptedModel, choice: Any, first: Any, later: Any
) -> None:
    model.on(None, ToolCall("file_search", {"queries": ["x"]}), "ok")
    run = await ran(
        client,
        of={"tools": [WEATHER, {"type": "file_search"}]},
        tool_choice=choice,
        parallel_tool_calls=False,
    )
    assert run.status == "completed"
    assert [request.body["tool_choice"] for request in model.requests] == [first, later]
    assert model.requests[0].body["parallel_tool_calls"] is False


async def test_pictures_are_shown_to_the_model(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, "A pixel.")
    picture = await client.files.create(file=("a.png", PIXEL), purpose="vision")
    made = await assistant(client)
    asked = await client.beta.threads.create(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "See?"},
                    {"type": "image_file", "image_file": {"file_id": picture.id, "detail": "high"}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            }
        ]
    )
    await client.beta.threads.runs.create_and_poll(thread_id=asked.id, assistant_id=made.id)
    [message] = model.requests[0].body["messages"]
    data = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
    assert message["content"] == [
        {"type": "text", "text": "See?"},
        {"type": "image_url", "image_url": {"url": data, "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}},
    ]


async def test_code_is_never_executed_without_a_sandbox(
    client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistctl.local.code_interpreter.wasm.find_spec", lambda _: None)
    model.on(None, ToolCall("code_interpreter", {"code": "open('/tmp/x', 'w')"}))
    run = await ran(client, of={"tools": [{"type": "code_interpreter"}]})
    assert run.status == "failed"
    assert run.last_error is not None
    assert "assistctl[code]" in run.last_error.message


async def test_a_refusal_is_part_of_the_message(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, Reply(refusal="I would rather not."))
    run = await ran(client)
    [part] = (await client.beta.threads.messages.list(run.thread_id)).data[0].content
    assert part.type == "refusal"
    assert part.refusal == "I would rather not."


async def test_metadata_changed_while_the_run_goes_on_stays(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, Reply("a b c", piece_delay=0.1))
    made, asked = await assistant(client), await thread(client)
    runs = client.beta.threads.runs
    run = await runs.create(thread_id=asked.id, assistant_id=made.id)
    await runs.update(run.id, thread_id=asked.id, metadata={"k": "v"})
    ended = await runs.poll(run.id, thread_id=asked.id)
    assert (ended.status, ended.metadata) == ("completed", {"k": "v"})


async def test_a_thread_deleted_under_a_run_ends_the_work(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel
) -> None:
    model.on(None, Reply("a b c", piece_delay=5))
    made, asked = await assistant(client), await thread(client)
    await client.beta.threads.runs.create(thread_id=asked.id, assistant_id=made.id)
    await client.beta.threads.delete(asked.id)
    async with asyncio.timeout(3):
        await asyncio.gather(
            *(job.task for job in with_model.state.runtime._jobs.values()), return_exceptions=True
        )
    with with_model.state.database.reading() as connection:
        kinds = [kind for (kind,) in connection.execute("SELECT kind FROM objects")]
        assert kinds == ["assistant"]
        assert connection.execute("SELECT count(*) FROM open_runs").fetchone() == (0,)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "Missing required parameter: 'assistant_id'."),
    ({"assistant_id": "asst_none"}, "No assistant found with id 'asst_none'."),
    ({"assistant_id": "a", "max_prompt_tokens": 255}, "Expected a value >= 256, but got 255 instead."),
    ({"assistant_id": "a", "truncation_strategy": {"type": "last_messages"}}, "last_messages'."),
    ({"assistant_id": "a", "tool_choice": "always"}, "'none', 'auto', and 'required'."),
    ({"assistant_id": "a", "tool_resources": {}}, "Unknown parameter: 'tool_resources'."),
    ({"assistant_id": "a", "tools": [{"type": "code_interpreter"}] * 21}, "maximum length 20"),
]


@pytest.mark.parametrize(("sent", "error"), REFUSED)
async def test_a_run_that_cannot_be(http: httpx2.AsyncClient, sent: dict[str, Any], error: str) -> None:
    made = (await http.post("/threads", json={})).json()
    response = await http.post(f"/threads/{made['id']}/runs", json=sent)
    assert response.status_code in {400, 404}
    assert error in response.json()["error"]["message"]
    assert (await http.get(f"/threads/{made['id']}/runs")).json()["data"] == []


async def test_ids_of_other_threads_and_runs_are_not_found(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, "ok")
    run, other = await ran(client), await ran(client)
    runs = client.beta.threads.runs
    [step] = (await runs.steps.list(run.id, thread_id=run.thread_id)).data
    for lookup in (
        runs.retrieve(run.id, thread_id=other.thread_id),
        runs.retrieve("run_none", thread_id=run.thread_id),
        runs.steps.list(run.id, thread_id=other.thread_id),
        runs.steps.retrieve(step.id, thread_id=other.thread_id, run_id=other.id),
        runs.cancel(run.id, thread_id=other.thread_id),
    ):
        with pytest.raises(openai.NotFoundError):
            await lookup


async def test_a_cursor_of_another_list_is_not_found(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, "ok")
    here, other = await ran(client), await ran(client)
    threads = client.beta.threads
    [message, _] = (await threads.messages.list(other.thread_id)).data
    [step] = (await threads.runs.steps.list(other.id, thread_id=other.thread_id)).data
    cursor: dict[str, Any]
    for name in ("after", "before"):
        cursor = {name: message.id}
        with pytest.raises(openai.NotFoundError, match="No message found with id"):
            await threads.messages.list(here.thread_id, **cursor)
        cursor = {name: other.id}
        with pytest.raises(openai.NotFoundError, match="No run found with id"):
            await threads.runs.list(here.thread_id, **cursor)
        cursor = {name: step.id}
        with pytest.raises(openai.NotFoundError, match="No run step found with id"):
            await threads.runs.steps.list(here.id, thread_id=here.thread_id, **cursor)


@pytest.mark.usual_polls
async def test_how_long_to_wait_before_asking_again(http: httpx2.AsyncClient) -> None:
    made = (await http.post("/assistants", json={"model": "m"})).json()
    response = await http.post("/threads/runs", json={"assistant_id": made["id"]})
    assert response.headers["openai-poll-after-ms"] == "100"
    run = response.json()
    assert run["expires_at"] == run["created_at"] + 600
