"""Errors as the service words them: one JSON shape, whatever went wrong.

The shape, ``{"error": {"message", "type", "param", "code"}}`` with all four keys, is the ``ErrorResponse`` of
OpenAI's OpenAPI description.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from assistctl.errors import AssistctlError, NoRoomError

INVALID_REQUEST = "invalid_request_error"
SERVER_ERROR = "server_error"

UNEXPECTED = "The server had an error while processing your request"
"""All that is said of an error of ours."""

FULL = "The server has no room left to store this: its disk is full. Nothing was stored"
"""All that is said of a full disk, to whoever has no other business with it."""


class ApiError(Exception):
    """A request the service refuses: the HTTP ``status``, and the fields of the error body."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        type_: str = INVALID_REQUEST,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code
        self.type = type_


def not_found(kind: str, object_id: str) -> ApiError:
    """The 404 of an object that is not there: ``No assistant found with id 'asst_x'.``

    The wording: VRSEN/agency-swarm issue 44. That for files is an older one, which the service has kept.
    """
    if kind == "file":
        return ApiError(f"No such File object: {object_id}", status=404, param="id")
    return ApiError(f"No {kind} found with id '{object_id}'.", status=404)


def answer(request: Request, error: Exception) -> JSONResponse:
    """The response to a request that ended in ``error``."""
    if isinstance(error, ApiError):
        return _response(error)
    if isinstance(error, HTTPException):
        return _response(_routing_error(request, error), error.headers)
    if isinstance(error, AssistctlError):
        message = f"{error.summary}. {error.hint}".removesuffix(" ")
        # The same file would fail in the same way a second later: the SDK need not try again.
        headers = {"x-should-retry": "false"}
        status = 507 if isinstance(error, NoRoomError) else 500
        return _response(ApiError(message, status=status, type_=SERVER_ERROR), headers)
    return _response(ApiError(f"{UNEXPECTED}.", status=500, type_=SERVER_ERROR))


def _routing_error(request: Request, error: HTTPException) -> ApiError:
    """The service's wording for a path it does not have and a method the path does not take."""
    where = f"({request.method} {request.url.path})"
    wording = {404: f"Invalid URL {where}", 405: f"Invalid method for URL {where}"}
    return ApiError(wording.get(error.status_code, error.detail), status=error.status_code)


def error_body(error: ApiError) -> dict[str, dict[str, str | None]]:
    """The body of the response."""
    return {"error": {"message": error.message, "type": error.type, "param": error.param, "code": error.code}}


def _response(error: ApiError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(error_body(error), status_code=error.status, headers=headers)
