"""``/files``: upload, list, retrieve, download and delete. Needs no ``OpenAI-Beta`` header."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from assistctl.local.files import record
from assistctl.local.files.keeping import keep
from assistctl.local.files.upload import Upload, read_upload
from assistctl.local.http.errors import ApiError
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.state import content_of, database_of

MAX_LIMIT = 10_000
"""The largest page, and the default one (OpenAPI description of ``GET /files``)."""


class Files(HTTPEndpoint):
    """All files."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them, of all or of those for one purpose."""
        query = page_query(request.query_params, default=MAX_LIMIT, maximum=MAX_LIMIT)
        purpose = request.query_params.get("purpose") or None
        with database_of(request).reading() as connection:
            page = record.page(connection, query, purpose)
        return JSONResponse(page_body([record.view(file) for file in page.objects], has_more=page.has_more))

    async def post(self, request: Request) -> JSONResponse:
        """Upload one. It is there once all of it is on the disk, and not before."""
        content = content_of(request)
        with content.receiving() as received:
            upload = await read_upload(request, received.file)
            _check(upload)
            stored = await run_in_threadpool(
                keep, database_of(request), content, received, upload.form, upload.size
            )
        return JSONResponse(record.view(stored))


class OneFile(HTTPEndpoint):
    """One file."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        with database_of(request).reading() as connection:
            stored = record.get(connection, _id(request))
        return JSONResponse(record.view(stored))

    def delete(self, request: Request) -> JSONResponse:
        """Delete it; vector stores lose it too (openai/openai-dotnet issue 540)."""
        with database_of(request).writing() as connection:
            expired = record.expire(connection)
            stored = record.get(connection, _id(request))
            record.FILES.delete(connection, stored.id)
        content_of(request).remove([*expired, stored.id])
        return JSONResponse({"id": stored.id, "object": "file", "deleted": True})


class FileContent(HTTPEndpoint):
    """The bytes of one file."""

    def get(self, request: Request) -> Response:
        """Download it, unless it is for assistants."""
        with database_of(request).reading() as connection:
            stored = record.get(connection, _id(request))
        purpose = stored.body["purpose"]
        if purpose == "assistants":
            raise ApiError(f"Not allowed to download files of purpose: {purpose}")
        return FileResponse(
            content_of(request).path_of(stored.id),
            media_type="application/octet-stream",
            filename=str(stored.body["filename"]),
        )


ROUTES = (
    Route("/v1/files", Files),
    Route("/v1/files/{file_id}", OneFile),
    Route("/v1/files/{file_id}/content", FileContent),
)


def _check(upload: Upload) -> None:
    """Raise ``ApiError`` 400 for a form that is not as the description says, or a file without a byte.

    The wording for an empty file: canyongbs/advisingapp pull request 2796, openai/openai-go issue 434.
    """
    record.CREATE.check(upload.form)
    if not upload.size:
        raise ApiError("File is empty.", param="file")


def _id(request: Request) -> str:
    return str(request.path_params["file_id"])
