"""``/uploads``: make one, add parts, complete or cancel it. Needs no ``OpenAI-Beta`` header."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.local.database.collection import Stored, new_id
from assistctl.local.database.storage import Database
from assistctl.local.files import record as files
from assistctl.local.files.content import ContentFolder, Received
from assistctl.local.files.upload import Upload, read_upload
from assistctl.local.http.body import read_object
from assistctl.local.http.errors import ApiError
from assistctl.local.state import content_of, database_of
from assistctl.local.uploads import record

_PIECE = 1024 * 1024


class Uploads(HTTPEndpoint):
    """All uploads."""

    async def post(self, request: Request) -> JSONResponse:
        """Make one, which waits for its parts."""
        sent = await read_object(request)
        record.CREATE.check(sent)
        return await run_in_threadpool(self._create, request, sent)

    @staticmethod
    def _create(request: Request, sent: record.Fields) -> JSONResponse:
        with database_of(request).writing(create=True) as connection:
            dropped = record.drop_parts(connection)
            upload = record.add(connection, sent)
        content_of(request).remove(dropped)
        return JSONResponse(record.view(upload))


class Parts(HTTPEndpoint):
    """The parts of one upload."""

    async def post(self, request: Request) -> JSONResponse:
        """Add one. Parts may come side by side: their order is told at the end."""
        database, content, upload_id = database_of(request), content_of(request), _id(request)
        await run_in_threadpool(_require_pending, database, upload_id)
        with content.receiving() as received:
            sent = await read_upload(request, received.file, field="data", most_bytes=record.MAX_PART_BYTES)
            record.PART.check(sent.form)
            part = await run_in_threadpool(_keep_part, database, content, received, upload_id, sent)
        return JSONResponse(record.view_part(part))


class Completion(HTTPEndpoint):
    """The end of one upload."""

    async def post(self, request: Request) -> JSONResponse:
        """Make a file of its parts."""
        sent = await read_object(request)
        record.COMPLETE.check(sent)
        listed, md5 = sent["part_ids"], sent.get("md5")
        part_ids = [str(part_id) for part_id in listed] if isinstance(listed, list) else []
        upload, file = await run_in_threadpool(
            _complete, database_of(request), content_of(request), _id(request), part_ids, str(md5 or "")
        )
        return JSONResponse(record.view(upload, file))


class Cancellation(HTTPEndpoint):
    """The other end of one upload."""

    def post(self, request: Request) -> JSONResponse:
        """Cancel it: its parts go."""
        with database_of(request).writing() as connection:
            upload = record.finish(connection, record.pending(connection, _id(request)), "cancelled")
            dropped = record.drop_parts(connection)
        content_of(request).remove(dropped)
        return JSONResponse(record.view(upload))


ROUTES = (
    Route("/v1/uploads", Uploads),
    Route("/v1/uploads/{upload_id}/parts", Parts),
    Route("/v1/uploads/{upload_id}/complete", Completion),
    Route("/v1/uploads/{upload_id}/cancel", Cancellation),
)


def _require_pending(database: Database, upload_id: str) -> None:
    with database.reading() as connection:
        record.pending(connection, upload_id)


def _keep_part(
    database: Database, content: ContentFolder, received: Received, upload_id: str, sent: Upload
) -> Stored:
    content.settle(received)
    part_id = new_id("part_")
    with database.writing() as connection:
        upload = record.pending(connection, upload_id)
        part = record.add_part(connection, upload, part_id, sent.size)
        content.keep(received, part_id)
    return part


def _complete(
    database: Database, content: ContentFolder, upload_id: str, part_ids: Sequence[str], md5: str
) -> tuple[Stored, Stored]:
    """The upload, completed, and the file that its parts make, in the order of ``part_ids``."""
    with database.reading() as connection:
        record.parts(connection, record.pending(connection, upload_id), part_ids)
    with content.receiving() as received:
        _check_sum(_join(content, part_ids, received.file), md5)
        content.settle(received)
        with database.writing() as connection:
            upload = record.pending(connection, upload_id)
            file_id = new_id("file-")
            content.keep(received, file_id)
            file = files.add(connection, file_id, _as_form(upload), int(str(upload.body["bytes"])))
            upload = record.finish(connection, upload, "completed", file)
            dropped = record.drop_parts(connection)
    content.remove(dropped)
    return upload, file


def _join(content: ContentFolder, part_ids: Sequence[str], whole: IO[bytes]) -> str:
    """Write the bytes of the parts one after another; their MD5 in hexadecimal."""
    summed = hashlib.md5(usedforsecurity=False)
    for part_id in part_ids:
        try:
            with content.path_of(part_id).open("rb") as part:
                while piece := part.read(_PIECE):
                    summed.update(piece)
                    whole.write(piece)
        except FileNotFoundError as error:
            # It was cancelled, or completed by another request, since it was looked at.
            raise ApiError("The upload ended while it was completed.") from error
    return summed.hexdigest()


def _check_sum(found: str, wanted: str) -> None:
    if wanted and wanted.lower() != found:
        raise ApiError(f"The MD5 of the parts is {found}, and not the one that was given.", param="md5")


def _as_form(upload: Stored) -> record.Fields:
    form: record.Fields = {"file": upload.body["filename"], "purpose": upload.body["purpose"]}
    policy = upload.body.get("expires_after")
    return {**form, "expires_after": policy} if policy else form


def _id(request: Request) -> str:
    return str(request.path_params["upload_id"])
