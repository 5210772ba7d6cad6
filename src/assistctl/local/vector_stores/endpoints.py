"""``/vector_stores``: create, list, retrieve, modify, delete and search.

The header ``OpenAI-Beta`` is not asked for: on the service, vector stores have outgrown the beta.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.json_value import Json
from assistctl.local.http.body import read_object
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.state import database_of, indexer_of
from assistctl.local.vector_stores import attachments, batch_endpoints, fields, file_endpoints, stores, views
from assistctl.local.vector_stores.exchange import answer, reading, writing


class VectorStores(HTTPEndpoint):
    """All vector stores."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them."""
        query = page_query(request.query_params)
        with reading(request) as connection:
            page = stores.STORES.page(connection, query)
            found = [views.store(store, attachments.counts(connection, store.id)) for store in page.objects]
        return JSONResponse(page_body(found, has_more=page.has_more))

    async def post(self, request: Request) -> JSONResponse:
        """Create one; the files it names are indexed afterwards."""
        sent = await read_object(request)
        fields.CREATE.check(sent)
        return await run_in_threadpool(self._create, request, sent)

    @staticmethod
    def _create(request: Request, sent: dict[str, Json]) -> JSONResponse:
        with writing(request, create=True) as connection:
            stored = stores.create(connection, sent)
            counts = attachments.counts(connection, stored.id)
        return answer(views.store(stored, counts))


class OneVectorStore(HTTPEndpoint):
    """One vector store."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        with reading(request) as connection:
            stored = stores.STORES.get(connection, _id(request))
            counts = attachments.counts(connection, stored.id)
        return answer(views.store(stored, counts))

    async def post(self, request: Request) -> JSONResponse:
        """Modify it."""
        sent = await read_object(request)
        fields.UPDATE.check(sent)
        return await run_in_threadpool(self._update, request, sent)

    def delete(self, request: Request) -> JSONResponse:
        """Delete it; its files stay."""
        with writing(request) as connection:
            stores.STORES.delete(connection, _id(request))
        return JSONResponse({"id": _id(request), "object": "vector_store.deleted", "deleted": True})

    @staticmethod
    def _update(request: Request, sent: dict[str, Json]) -> JSONResponse:
        with writing(request) as connection:
            stored = stores.update(connection, _id(request), sent)
            counts = attachments.counts(connection, stored.id)
        return answer(views.store(stored, counts))


class Search(HTTPEndpoint):
    """The search in one vector store."""

    async def post(self, request: Request) -> JSONResponse:
        """Find the chunks that fit a query best."""
        sent = await read_object(request)
        fields.SEARCH.check(sent)
        return await run_in_threadpool(self._search, request, sent)

    @staticmethod
    def _search(request: Request, sent: dict[str, Json]) -> JSONResponse:
        # What ranks and indexes would be loaded for nothing by most commands.
        from assistctl.local.vector_stores.search import Library, search_page

        with reading(request) as connection:
            stores.active(connection, _id(request))
        found = search_page(Library(database_of(request), indexer_of(request)), _id(request), sent)
        # Apart, so that a long search keeps nobody from writing.
        with writing(request) as connection:
            stores.use(connection, _id(request))
        return JSONResponse(found)


ROUTES = (
    Route("/v1/vector_stores", VectorStores),
    Route("/v1/vector_stores/{store_id}", OneVectorStore),
    Route("/v1/vector_stores/{store_id}/search", Search),
    *file_endpoints.ROUTES,
    *batch_endpoints.ROUTES,
)
"""The routes, those of files and batches too."""


def _id(request: Request) -> str:
    return str(request.path_params["store_id"])
