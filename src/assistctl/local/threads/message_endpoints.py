"""``/threads/{id}/messages``: create, list, retrieve, modify and delete."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.json_value import Json
from assistctl.local.http.access import AssistantsEndpoint
from assistctl.local.http.body import read_object
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.runs import open_runs
from assistctl.local.state import database_of, runtime_of
from assistctl.local.threads import fields, messages, record
from assistctl.local.threads.exchange import thread_id_of
from assistctl.local.vector_stores.exchange import writing


class Messages(AssistantsEndpoint):
    """The messages of a thread."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them, of all or of those that a run made."""
        query = page_query(request.query_params)
        thread_id, run_id = thread_id_of(request), request.query_params.get("run_id") or None
        runtime_of(request).settle(thread_id)
        with database_of(request).reading() as connection:
            record.THREADS.get(connection, thread_id)
            page = messages.page(connection, thread_id, query, run_id)
        return JSONResponse(
            page_body([messages.view(message) for message in page.objects], has_more=page.has_more)
        )

    async def post(self, request: Request) -> JSONResponse:
        """Add one, unless a run is under way."""
        sent = await read_object(request)
        fields.MESSAGE.check(sent)
        return await run_in_threadpool(self._create, request, sent)

    @staticmethod
    def _create(request: Request, sent: dict[str, Json]) -> JSONResponse:
        thread_id = thread_id_of(request)
        runtime_of(request).settle(thread_id)
        with writing(request) as connection:
            thread = record.THREADS.get(connection, thread_id)
            open_runs.require_none_for_message(connection, thread_id)
            _, [message] = record.add_messages(connection, thread, [sent])
        return JSONResponse(messages.view(message))


class OneMessage(AssistantsEndpoint):
    """One message."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        thread_id = thread_id_of(request)
        runtime_of(request).settle(thread_id)
        with database_of(request).reading() as connection:
            record.THREADS.get(connection, thread_id)
            message = messages.get(connection, thread_id, _id(request))
        return JSONResponse(messages.view(message))

    async def post(self, request: Request) -> JSONResponse:
        """Modify its metadata."""
        sent = await read_object(request)
        fields.METADATA_ONLY.check(sent)
        return await run_in_threadpool(self._update, request, sent)

    def delete(self, request: Request) -> JSONResponse:
        """Delete it."""
        thread_id = thread_id_of(request)
        with writing(request) as connection:
            record.THREADS.get(connection, thread_id)
            message = messages.get(connection, thread_id, _id(request))
            messages.MESSAGES.delete(connection, message.id)
        return JSONResponse({"id": message.id, "object": "thread.message.deleted", "deleted": True})

    @staticmethod
    def _update(request: Request, sent: dict[str, Json]) -> JSONResponse:
        thread_id = thread_id_of(request)
        with writing(request) as connection:
            record.THREADS.get(connection, thread_id)
            message = messages.get(connection, thread_id, _id(request))
            if "metadata" in sent:
                message = messages.set_metadata(connection, message, sent["metadata"])
        return JSONResponse(messages.view(message))


ROUTES = (
    Route("/v1/threads/{thread_id}/messages", Messages),
    Route("/v1/threads/{thread_id}/messages/{message_id}", OneMessage),
)


def _id(request: Request) -> str:
    return str(request.path_params["message_id"])
