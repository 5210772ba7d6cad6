"""``/threads/{id}/runs``, ``/threads/runs`` and ``/threads/{id}/runs/{id}/steps``: all that is asked of runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from assistctl.json_value import Json
from assistctl.local.assistants.record import ASSISTANTS
from assistctl.local.database.collection import Stored
from assistctl.local.http.access import AssistantsEndpoint
from assistctl.local.http.body import read_object
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.runs import fields, open_runs, record, steps, transitions
from assistctl.local.runs.events import Event, run_event
from assistctl.local.state import database_of, runtime_of
from assistctl.local.threads import fields as thread_fields
from assistctl.local.threads import record as threads
from assistctl.local.threads.exchange import thread_id_of
from assistctl.local.vector_stores.exchange import writing

Fields = dict[str, Json]
Change: TypeAlias = Callable[[sqlite3.Connection], tuple[Stored, list[Event]]]

POLL_MS = 100
"""Milliseconds after which somebody may ask again how a run is."""


class Runs(AssistantsEndpoint):
    """The runs of a thread."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them."""
        query = page_query(request.query_params)
        thread_id = thread_id_of(request)
        runtime_of(request).settle(thread_id)
        with database_of(request).reading() as connection:
            threads.THREADS.get(connection, thread_id)
            page = record.page(connection, thread_id, query)
        return JSONResponse(page_body([record.view(run) for run in page.objects], has_more=page.has_more))

    async def post(self, request: Request) -> Response:
        """Create one, and begin it."""
        sent = await read_object(request)
        fields.CREATE.check(sent)
        include = fields.included(request.query_params)
        owner = runtime_of(request).owner()

        def create(connection: sqlite3.Connection) -> tuple[Stored, list[Event]]:
            thread = threads.THREADS.get(connection, thread_id_of(request))
            assistant = ASSISTANTS.get(connection, str(sent["assistant_id"]))
            open_runs.require_none_for_run(connection, thread.id)
            more = sent.get("additional_messages")
            if isinstance(more, list):
                thread, _ = threads.add_messages(
                    connection, thread, [message for message in more if isinstance(message, dict)]
                )
            run = record.create(connection, thread, assistant, sent, owner, include=include)
            return run, [run_event(run, "created"), run_event(run)]

        return await _begun(request, create, sent)


class ThreadWithRun(AssistantsEndpoint):
    """A thread and a run of it, made together."""

    async def post(self, request: Request) -> Response:
        """Create both, and begin the run."""
        sent = await read_object(request)
        fields.CREATE_WITH_THREAD.check(sent)
        owner = runtime_of(request).owner()

        def create(connection: sqlite3.Connection) -> tuple[Stored, list[Event]]:
            assistant = ASSISTANTS.get(connection, str(sent["assistant_id"]))
            threads.require_resources(connection, sent)
            wanted = sent.get("thread")
            thread = threads.create(connection, wanted if isinstance(wanted, dict) else {})
            run = record.create(connection, thread, assistant, sent, owner, include=False)
            created = Event("thread.created", threads.view(thread))
            return run, [created, run_event(run, "created"), run_event(run)]

        return await _begun(request, create, sent)


