"""Runs whose server dies, stops, or shares its database: each ends once, and its thread can be used again."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from openai import APIError, APIStatusError, AsyncOpenAI, OpenAI
from starlette.applications import Starlette

from assistctl.errors import NoRoomError
from assistctl.local.app import create_app
from assistctl.local.runs import lost_runs, open_runs, record
from assistctl.local.runs.model_client import ModelSettings
from assistctl.local.runs.open_runs import OpenRun
from assistctl.local.runs.runtime import Runtime
from assistctl.testing import ModelRequest, Reply, ScriptedModel, ToolCall
from support.python_process import PythonProcess, started_code
from support.run_platform import in_process

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")]

WEATHER: Any = {"type": "function", "function": {"name": "weather"}}


async def begun(client: AsyncOpenAI, text: str = "Hi") -> Any:
    made = await client.beta.assistants.create(model="gpt-4o", tools=[WEATHER])
    return await client.beta.threads.create_and_run(
        assistant_id=made.id, thread={"messages": [{"role": "user", "content": text}]}
    )


async def test_a_run_of_a_server_that_stopped_has_failed(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel, database: Path
) -> None:
    model.on(None, Reply("one two", piece_delay=5))
    run = await begun(client)
    await with_model.state.runtime.close()
    with_model.state.database.close()
    async with in_process(create_app(database)) as after:
        left = await after.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        assert left.status == "failed"
        assert left.last_error is not None
        assert left.last_error.message == "The server stopped while the run was in progress."
        await after.beta.threads.messages.create(run.thread_id, role="user", content="again")


async def test_a_run_that_waits_for_outputs_outlives_its_server(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel, database: Path
) -> None:
    model.on(None, ToolCall("weather", id="a"), "Sunny.")
    run = await client.beta.threads.runs.poll((run := await begun(client)).id, thread_id=run.thread_id)
    assert run.status == "requires_action"
    await with_model.state.runtime.close()
    with_model.state.database.close()
    async with in_process(create_app(database, model=ModelSettings(model.url))) as after:
        done = await after.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": "a", "output": "sun"}]
        )
        assert done.status == "completed"


async def test_two_servers_on_one_database_leave_each_other_s_runs_alone(
    client: AsyncOpenAI, model: ScriptedModel, database: Path
) -> None:
    model.on("slow", Reply("one two", piece_delay=0.2)).on(None, "Done.")
    async with in_process(create_app(database, model=ModelSettings(model.url))) as other:
        run = await begun(client, "slow")
        seen = await other.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        assert seen.status in {"queued", "in_progress"}
        done = await other.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
        assert done.status == "completed"
        assert len(model.requests) == 1


async def test_a_run_may_be_cancelled_at_another_server(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel, database: Path
) -> None:
    model.on(None, Reply("one two", piece_delay=0.2))
    async with in_process(create_app(database, model=ModelSettings(model.url))) as other:
        run = await begun(client)
        cancelled = await other.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
        assert cancelled.status == "cancelled"
        await asyncio.gather(*(job.task for job in with_model.state.runtime._jobs.values()))
        seen = await client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        assert seen == cancelled


async def test_a_server_hears_that_another_one_cancelled_its_run(
    client: AsyncOpenAI,
    with_model: Starlette,
    model: ScriptedModel,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lost_runs, "LOOK_SECONDS", 0.01)
    asked = asyncio.Event()
    model.on(None, told(asked, Reply("never", delay=600)))
    made = await client.beta.assistants.create(model="gpt-4o")
    thread = await client.beta.threads.create()
    reading = asyncio.create_task(streamed(client, thread.id, made.id))
    async with in_process(create_app(database, model=ModelSettings(model.url))) as other:
        await asked.wait()
        [run] = (await other.beta.threads.runs.list(thread.id)).data
        await other.beta.threads.runs.cancel(run.id, thread_id=thread.id)
        assert (await reading)[-2:] == ["thread.run.in_progress", "thread.run.cancelled"]
    assert not with_model.state.runtime._jobs


async def test_a_worker_that_finds_its_run_cancelled_elsewhere_tells_that_end(
    client: AsyncOpenAI, model: ScriptedModel, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_runs, "LOOK_SECONDS", 3600)
    asked, cancelled = asyncio.Event(), threading.Event()
    note = told(asked, Reply("too late"))

    def turn(request: ModelRequest) -> Reply:
        reply = note(request)
        assert cancelled.wait(20)
        return reply

    model.on(None, turn)
    made = await client.beta.assistants.create(model="gpt-4o")
    thread = await client.beta.threads.create()
    reading = asyncio.create_task(streamed(client, thread.id, made.id))
    async with in_process(create_app(database)) as other:
        await asked.wait()
        [run] = (await other.beta.threads.runs.list(thread.id)).data
        await other.beta.threads.runs.cancel(run.id, thread_id=thread.id)
        cancelled.set()
        assert (await reading)[-2:] == ["thread.run.in_progress", "thread.run.cancelled"]


async def test_a_server_hears_that_another_one_deleted_its_thread(
    client: AsyncOpenAI, model: ScriptedModel, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_runs, "LOOK_SECONDS", 0.01)
    asked = asyncio.Event()
    model.on(None, told(asked, Reply("never", delay=600)))
    made = await client.beta.assistants.create(model="gpt-4o")
    thread = await client.beta.threads.create()
    reading = asyncio.create_task(streamed(client, thread.id, made.id))
    async with in_process(create_app(database, model=ModelSettings(model.url))) as other:
        await asked.wait()
        await other.beta.threads.delete(thread.id)
        assert (await reading)[-1] == "thread.run.in_progress"


def told(asked: asyncio.Event, reply: Reply) -> Callable[[ModelRequest], Reply]:
    """A turn that sets an event of the loop that runs here; the model's server has a thread of its own."""
    loop = asyncio.get_running_loop()

    def turn(_: ModelRequest) -> Reply:
        loop.call_soon_threadsafe(asked.set)
        return reply

    return turn


