"""``/vector_stores/{id}/file_batches``: attach many files at once, see how far they are, and give up on them."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.local.http.body import read_object
from assistctl.local.vector_stores import attachments, fields, stores, views
from assistctl.local.vector_stores.attachments import AttachmentRequest
from assistctl.local.vector_stores.exchange import answer, reading, writing
from assistctl.local.vector_stores.file_endpoints import list_files


class Batches(HTTPEndpoint):
    """The batches of one vector store."""

    async def post(self, request: Request) -> JSONResponse:
        """Create one."""
        sent = await read_object(request)
        fields.check_batch(sent)
        return await run_in_threadpool(self._create, request, fields.wishes_of(sent))

    @staticmethod
    def _create(request: Request, wishes: list[AttachmentRequest]) -> JSONResponse:
        with writing(request) as connection:
            batch = stores.create_batch(connection, _store_id(request), wishes)
            counts = attachments.counts_of_batch(connection, batch.id)
        return answer(views.batch(batch, counts))


class OneBatch(HTTPEndpoint):
    """One batch."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        with reading(request) as connection:
            batch = stores.batch_of(connection, _store_id(request), _id(request))
            counts = attachments.counts_of_batch(connection, batch.id)
        return answer(views.batch(batch, counts))


class Cancel(HTTPEndpoint):
    """The end of one batch."""

    def post(self, request: Request) -> JSONResponse:
        """Give up on those of its files that are not indexed yet."""
        with writing(request) as connection:
            batch = stores.cancel_batch(connection, _store_id(request), _id(request))
            counts = attachments.counts_of_batch(connection, batch.id)
        return answer(views.batch(batch, counts))


class BatchFiles(HTTPEndpoint):
    """The files of one batch."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them, of all or of those in one status."""
        with reading(request) as connection:
            batch = stores.batch_of(connection, _store_id(request), _id(request))
            return list_files(connection, request, batch.id)


ROUTES = (
    Route("/v1/vector_stores/{store_id}/file_batches", Batches),
    Route("/v1/vector_stores/{store_id}/file_batches/{batch_id}", OneBatch),
    Route("/v1/vector_stores/{store_id}/file_batches/{batch_id}/cancel", Cancel),
    Route("/v1/vector_stores/{store_id}/file_batches/{batch_id}/files", BatchFiles),
)


def _store_id(request: Request) -> str:
    return str(request.path_params["store_id"])


def _id(request: Request) -> str:
    return str(request.path_params["batch_id"])