class OneRun(AssistantsEndpoint):
    """One run."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        thread_id = thread_id_of(request)
        runtime_of(request).settle(thread_id)
        with database_of(request).reading() as connection:
            threads.THREADS.get(connection, thread_id)
            run = record.get(connection, thread_id, run_id_of(request))
        return _answer(run)

    async def post(self, request: Request) -> JSONResponse:
        """Modify its metadata."""
        sent = await read_object(request)
        thread_fields.METADATA_ONLY.check(sent)
        return _answer(await run_in_threadpool(self._update, request, sent))

    @staticmethod
    def _update(request: Request, sent: Fields) -> Stored:
        runtime_of(request).settle(thread_id_of(request))
        with writing(request) as connection:
            run = _run(connection, request)
            changes: Fields = {"metadata": sent["metadata"] or {}} if "metadata" in sent else {}
            return record.RUNS.change(connection, run, changes)


class Cancel(AssistantsEndpoint):
    """The cancelling of a run."""

    async def post(self, request: Request) -> JSONResponse:
        """Cancel it."""
        runtime = runtime_of(request)
        owner = runtime.owner()

        def cancel(connection: sqlite3.Connection) -> tuple[Stored, list[Event]]:
            return transitions.ask_to_cancel(connection, _run(connection, request), owner)

        run, events = await run_in_threadpool(_change, request, cancel)
        runtime.cancel(run.id, events)
        return _answer(run)


class SubmitToolOutputs(AssistantsEndpoint):
    """The outputs of tools that a run waits for."""

    async def post(self, request: Request) -> Response:
        """Take them, and go on with the run."""
        sent = await read_object(request)
        fields.SUBMIT.check(sent)
        outputs = sent["tool_outputs"]
        given = [output for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
        owner = runtime_of(request).owner()

        def submit(connection: sqlite3.Connection) -> tuple[Stored, list[Event]]:
            return transitions.submit(connection, _run(connection, request), owner, given)

        return await _begun(request, submit, sent)


class Steps(AssistantsEndpoint):
    """The steps of a run."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them."""
        query, include = page_query(request.query_params), fields.included(request.query_params)
        thread_id, run_id = thread_id_of(request), str(request.path_params["run_id"])
        runtime_of(request).settle(thread_id)
        with database_of(request).reading() as connection:
            threads.THREADS.get(connection, thread_id)
            record.get(connection, thread_id, run_id)
            page = steps.page_of(connection, run_id, query)
        found = [steps.view(step, include=include) for step in page.objects]
        return JSONResponse(page_body(found, has_more=page.has_more))


class OneStep(AssistantsEndpoint):
    """One step."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        include = fields.included(request.query_params)
        thread_id, run_id = thread_id_of(request), str(request.path_params["run_id"])
        runtime_of(request).settle(thread_id)
        with database_of(request).reading() as connection:
            threads.THREADS.get(connection, thread_id)
            record.get(connection, thread_id, run_id)
            step = steps.get(connection, run_id, str(request.path_params["step_id"]))
        return JSONResponse(steps.view(step, include=include))


def run_id_of(request: Request) -> str:
    """The run in the path of a request."""
    return str(request.path_params["run_id"])


_ONE_RUN = "/v1/threads/{thread_id}/runs/{run_id}"
ROUTES = (
    Route("/v1/threads/runs", ThreadWithRun),
    Route("/v1/threads/{thread_id}/runs", Runs),
    Route(_ONE_RUN, OneRun),
    Route(f"{_ONE_RUN}/cancel", Cancel),
    Route(f"{_ONE_RUN}/submit_tool_outputs", SubmitToolOutputs),
    Route(f"{_ONE_RUN}/steps", Steps),
    Route(f"{_ONE_RUN}/steps/{{step_id}}", OneStep),
)
"""The routes, those of steps too. They come before those of threads: ``runs`` is no thread's id."""


async def _begun(request: Request, change: Change, sent: Fields) -> Response:
    """The answer to a request that has a run begin or go on: the run, or its events as they come."""
    # Whoever reads the events loses the run and hears of it at once, should the machine lose its power.
    is_read = bool(sent.get("stream"))
    run, events = await run_in_threadpool(_change, request, change, durable=not is_read)
    channel = runtime_of(request).begin(run, events)
    if is_read:
        return StreamingResponse(channel.read(), media_type="text/event-stream")
    channel.close()
    return _answer(run)


def _change(request: Request, change: Change, *, durable: bool = True) -> tuple[Stored, list[Event]]:
    thread_id = request.path_params.get("thread_id")
    if thread_id is not None:
        runtime_of(request).settle(str(thread_id))
    with writing(request, create=True, durable=durable) as connection:
        return change(connection)


def _run(connection: sqlite3.Connection, request: Request) -> Stored:
    threads.THREADS.get(connection, thread_id_of(request))
    return record.get(connection, thread_id_of(request), run_id_of(request))


def _answer(run: Stored) -> JSONResponse:
    headers = {"openai-poll-after-ms": str(POLL_MS)} if run.body["expires_at"] is not None else None
    return JSONResponse(record.view(run), headers=headers)
