"""``/vector_stores/{id}/files``: attach, list, retrieve, modify and detach, and the text that was read."""

from __future__ import annotations

import sqlite3

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.json_value import Json
from assistctl.local.http.body import read_object
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.vector_stores import attachments, fields, stores, views
from assistctl.local.vector_stores.exchange import answer, reading, writing


class Files(HTTPEndpoint):
    """The files of one vector store."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them, of all or of those in one status."""
        with reading(request) as connection:
            stores.STORES.get(connection, _store_id(request))
            return list_files(connection, request)

    async def post(self, request: Request) -> JSONResponse:
        """Attach one."""
        sent = await read_object(request)
        fields.CREATE_FILE.check(sent)
        return await run_in_threadpool(self._attach, request, sent)

    @staticmethod
    def _attach(request: Request, sent: dict[str, Json]) -> JSONResponse:
        wish = fields.wish_of(sent)
        with writing(request) as connection:
            store = stores.use(connection, _store_id(request))
            attachments.attach(connection, store.id, [wish])
            attached = attachments.get(connection, store.id, wish.file_id)
        return answer(views.file(attached))


class OneFile(HTTPEndpoint):
    """One file of a vector store."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        with reading(request) as connection:
            found = _attachment(connection, request)
        return answer(views.file(found))

    async def post(self, request: Request) -> JSONResponse:
        """Replace its attributes."""
        sent = await read_object(request)
        fields.UPDATE_FILE.check(sent)
        return await run_in_threadpool(self._update, request, sent)

    def delete(self, request: Request) -> JSONResponse:
        """Detach it; the file itself stays."""
        with writing(request) as connection:
            found = _attachment(connection, request)
            attachments.detach(connection, found.vector_store_id, found.file_id)
        return JSONResponse({"id": found.file_id, "object": "vector_store.file.deleted", "deleted": True})

    @staticmethod
    def _update(request: Request, sent: dict[str, Json]) -> JSONResponse:
        attributes = sent["attributes"]
        with writing(request) as connection:
            found = _attachment(connection, request)
            changed = attachments.set_attributes(
                connection,
                found.vector_store_id,
                found.file_id,
                attributes if isinstance(attributes, dict) else {},
            )
        return answer(views.file(changed))


class FileContent(HTTPEndpoint):
    """The text that was read from one file."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve its text."""
        with reading(request) as connection:
            texts = attachments.text_of(connection, _attachment(connection, request))
        return JSONResponse(views.content(texts))


ROUTES = (
    Route("/v1/vector_stores/{store_id}/files", Files),
    Route("/v1/vector_stores/{store_id}/files/{file_id}", OneFile),
    Route("/v1/vector_stores/{store_id}/files/{file_id}/content", FileContent),
)


def list_files(connection: sqlite3.Connection, request: Request, batch_id: str | None = None) -> JSONResponse:
    """The page of files a request asks for, of the whole store or of one batch."""
    query = page_query(request.query_params)
    status = request.query_params.get("filter")
    if status is not None:
        fields.FILE_STATUS.check(status, "filter")
    found, has_more = attachments.page(connection, _store_id(request), query, status=status, batch_id=batch_id)
    return JSONResponse(page_body([views.file(file) for file in found], has_more=has_more))


def _attachment(connection: sqlite3.Connection, request: Request) -> attachments.Attachment:
    store = stores.STORES.get(connection, _store_id(request))
    return attachments.get(connection, store.id, str(request.path_params["file_id"]))


def _store_id(request: Request) -> str:
    return str(request.path_params["store_id"])