async def streamed(client: AsyncOpenAI, thread_id: str, assistant_id: str) -> list[str]:
    """The names of a run's events, up to their end."""
    async with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        return [event.event async for event in stream]


async def test_runs_that_are_not_lost_are_left_alone(
    client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_runs, "LOOK_SECONDS", 0.001)
    model.on(None, ToolCall("weather", id="a"), Reply("one two three", piece_delay=0.03))
    outputs: Any = [{"tool_call_id": "a", "output": "sun"}]
    for _ in range(3):
        run = await client.beta.threads.runs.poll((run := await begun(client)).id, thread_id=run.thread_id)
        done = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs
        )
        assert done.status == "completed"


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors that a test is about are not logged."""
    monkeypatch.setattr(logging.getLogger("assistctl.local.runs.runtime"), "disabled", True)


@asynccontextmanager
async def unchecked(app: Starlette) -> AsyncIterator[tuple[AsyncOpenAI, str, str]]:
    """The SDK for an app, whose answers may be errors; a thread and an assistant."""
    async with in_process(app) as client:
        once = client.with_options(max_retries=0)
        made = await once.beta.assistants.create(model="gpt-4o")
        thread = await once.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
        yield once, thread.id, made.id


@pytest.mark.usefixtures("quiet")
async def test_an_answer_that_the_disk_has_no_room_for(with_model: Starlette, model: ScriptedModel) -> None:
    def full(_: ModelRequest) -> str:
        writer = with_model.state.database._writer
        with writer.lock:
            # SQLite takes fewer pages than there are as no room for another one.
            writer.opened().execute("PRAGMA max_page_count = 1")
        return "long" * 125_000  # a word, and so one piece

    model.on(None, full)
    async with unchecked(with_model) as (client, thread_id, assistant_id):
        names = await streamed(client, thread_id, assistant_id)
        assert names[-3:] == ["thread.message.incomplete", "thread.run.step.failed", "thread.run.failed"]
        [run] = (await client.beta.threads.runs.list(thread_id)).data
        assert run.last_error is not None
        assert run.last_error.message.startswith("The server could not store what the run did")


@pytest.mark.usefixtures("quiet")
async def test_a_disk_without_room_for_a_word(
    with_model: Starlette, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = with_model.state.database

    def no_room(**_: object) -> None:
        raise NoRoomError("The database cannot grow: the disk is full", "Make room.")

    with monkeypatch.context() as patch:
        model.on(None, lambda _: (patch.setattr(database, "writing", no_room), "Hello.")[1])
        async with unchecked(with_model) as (client, thread_id, assistant_id):
            with pytest.raises(APIError, match="could not store what the run did"):
                await streamed(client, thread_id, assistant_id)
            [run] = (await client.beta.threads.runs.list(thread_id)).data
            assert run.status == "in_progress"
            with pytest.raises(APIStatusError, match="disk is full"):
                await client.beta.threads.messages.create(thread_id, role="user", content="again")
            patch.undo()
            run = await client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)
            assert (run.status, run.last_error and run.last_error.code) == ("failed", "server_error")
            await client.beta.threads.messages.create(thread_id, role="user", content="again")


async def test_outputs_are_taken_once(client: AsyncOpenAI, model: ScriptedModel, database: Path) -> None:
    model.on(None, ToolCall("weather", id="a"), Reply("Sunny.", delay=0.1))
    outputs: Any = [{"tool_call_id": "a", "output": "sun"}]
    async with in_process(create_app(database, model=ModelSettings(model.url))) as other:
        run = await client.beta.threads.runs.poll((run := await begun(client)).id, thread_id=run.thread_id)
        answers = await asyncio.gather(
            *(
                sdk.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs)
                for sdk in (client, other)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, Exception) for answer in answers) == 1
        await client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    assert len(model.requests) == 2


async def test_time_that_is_over_expires_a_run(
    client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.on(None, ToolCall("weather", id="a"))
    run = await client.beta.threads.runs.poll((run := await begun(client)).id, thread_id=run.thread_id)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 600)
    expired = await client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert (expired.status, expired.expires_at, expired.required_action) == ("expired", None, None)
    [step] = (await client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)).data
    assert step.status == "expired"
    await client.beta.threads.messages.create(run.thread_id, role="user", content="again")


async def test_a_model_that_takes_too_long_expires_a_run(
    client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "SECONDS", 1)
    model.on(None, Reply("one two", piece_delay=0.7))
    run = await client.beta.threads.runs.poll((run := await begun(client)).id, thread_id=run.thread_id)
    assert run.status == "expired"
    message = (await client.beta.threads.messages.list(run.thread_id)).data[0]
    assert message.incomplete_details is None or message.incomplete_details.reason == "run_expired"


async def test_more_runs_than_may_be_worked_on_at_once_all_end(
    client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistctl.local.runs import runtime

    monkeypatch.setattr(runtime, "MOST_AT_ONCE", 2)
    model.on(None, Reply("ok", delay=0.05))
    runs = await asyncio.gather(*(begun(client) for _ in range(7)))
    polled = [client.beta.threads.runs.poll(run.id, thread_id=run.thread_id) for run in runs]
    assert {run.status for run in await asyncio.gather(*polled)} == {"completed"}


@contextmanager
def served(database: Path, model_url: str) -> Iterator[tuple[PythonProcess, str]]:
    """The command ``serve`` in a process of its own, and its URL."""
    command = ("serve", "--port", "0", "--db", str(database))
    environment = {**os.environ, "ASSISTCTL_MODEL_URL": model_url}
    process = started_code("from assistctl.__main__ import main; main()", *command, environment=environment)
    assert process.stderr is not None
    url = process.stderr.readline().strip()
    try:
        yield process, url
    finally:
        process.kill()
        process.communicate()


def test_a_killed_server_leaves_runs_that_have_failed(database: Path, model: ScriptedModel) -> None:
    model.on("slow", Reply("one two", piece_delay=10)).on(None, "Done.")
    database.parent.mkdir(parents=True)
    with served(database, model.url) as (process, url), OpenAI(base_url=url, api_key="any") as client:
        made = client.beta.assistants.create(model="gpt-4o")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "slow"}])
        run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=made.id)
        while run.status == "queued":
            run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with served(database, model.url) as (_, url), OpenAI(base_url=url, api_key="any") as client:
        left = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
        assert left.status == "failed"
        assert left.last_error is not None
        assert left.last_error.message == "The server that worked on the run is gone."
        client.beta.threads.messages.create(thread.id, role="user", content="again")
        again = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)
        assert again.status == "completed"


def test_a_database_that_cannot_be_used_does_not_stop_the_start(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.parent.mkdir(parents=True)
    database.write_text("no database, and not empty either")
    create_app(database).state.runtime.settle_all()
    assert "runs that were left behind could not be ended" in caplog.text


async def test_a_run_that_is_over_expires_though_its_worker_hands_it_on_meanwhile(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.on(None, Reply("never", delay=600))
    run = await begun(client)
    database, is_over, now = with_model.state.database, Runtime._is_over, time.time()

    def handed_on(runtime: Runtime, found: OpenRun) -> bool:
        """The worker comes to wait for outputs between the look and the write."""
        if found.owner is not None:
            with database.writing() as connection:
                open_runs.hand_to(connection, run.id, None)
        return is_over(runtime, found)

    monkeypatch.setattr(Runtime, "_is_over", handed_on)
    monkeypatch.setattr(time, "time", lambda: now + 700)
    await client.beta.threads.messages.create(run.thread_id, role="user", content="again")
    seen = await client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert seen.status == "expired"
