"""The Files API of a small server of Anthropic's, in memory.

Requests and answers are held against the types of the anthropic SDK itself (``FileUploadParams``,
``FileListParams`` and ``BetaFileMetadata``); what those leave open is said where it is decided.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from anthropic.types.beta.beta_file_metadata import BetaFileMetadata
from anthropic.types.beta.file_upload_params import FileUploadParams
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.managed_agents import Object, RefusedError, check_headers, fields_of
from support.managed_skills import fits

_MOST = 1000


@dataclass
class Files:
    """The files by id, in the order they were made, and their ``contents``. ``uploads`` counts requests."""

    files: dict[str, Object] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    uploads: int = 0
    _made: int = 0

    def routes(self) -> list[Route]:
        """The routes of the API."""
        object_path = "/v1/files/{id}"
        return [
            Route("/v1/files", self._all, methods=["GET", "POST"]),
            Route(object_path, self._one, methods=["GET", "DELETE"]),
            Route(f"{object_path}/content", self._content, methods=["GET"]),
        ]

    @property
    def names(self) -> list[str]:
        """The names of all uploads, sorted."""
        return sorted(file["filename"] for file in self.files.values() if file["scope"] is None)

    def named(self, name: str) -> str:
        """The id of the one upload of that name."""
        [found] = [file["id"] for file in self.files.values() if file["filename"] == name]
        return str(found)

    def add(self, name: str, content: bytes, **more: Any) -> str:
        """A file of somebody else; its id."""
        self._made += 1
        file_id = f"file_{self._made:024}"
        made = {
            "id": file_id,
            "type": "file",
            "filename": name,
            "mime_type": "text/plain",
            "size_bytes": len(content),
            "created_at": dt.datetime.now(dt.UTC).isoformat(),
            "downloadable": False,
            "expires_at": None,
            "scope": None,
            **more,
        }
        self.files[file_id] = fits(BetaFileMetadata, made)
        self.contents[file_id] = content
        return file_id

    async def _all(self, request: Request) -> JSONResponse:
        check_headers(request)
        return await (self._list(request) if request.method == "GET" else self._upload(request))

    async def _list(self, request: Request) -> JSONResponse:
        query = request.query_params
        limit, start = int(query.get("limit", "20")), int(query.get("page", "0"))
        if not 1 <= limit <= _MOST:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", f"limit is 1 to {_MOST}.")
        scope = query.get("scope_id")
        listed = [
            file for file in self.files.values() if scope is None or (file["scope"] or {}).get("id") == scope
        ][::-1]
        following = str(start + limit) if start + limit < len(listed) else None
        return JSONResponse({"data": listed[start : start + limit], "next_page": following})

    async def _upload(self, request: Request) -> JSONResponse:
        async with request.form() as form:
            assert set(form) <= fields_of(FileUploadParams)
            file = form["file"]
            assert isinstance(file, UploadFile)
            name, content = file.filename or "unnamed", await file.read()
        self.uploads += 1
        return JSONResponse(self.files[self.add(name.rpartition("/")[2], content)])

    async def _one(self, request: Request) -> JSONResponse:
        check_headers(request)
        found = self._found(request)
        if request.method == "DELETE":
            del self.files[found["id"]]
            return JSONResponse({"id": found["id"], "type": "file_deleted"})
        return JSONResponse(found)

    async def _content(self, request: Request) -> Response:
        check_headers(request)
        found = self._found(request)
        if not found["downloadable"]:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", "The file is not downloadable.")
        return Response(self.contents[found["id"]])

    def _found(self, request: Request) -> Object:
        file_id = request.path_params["id"]
        if file_id not in self.files:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not_found_error", f"There is no file {file_id}.")
        return self.files[file_id]
