"""Request bodies: bytes to a JSON object, or a 4xx that says why not."""

from __future__ import annotations

import json
import re

from starlette.requests import Request

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.model.strict_json import is_deeper_than, parsed_json

MAX_BYTES = 16 * 1024 * 1024
"""The largest body taken, in bytes: 256,000 characters of instructions and 128 generous tools fit well."""

MAX_DEPTH = 100
"""How deep arrays and objects may be nested: far below where Python's own recursion limit would strike."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


async def read_object(request: Request) -> dict[str, Json]:
    """The request's body as a JSON object; an empty body is an empty object.

    Raises ``ApiError``: 413 beyond ``MAX_BYTES``, else 400.
    """
    content = await _content(request)
    if not content:
        return {}
    value = _parsed(content)
    if not isinstance(value, dict):
        raise ApiError("Invalid type: expected a JSON object as the request body.", code="invalid_type")
    return value


async def _content(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BYTES:
        raise _too_large()
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BYTES:
            raise _too_large()
    return bytes(content)


def _too_large() -> ApiError:
    message = f"The request body is too large. The maximum is {MAX_BYTES} bytes."
    return ApiError(message, status=413, code="request_too_large")


def _parsed(content: bytes) -> Json:
    try:
        text = content.decode()
        value = parsed_json(text)
    except ValueError as error:
        raise _unreadable() from error
    if is_deeper_than(value, MAX_DEPTH):
        raise ApiError(f"The request body is nested too deeply. The maximum is {MAX_DEPTH} levels.")
    if _SURROGATE.search(text) and not _encodable(value):
        raise _unreadable()
    return value


def _unreadable() -> ApiError:
    """The service's 400 for a body that is not JSON, without its advice on where to get help."""
    return ApiError(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP"
        " library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
    )


def _encodable(value: Json) -> bool:
    """Whether every string is valid Unicode: half a surrogate pair can neither be stored nor sent back."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
