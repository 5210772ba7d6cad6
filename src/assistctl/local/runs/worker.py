"""The work on one run: turns of the model and calls of its tools, until the run has ended or waits for outputs.

It is a task of an event loop (``Job``), which other threads reach.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from starlette.concurrency import run_in_threadpool

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored
from assistctl.local.database.storage import Database
from assistctl.local.files.content import ContentFolder
from assistctl.local.runs import open_runs, record, request, steps, transitions
from assistctl.local.runs.citations import Annotator
from assistctl.local.runs.events import Channel, Event, step_delta, step_event
from assistctl.local.runs.model_client import ModelClient, ModelError
from assistctl.local.runs.prompt import CONTEXT_TOKENS, show_pictures
from assistctl.local.runs.tools import BuiltInTool, ToolResult
from assistctl.local.runs.turn import Call, Turn, outcome_delta, step_of

Fields = dict[str, Json]

_LEAST_ROOM = 256
"""Tokens of a thread below which no shorter prompt is tried."""


@dataclass(frozen=True, slots=True)
class BackingServices:
    """The services that runs use.

    ``tools_for`` gives the platform's own tools that a run may use, by their names, or raises ``ToolError``.
    """

    model: ModelClient
    database: Database
    content: ContentFolder
    tools_for: Callable[[Stored], Awaitable[dict[str, BuiltInTool]]]


class Worker:
    """Does one run for the server ``owner``; whoever listens hears of it through ``channel``."""

    def __init__(self, services: BackingServices, owner: str, run_id: str, channel: Channel) -> None:
        self._services = services
        self._run_id = run_id
        self._channel = channel
        self._owner = owner
        self._run: Stored | None = None
        self._turn: Turn | None = None
        self._room = CONTEXT_TOKENS
        self._refusal: ModelError | None = None

    async def work(self) -> None:
        """Do the run up to its end, or to where outputs of tools are needed.

        Raises ``ModelError``, ``ToolError``, and ``LostRunError`` when the run is not ours any more.
        """
        await self._write(self._start, durable=False)
        tools = await self._services.tools_for(self.run)
        while await self._take_turn(tools):
            pass

    async def end(self, status: str, error: tuple[str, str] | None = None, *, keeps_text: bool = True) -> None:
        """End the run early; the text so far is kept as a rule."""
        if not keeps_text and self._turn is not None:
            self._turn.forget_text()
        await self._write(lambda connection: self._finished(connection, status, error))

    @property
    def run(self) -> Stored:
        """The run as it was last written."""
        if self._run is None:
            raise RuntimeError("the run has not begun")
        return self._run

    def _finished(
        self, connection: sqlite3.Connection, status: str, error: tuple[str, str] | None = None
    ) -> list[Event]:
        self.keep_text(connection)
        self._run, events = transitions.finish(connection, self.run, status, error=error)
        return events

    def keep_text(self, connection: sqlite3.Connection) -> None:
        """Keep what the model has said so far, before somebody ends the run: a stream has told it already."""
        if self._turn is not None:
            self._turn.keep_text(connection)

    def _start(self, connection: sqlite3.Connection) -> list[Event]:
        self._run, events = transitions.start(connection, self._run_id, self._owner)
        return events

    async def _take_turn(self, tools: dict[str, BuiltInTool]) -> bool:
        """Take one turn; whether there is another one to take."""
        spent = request.spent_limit(self.run)
        if spent is not None:
            await self._end_incomplete(spent)
            return False
        prompt = await run_in_threadpool(self._prompt, tools)
        if prompt is None and self._refusal is not None:
            raise self._refusal
        if prompt is None:
            await self._end_incomplete("max_prompt_tokens")
            return False
        turn = await self._new_turn(tools)
        try:
            async with aclosing(self._services.model.answer(prompt, self._remaining)) as chunks:
                async for chunk in chunks:
                    await turn.take(chunk)
        except ModelError as error:
            self._make_shorter(error)
            return True
        await turn.finish_text()
        if turn.calls:
            return await self._do_calls(turn, tools)
        await self._write(lambda connection: self._ended(connection, turn))
        return False

    def _prompt(self, tools: dict[str, BuiltInTool]) -> dict[str, Any] | None:
        with self._services.database.reading() as connection:
            prompt = request.request(connection, self.run, list(tools.values()), self._room)
        if prompt is None:
            return None
        return {**prompt, "messages": show_pictures(prompt["messages"], self._services.content)}

    def _make_shorter(self, error: ModelError) -> None:
        """Have the next request tell less of the thread, where that is allowed; otherwise raise ``error``."""
        strategy = cast("Fields", self.run.body["truncation_strategy"])
        if not error.is_too_long or strategy["type"] != "auto" or self._room < _LEAST_ROOM:
            raise error
        self._refusal = error
        self._room //= 2

    async def _new_turn(self, tools: dict[str, BuiltInTool]) -> Turn:
        known = await run_in_threadpool(self._known)
        self._turn = Turn(
            self.run,
            tools,
            Annotator(known.citations, known.paths),
            tuple(known.images),
            frozenset(known.call_ids),
            partial(self._write, durable=False),
            self._channel.publish,
        )
        return self._turn

    def _known(self) -> steps.Findings:
        known = steps.Findings()
        with self._services.database.reading() as connection:
            for step in steps.all_of(connection, self._run_id):
                known.add(step)
        return known

    def _ended(self, connection: sqlite3.Connection, turn: Turn) -> list[Event]:
        """The end of a run whose model has given its answer."""
        self._count(connection, turn)
        reason = {"length": "max_tokens", "content_filter": "content_filter"}.get(turn.finish_reason)
        events = turn.end_message(connection, turn.usage, reason)
        if turn.finish_reason == "content_filter":
            error = ("server_error", "The model's content filter broke off the answer.")
            self._run, more = transitions.finish(connection, self.run, "failed", error=error)
        elif turn.finish_reason == "length":
            self._run, more = transitions.finish(
                connection, self.run, "incomplete", reason="max_completion_tokens"
            )
        else:
            self._run, more = transitions.finish(connection, self.run, "completed")
        return [*events, *more]

    async def _end_incomplete(self, reason: str) -> None:
        def ending(connection: sqlite3.Connection) -> list[Event]:
            self._run, events = transitions.finish(connection, self.run, "incomplete", reason=reason)
            return events

        await self._write(ending)

    async def _do_calls(self, turn: Turn, tools: dict[str, BuiltInTool]) -> bool:
        """Execute the calls of the platform's own tools, then have the others wait for outputs."""
        calls = [*turn.calls]
        done: dict[str, ToolResult] = {}
        for call in calls:
            if call.name in tools:
                done[call.id] = await self._execute(turn, call, tools[call.name])
        await self._write(lambda connection: self._called(connection, turn, calls, done))
        return len(done) == len(calls)

    async def _execute(self, turn: Turn, call: Call, tool: BuiltInTool) -> ToolResult:
        step = cast("Stored", turn.step)
        shown = tool.input_of(call.arguments)
        if shown is not None:
            self._channel.publish([step_delta(step.id, {"index": call.index, **shown})])
        result = await tool.call(call.id, call.arguments)
        if shown is not None:
            self._channel.publish([step_delta(step.id, outcome_delta(call.index, result.step))])
        return result

    def _called(
        self, connection: sqlite3.Connection, turn: Turn, calls: list[Call], done: dict[str, ToolResult]
    ) -> list[Event]:
        self._count(connection, turn)
        events = turn.end_message(connection, record.NO_USAGE)
        step = steps.STEPS.change(connection, cast("Stored", turn.step), step_of(turn, calls, done))
        waiting = [call for call in steps.calls_of(step) if call["type"] == "function"]
        if waiting:
            self._run, more = transitions.wait_for_outputs(connection, self.run, self._owner, waiting)
            return [*events, *more]
        step = steps.end(connection, step, "completed", {"usage": turn.usage})
        return [*events, step_event(step, self.run)]

    def _count(self, connection: sqlite3.Connection, turn: Turn) -> None:
        private = record.private(self.run)
        usage = record.added(cast("Fields", private["usage"]), turn.usage)
        self._run = record.RUNS.change(connection, self.run, {"private": {**private, "usage": usage}})

    async def _write(self, change: Callable[[sqlite3.Connection], list[Event]], *, durable: bool = True) -> None:
        """Change the run, and tell of it. What only begins something need not be ``durable``."""
        self._channel.publish(await run_in_threadpool(self._written, change, durable))

    def _written(self, change: Callable[[sqlite3.Connection], list[Event]], durable: bool) -> list[Event]:
        with self._services.database.writing(durable=durable) as connection:
            open_runs.require_owner(connection, self._run_id, self._owner)
            # Read again: its metadata may have been changed, and it may have been asked to be cancelled.
            self._run = record.RUNS.get(connection, self._run_id)
            if self._run.body["status"] == "cancelling":
                return self._finished(connection, "cancelled")
            return change(connection)

    def _remaining(self) -> float:
        return int(str(self.run.body["expires_at"])) - time.time()


@dataclass(slots=True)
class Job:
    """The work on one run, in the event loop that its request came in by."""

    run_id: str
    thread_id: str
    channel: Channel
    worker: Worker
    loop: asyncio.AbstractEventLoop
    task: asyncio.Task[None] | None = None
    is_cancelled: bool = False


def stop(job: Job, events: list[Event]) -> None:
    """Stop the work, in the job's event loop. ``events`` come first; a cancelled run reports its own end."""
    job.channel.publish(events)
    if not job.is_cancelled:
        job.channel.close()
    if job.task is not None:
        job.task.cancel()


def in_loop(job: Job, action: Callable[[], None]) -> None:
    """Have something done in the job's event loop, unless that has ended with all its tasks."""
    try:
        running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is job.loop:
        action()
    elif not job.loop.is_closed():
        job.loop.call_soon_threadsafe(action)
