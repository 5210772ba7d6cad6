"""Many runs at once over a model that fails in every way it can: each ends, none hangs, and all threads go on."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest
from openai import AsyncOpenAI
from starlette.applications import Starlette

from assistctl.testing import Failure, ModelRequest, Reply, ScriptedModel, ToolCall

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")]


FAULTS: list[Any] = [
    "A whole answer.",
    "",
    Reply(" \n ", usage=(0, 0)),
    Failure(400, "no"),
    Failure(429, retry_after=0.5),
    Failure(429),
    Failure(500),
    Failure(503, retry_after=1),
    Reply("one two three", cut_after=0),
    Reply("one two three", cut_after=2),
    Reply(tool_calls=(ToolCall("weather", "{"),), cut_after=1),
    Reply(tool_calls=(ToolCall("nobody_declared_this"),)),
    ToolCall("file_search", "not json"),
    ToolCall("file_search", {"queries": None}),
    (ToolCall("weather", id="same"), ToolCall("file_search", id="other")),
    Reply("cut short", finish_reason="length"),
    Reply("cut off", finish_reason="content_filter"),
]

RUNS = int(os.environ.get("ASSISTCTL_TEST_FAULTY_RUNS", len(FAULTS)))
"""How many runs, at least one for each fault; more of them look longer for what few do not show."""


async def test_every_run_ends_whatever_the_model_does(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel
) -> None:
    chance = random.Random(7)  # noqa: S311  # a test's dice
    faults: list[Any] = []
    with_model.state.runtime.model.sleep = no_time

    def fault(_: ModelRequest) -> Any:
        if not faults:
            # Each as often as the others.
            faults.extend(chance.sample(FAULTS, len(FAULTS)))
        return faults.pop()

    model.on(None, fault)
    tools: Any = [{"type": "function", "function": {"name": "weather"}}, {"type": "file_search"}]
    made = await client.beta.assistants.create(model="gpt-4o", tools=tools)
    async with asyncio.timeout(120):
        ended = await asyncio.gather(*(carried_out(client, made.id) for _ in range(RUNS)))
    assert {*ended} <= {"completed", "failed", "incomplete"}
    assert {*ended} >= {"completed", "failed"}
    with with_model.state.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM open_runs").fetchone() == (0,)
        unfinished = """SELECT count(*) FROM objects WHERE kind IN ('message', 'run step', 'run')
            AND json_extract(body, '$.status') NOT IN ('completed', 'failed', 'incomplete')"""
        assert connection.execute(unfinished).fetchone() == (0,)


async def carried_out(client: AsyncOpenAI, assistant_id: str) -> str:
    """How a run ends whose functions are answered as often as they are called."""
    run = await client.beta.threads.create_and_run_poll(
        assistant_id=assistant_id, thread={"messages": [{"role": "user", "content": "Hi"}]}
    )
    while run.required_action is not None:
        calls = run.required_action.submit_tool_outputs.tool_calls
        run = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=run.thread_id,
            tool_outputs=[{"tool_call_id": call.id, "output": "x"} for call in calls],
        )
    await client.beta.threads.messages.create(run.thread_id, role="user", content="again")
    return run.status


async def no_time(_: float) -> None:
    """A pause that is over at once."""
