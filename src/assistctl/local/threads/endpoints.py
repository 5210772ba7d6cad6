"""``/threads``: create, retrieve, modify and delete; and, beyond the description, a list of them.

Threads that were exported are imported by ``POST /threads`` with their messages, of both roles.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.json_value import Json
from assistctl.local.http.access import AssistantsEndpoint
from assistctl.local.http.body import read_object
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.state import database_of, runtime_of
from assistctl.local.threads import fields, message_endpoints, record
from assistctl.local.threads.exchange import thread_id_of
from assistctl.local.vector_stores.exchange import writing


class Threads(AssistantsEndpoint):
    """All threads."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them, which the service does not offer."""
        query = page_query(request.query_params)
        with database_of(request).reading() as connection:
            page = record.THREADS.page(connection, query)
        return JSONResponse(page_body([record.view(thread) for thread in page.objects], has_more=page.has_more))

    async def post(self, request: Request) -> JSONResponse:
        """Create one, with messages or without."""
        sent = await read_object(request)
        fields.CREATE.check(sent)
        return await run_in_threadpool(self._create, request, sent)

    @staticmethod
    def _create(request: Request, sent: dict[str, Json]) -> JSONResponse:
        with writing(request, create=True) as connection:
            thread = record.create(connection, sent)
        return JSONResponse(record.view(thread))


class OneThread(AssistantsEndpoint):
    """One thread."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        with database_of(request).reading() as connection:
            thread = record.THREADS.get(connection, thread_id_of(request))
        return JSONResponse(record.view(thread))

    async def post(self, request: Request) -> JSONResponse:
        """Modify it."""
        sent = await read_object(request)
        fields.UPDATE.check(sent)
        return await run_in_threadpool(self._update, request, sent)

    async def delete(self, request: Request) -> JSONResponse:
        """Delete it with all that belongs to it. A run under way ends."""
        thread_id = thread_id_of(request)
        await run_in_threadpool(self._delete, request, thread_id)
        runtime_of(request).forget(thread_id)
        return JSONResponse({"id": thread_id, "object": "thread.deleted", "deleted": True})

    @staticmethod
    def _update(request: Request, sent: dict[str, Json]) -> JSONResponse:
        with writing(request) as connection:
            thread = record.update(connection, thread_id_of(request), sent)
        return JSONResponse(record.view(thread))

    @staticmethod
    def _delete(request: Request, thread_id: str) -> None:
        with writing(request) as connection:
            record.delete(connection, thread_id)


ROUTES = (
    Route("/v1/threads", Threads),
    Route("/v1/threads/{thread_id}", OneThread),
    *message_endpoints.ROUTES,
)
"""The routes, those of messages too."""
