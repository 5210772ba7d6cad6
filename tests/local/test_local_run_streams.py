"""The events of runs: their order and shapes, through the SDK's handlers, and with slow readers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import httpx2
import pytest
from openai import AssistantEventHandler, AsyncOpenAI, OpenAI
from starlette.applications import Starlette

from assistctl.local.runs.events import MAX_WAITING, Channel, Event, message_delta
from assistctl.local.runs.model_client import ModelSettings
from assistctl.testing import Failure, Reply, ScriptedModel, ToolCall, scripted_completions
from support.server import serving
from support.server_events import events_of

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")]

WEATHER: Any = {"type": "function", "function": {"name": "weather"}}

BEGIN = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
MESSAGE = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
]
CALLS = ["thread.run.step.created", "thread.run.step.in_progress", "thread.run.step.delta"]


def runs_of(names: Sequence[str]) -> list[str]:
    """The names with repetitions counted once."""
    return [name for name, _ in groupby(names)]


async def setup(client: AsyncOpenAI, text: str, *tools: Any) -> tuple[str, str]:
    """A thread with one message, and an assistant."""
    made = await client.beta.assistants.create(model="gpt-4o", tools=tools)
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": text}])
    return thread.id, made.id


async def names_in(manager: Any) -> list[str]:
    async with manager as stream:
        names = [event.event async for event in stream]
        await stream.until_done()
    return names


async def test_a_plain_answer(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, "Hello there, you.")
    thread_id, assistant_id = await setup(client, "Hi")
    async with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        events = [event async for event in stream]
        [message] = await stream.get_final_messages()
        run = await stream.get_final_run()
    assert runs_of([event.event for event in events]) == [*BEGIN, *MESSAGE, "thread.run.completed"]
    deltas = [event.data.to_dict() for event in events if event.event == "thread.message.delta"]
    pieces: list[Any] = [delta["delta"]["content"][0] for delta in deltas]  # type: ignore[index]  # JSON
    assert "".join(piece["text"]["value"] for piece in pieces) == "Hello there, you."
    assert [piece["text"].get("annotations") for piece in pieces] == [[], None, None]
    assert message.content[0].to_dict() == {
        "type": "text",
        "text": {"value": "Hello there, you.", "annotations": []},
    }
    assert (run.status, run.usage and run.usage.completion_tokens) == ("completed", 3)


async def test_functions_over_two_streams(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, ToolCall("weather", {"city": "Paris, France"}, id="a"), "Sunny.")
    thread_id, assistant_id = await setup(client, "weather", WEATHER)
    runs = client.beta.threads.runs
    async with runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        names = [event.event async for event in stream]
        run = stream.current_run
        step = stream.current_run_step_snapshot
    assert runs_of(names) == [*BEGIN, *CALLS, "thread.run.requires_action"]
    assert run is not None
    assert step is not None
    assert step.step_details.type == "tool_calls"
    [call] = step.step_details.tool_calls
    assert call.type == "function"
    assert (call.id, call.function.name, call.function.arguments) == ("a", "weather", '{"city": "Paris, France"}')
    rest = await names_in(
        runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=thread_id, tool_outputs=[{"tool_call_id": "a", "output": "sun"}]
        )
    )
    assert runs_of(rest) == [
        "thread.run.step.completed",
        "thread.run.queued",
        "thread.run.in_progress",
        *MESSAGE,
        "thread.run.completed",
    ]


async def test_calls_beyond_the_one_that_is_allowed_are_not_told(
    client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.on(None, [ToolCall("weather", {"city": city}, id=city) for city in ("Rome", "Oslo")])
    thread_id, assistant_id = await setup(client, "weather", WEATHER)
    async with client.beta.threads.runs.stream(
        thread_id=thread_id, assistant_id=assistant_id, parallel_tool_calls=False
    ) as stream:
        await stream.until_done()
        run, step = stream.current_run, stream.current_run_step_snapshot
    assert run is not None
    assert run.required_action is not None
    assert [call.id for call in run.required_action.submit_tool_outputs.tool_calls] == ["Rome"]
    assert step is not None
    assert step.step_details.type == "tool_calls"
    [call] = step.step_details.tool_calls
    assert call.type == "function"
    assert (call.id, call.function.arguments) == ("Rome", '{"city": "Rome"}')


async def test_a_thread_and_its_run(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, "Hello.")
    made = await client.beta.assistants.create(model="gpt-4o")
    names = await names_in(
        client.beta.threads.create_and_run_stream(
            assistant_id=made.id, thread={"messages": [{"role": "user", "content": "Hi"}]}
        )
    )
    assert runs_of(names) == ["thread.created", *BEGIN, *MESSAGE, "thread.run.completed"]


async def test_file_search_and_function_in_one_turn(client: AsyncOpenAI, model: ScriptedModel) -> None:
    calls = (ToolCall("weather", id="a"), ToolCall("file_search", {"queries": ["x"]}, id="b"))
    model.on(None, calls, "Both done.")
    thread_id, assistant_id = await setup(client, "both", WEATHER, {"type": "file_search"})
    runs = client.beta.threads.runs
    run = await runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    assert run.required_action is not None
    assert [call.id for call in run.required_action.submit_tool_outputs.tool_calls] == ["a"]
    [step] = (await runs.steps.list(run.id, thread_id=thread_id)).data
    assert step.step_details.type == "tool_calls"
    assert [call.type for call in step.step_details.tool_calls] == ["function", "file_search"]
    await runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread_id, tool_outputs=[{"tool_call_id": "a", "output": "sun"}]
    )
    assert model.requests[1].tool_results == ["sun", "Nothing was found."]


async def test_a_stream_tells_the_calls_of_a_turn_in_their_order(
    client: AsyncOpenAI, model: ScriptedModel
) -> None:
    calls = (
        ToolCall("file_search", {"queries": ["x"]}, id="a"),
        ToolCall("weather", {"city": "Rome"}, id="b"),
        ToolCall("file_search", {"queries": ["y"]}, id="c"),
    )
    model.on(None, calls)
    thread_id, assistant_id = await setup(client, "all", WEATHER, {"type": "file_search"})
    async with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        await stream.until_done()
        step = stream.current_run_step_snapshot
    assert step is not None
    assert step.step_details.type == "tool_calls"
    told = [(call.id, call.type) for call in step.step_details.tool_calls]
    assert told == [("a", "file_search"), ("b", "function"), ("c", "file_search")]
    [stored] = (await client.beta.threads.runs.steps.list(step.run_id, thread_id=thread_id)).data
    assert stored.step_details.type == "tool_calls"
    assert [(call.id, call.type) for call in stored.step_details.tool_calls] == told


async def test_parts_of_a_message_stand_as_they_began(
    client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused_first(*_: object) -> Iterator[dict[str, Any]]:
        yield from ({"refusal": "No, "}, {"content": "because "}, {"refusal": "never."}, {"content": "of it."})

    monkeypatch.setattr(scripted_completions, "_deltas", refused_first)
    model.on(None, "")
    thread_id, assistant_id = await setup(client, "Hi")
    async with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        async for event in stream:
            if event.event == "thread.message.delta":
                snapshot: Any = stream.current_message_snapshot
                told = [part.to_dict() for part in snapshot.content]
    [_, message] = (await client.beta.threads.messages.list(thread_id, order="asc")).data
    assert [{"index": index, **part.to_dict()} for index, part in enumerate(message.content)] == told
    assert [part.type for part in message.content] == ["refusal", "text"]
    assert (told[0]["refusal"], told[1]["text"]["value"]) == ("No, never.", "because of it.")


async def test_a_failure_in_the_middle(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on("cut", Reply("one two three", cut_after=2)).on(None, Failure(400, "no"))
    thread_id, assistant_id = await setup(client, "cut")
    stream = client.beta.threads.runs.stream
    names = await names_in(stream(thread_id=thread_id, assistant_id=assistant_id))
    assert runs_of(names)[-3:] == ["thread.message.incomplete", "thread.run.step.failed", "thread.run.failed"]
    message = (await client.beta.threads.messages.list(thread_id)).data[0]
    assert message.incomplete_details is not None
    assert (message.status, message.incomplete_details.reason) == ("incomplete", "run_failed")
    assert message.content[0].to_dict()["text"]["value"] == "one two"  # type: ignore[index]  # JSON
    thread_id, _ = await setup(client, "else")
    names = await names_in(stream(thread_id=thread_id, assistant_id=assistant_id))
    assert names == [*BEGIN, "thread.run.failed"]


@pytest.fixture
def server(with_model: Starlette) -> Iterator[str]:
    """The platform over real HTTP."""
    with serving(with_model, lifespan=True) as record:
        yield record.url


async def test_cancelling_is_told(server: str, model: ScriptedModel) -> None:
    model.on(None, Reply("one two three", piece_delay=0.2))
    async with AsyncOpenAI(base_url=server, api_key="any") as client:
        thread_id, assistant_id = await setup(client, "Hi")
        names = []
        async with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
            async for event in stream:
                names.append(event.event)
                if event.event == "thread.message.delta" and "thread.run.cancelling" not in names:
                    await client.beta.threads.runs.cancel(event_run(stream), thread_id=thread_id)
                    names.append("thread.run.cancelling")
    assert runs_of(names)[-4:] == [
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
    ]


@pytest.mark.parametrize("how", ["stop", "settle"])
async def test_an_end_from_outside_is_told_with_the_text_so_far(
    server: str, with_model: Starlette, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    model.on(None, Reply("one two three", piece_delay=0.2))
    runtime, ended = with_model.state.runtime, "failed" if how == "stop" else "expired"
    late = time.time() + 600

    async def interrupt() -> None:
        if how == "stop":
            await asyncio.to_thread(runtime.stop)
            return
        monkeypatch.setattr(time, "time", lambda: late)
        await asyncio.to_thread(runtime.settle, thread_id)

    async with AsyncOpenAI(base_url=server, api_key="any") as client:
        thread_id, assistant_id = await setup(client, "Hi")
        names: list[str] = []
        async with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
            async for event in stream:
                if event.event == "thread.message.delta" and names[-1] != event.event:
                    await interrupt()
                names.append(event.event)
            [message] = await stream.get_final_messages()
    assert runs_of(names)[-3:] == [
        "thread.message.incomplete",
        f"thread.run.step.{ended}",
        f"thread.run.{ended}",
    ]
    assert message.content[0].to_dict()["text"]["value"].startswith("one")  # type: ignore[index]  # JSON


def event_run(stream: Any) -> str:
    """The id of the run that a stream is about."""
    run_id: str = stream.current_run.id
    return run_id


async def test_a_client_that_goes_away_does_not_end_the_run(server: str, model: ScriptedModel) -> None:
    model.on(None, Reply("one two three", piece_delay=0.1))
    async with AsyncOpenAI(base_url=server, api_key="any") as client:
        thread_id, assistant_id = await setup(client, "Hi")
        async with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
            async for event in stream:
                if event.event == "thread.message.delta":
                    break
            run_id = event_run(stream)
        run = await client.beta.threads.runs.poll(run_id, thread_id=thread_id)
        assert run.status == "completed"
        message = (await client.beta.threads.messages.list(thread_id)).data[0]
        assert message.content[0].to_dict()["text"]["value"] == "one two three"  # type: ignore[index]  # JSON


class Collected(AssistantEventHandler):
    """What a handler of the SDK is told."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.called: list[str] = []
        self.ends = 0

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.text += delta.value or ""
        assert snapshot.value == self.text

    def on_tool_call_done(self, tool_call: Any) -> None:
        self.called.append(tool_call.type)

    def on_end(self) -> None:
        self.ends += 1


