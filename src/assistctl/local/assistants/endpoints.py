"""``/assistants``: create, list, retrieve, modify and delete.

Work on the database runs in the thread pool. Measured, that costs 0.3 ms a request against calling SQLite from
the event loop; but a process that waits for another one's lock would hold up every other request, and Ctrl-C.
"""

from __future__ import annotations

import sqlite3

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.json_value import Json
from assistctl.local.assistants import fields, record
from assistctl.local.database.collection import Stored, new_id
from assistctl.local.database.storage import Database
from assistctl.local.http.access import AssistantsEndpoint
from assistctl.local.http.body import read_object
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.state import database_of
from assistctl.local.vector_stores import stores
from assistctl.local.vector_stores.exchange import writing


class Assistants(AssistantsEndpoint):
    """All assistants."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them."""
        query = page_query(request.query_params)
        with database_of(request).reading() as connection:
            page = record.ASSISTANTS.page(connection, query)
        return JSONResponse(page_body([record.view(stored) for stored in page.objects], has_more=page.has_more))

    async def post(self, request: Request) -> JSONResponse:
        """Create one."""
        sent = await read_object(request)
        fields.CREATE.check(sent)
        return await run_in_threadpool(self._create, request, sent)

    @staticmethod
    def _create(request: Request, sent: record.Fields) -> JSONResponse:
        body = record.created(sent)
        with writing(request, create=True) as connection:
            body["tool_resources"] = _with_stores_made(connection, body["tool_resources"])
            stored = record.ASSISTANTS.insert(connection, new_id("asst_"), body)
        return JSONResponse(record.view(stored))


class OneAssistant(AssistantsEndpoint):
    """One assistant."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        with database_of(request).reading() as connection:
            stored = record.ASSISTANTS.get(connection, _id(request))
        return JSONResponse(record.view(stored))

    async def post(self, request: Request) -> JSONResponse:
        """Modify it."""
        sent = await read_object(request)
        fields.UPDATE.check(sent)
        stored = await run_in_threadpool(_update, database_of(request), _id(request), sent)
        return JSONResponse(record.view(stored))

    def delete(self, request: Request) -> JSONResponse:
        """Delete it; the files and vector stores it names stay."""
        with database_of(request).writing() as connection:
            record.ASSISTANTS.delete(connection, _id(request))
        return JSONResponse({"id": _id(request), "object": "assistant.deleted", "deleted": True})


ROUTES = (Route("/v1/assistants", Assistants), Route("/v1/assistants/{assistant_id}", OneAssistant))


def _with_stores_made(connection: sqlite3.Connection, resources: Json) -> Json:
    """Make the store ``file_search.vector_stores`` asks for, and name it in its place.

    Whether files and stores named by their ids are there is not asked: the reference does not say that the
    service does. Raises ``ApiError`` 404 for a file of the new store.
    """
    search = resources.get("file_search") if isinstance(resources, dict) else None
    asked = search.get("vector_stores") if isinstance(search, dict) else None
    if not isinstance(resources, dict) or not isinstance(asked, list):
        return resources
    made: list[Json] = [stores.create(connection, store).id for store in asked if isinstance(store, dict)]
    return {**resources, "file_search": {"vector_store_ids": made}}


def _update(database: Database, assistant_id: str, sent: record.Fields) -> Stored:
    with database.writing() as connection:
        old = record.ASSISTANTS.get(connection, assistant_id)
        new = Stored(old.id, old.created_at, record.updated(old.body, sent))
        record.ASSISTANTS.replace(connection, new)
    return new


def _id(request: Request) -> str:
    return str(request.path_params["assistant_id"])