def test_the_handlers_of_the_synchronous_sdk(server: str, model: ScriptedModel) -> None:
    model.on(None, ToolCall("file_search", {"queries": ["x"]}), "Nothing there.")
    with OpenAI(base_url=server, api_key="any", _strict_response_validation=True) as client:
        made = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}])
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
        handler = Collected()
        with client.beta.threads.runs.stream(
            thread_id=thread.id, assistant_id=made.id, event_handler=handler
        ) as stream:
            stream.until_done()
        # The SDK tells of a call at each end of a step, and of the run.
        assert (handler.text, {*handler.called}, handler.ends) == ("Nothing there.", {"file_search"}, 1)
        with client.beta.threads.create_and_run_stream(assistant_id=made.id) as stream:
            assert "".join(stream.text_deltas) == "Nothing there."


async def test_a_request_that_is_refused_is_no_stream(http: httpx2.AsyncClient) -> None:
    thread = (await http.post("/threads", json={})).json()
    sent = {"assistant_id": "asst_none", "stream": True}
    response = await http.post(f"/threads/{thread['id']}/runs", json=sent)
    assert (response.status_code, response.headers["content-type"]) == (404, "application/json")


async def test_a_slow_reader_holds_up_nothing_and_loses_nothing() -> None:
    channel = Channel()
    pieces = [f"{index} " for index in range(20 * MAX_WAITING)]
    for piece in pieces:
        channel.publish([message_delta("msg_1", {"index": 0, "type": "text", "text": {"value": piece}})])
    assert len(channel._waiting) <= MAX_WAITING
    channel.publish([Event("thread.run.completed", {})])
    channel.close()
    *events, end, done = events_of("".join([text async for text in channel.read()]))
    texts = [json.loads(data)["delta"]["content"][0]["text"]["value"] for _, data in events]
    assert "".join(texts) == "".join(pieces)
    assert (end[0], done) == ("thread.run.completed", ("done", "[DONE]"))


async def test_a_reader_that_is_gone_is_told_nothing_more() -> None:
    channel = Channel()
    reader = channel.read()
    channel.publish([Event("thread.run.created", {})])
    assert "created" in await anext(reader)
    await reader.aclose()
    channel.publish([Event("thread.run.queued", {})])
    assert not channel._waiting


async def test_the_first_piece_comes_before_the_answer_is_whole(database: Any) -> None:
    with ScriptedModel() as model:
        model.on(None, Reply("one two", piece_delay=0.3))
        with serving(app_over(database, model.url), lifespan=True) as record:
            async with AsyncOpenAI(base_url=record.url, api_key="any") as client:
                thread_id, assistant_id = await setup(client, "Hi")
                loop = asyncio.get_running_loop()
                async with client.beta.threads.runs.stream(
                    thread_id=thread_id, assistant_id=assistant_id
                ) as stream:
                    times = [loop.time() async for _ in stream.text_deltas]
    assert times[1] - times[0] > 0.1


def app_over(database: Any, url: str) -> Starlette:
    from assistctl.local.app import create_app

    return create_app(database, model=ModelSettings(url))
