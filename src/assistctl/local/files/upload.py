"""The body of an upload: ``multipart/form-data``, taken apart as it comes in and written straight to the disk.

Starlette's own form parser would first spool the file to the system's temporary folder, which may be memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import IO

from starlette.requests import Request

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError

MAX_BYTES = 512 * 1024 * 1024
"""The largest file taken, in bytes: "Individual files can be up to 512 MB" (API reference of ``POST /files``)."""

_MAX_FIELD_BYTES = 64 * 1024
_MAX_PARTS = 16
_NESTED = re.compile(r"(\w+)\[(\w+)\]")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")

# What a form's file name cannot hold is sent as %22, %0D and so on; a percent sign itself is not escaped
# (https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data).
_ESCAPED = re.compile("%(22|[01][0-9A-F])")


@dataclass(slots=True)
class Upload:
    """Everything sent beside the bytes: the form's fields, the file's base name and its size in bytes.

    ``field`` is the name of the part that holds the bytes.
    """

    field: str = "file"
    fields: dict[str, Json] = dataclass_field(default_factory=dict)
    filename: str | None = None
    size: int = 0

    @property
    def form(self) -> dict[str, Json]:
        """The whole form, with the name in place of the file."""
        others = {name: value for name, value in self.fields.items() if name != self.field}
        return {**others, self.field: self.filename} if self.filename else others


async def read_upload(
    request: Request, destination: IO[bytes], *, field: str = "file", most_bytes: int | None = None
) -> Upload:
    """Read the request's body; the bytes of the part ``field`` go to ``destination``.

    Raises ``ApiError``: 413 for more than ``most_bytes`` (``MAX_BYTES``), 400 for a body that is no such form.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise ApiError("Expected a request with a 'multipart/form-data' body, as made by a file upload.")
    form = _Form(Upload(field), destination, parse_options_header, MAX_BYTES if most_bytes is None else most_bytes)
    try:
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": form.begin_part,
                "on_header_field": form.add_header,
                "on_header_value": form.add_value,
                "on_header_end": form.end_header,
                "on_headers_finished": form.open_part,
                "on_part_data": form.add_data,
                "on_part_end": form.end_part,
                "on_end": form.end,
            },
        )
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise _unreadable() from error
    if not form.complete:
        raise _unreadable()
    return form.upload


class _Form:
    """The parts of a form, by way of the parser's callbacks."""

    def __init__(
        self,
        upload: Upload,
        destination: IO[bytes],
        parse_options: Callable[[bytes], tuple[bytes, dict[bytes, bytes]]],
        most_bytes: int,
    ) -> None:
        self.upload = upload
        self.complete = False
        self._most_bytes = most_bytes
        self._destination = destination
        self._parse_options = parse_options
        self._parts = 0
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._name = ""
        self._field: bytearray | None = None

    def begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise ApiError(f"The form has too many parts. The maximum is {_MAX_PARTS}.")
        self._disposition = b""

    def add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def open_part(self) -> None:
        _, options = self._parse_options(self._disposition)
        self._name = _decoded(options.get(b"name", b""))
        filename = options.get(b"filename")
        self._field = None if self._name == self.upload.field and filename else bytearray()
        if self._field is not None or filename is None:
            return
        if self.upload.filename is not None:
            raise ApiError("Only one file can be uploaded at a time.", param=self.upload.field)
        self.upload.filename = _base_name(_decoded(filename))

    def add_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._write(data[start:end])
            return
        self._field += data[start:end]
        if len(self._field) > _MAX_FIELD_BYTES:
            raise ApiError(f"The field '{self._name[:64]}' is too long.", status=413, param=self._name[:64])

    def _write(self, data: bytes) -> None:
        self.upload.size += len(data)
        if self.upload.size > self._most_bytes:
            message = f"The file is too large. The maximum is {self._most_bytes} bytes."
            raise ApiError(message, status=413, param=self.upload.field, code="file_too_large")
        self._destination.write(data)

    def end_part(self) -> None:
        if self._field is not None:
            _add_field(self.upload.fields, self._name, _decoded(bytes(self._field)))

    def end(self) -> None:
        self.complete = True


def _add_field(fields: dict[str, Json], name: str, value: str) -> None:
    """Add a field; ``expires_after[seconds]`` goes into the object ``expires_after``, as a number."""
    nested = _NESTED.fullmatch(name)
    if nested is None:
        fields[name] = value
        return
    inner = fields.setdefault(nested[1], {})
    if isinstance(inner, dict):
        inner[nested[2]] = int(value) if _WHOLE_NUMBER.fullmatch(value) else value


def _base_name(name: str) -> str:
    return _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), name.rpartition("/")[2])


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _unreadable() -> ApiError:
    return ApiError("We could not parse the form of your request. It must be complete 'multipart/form-data'.")
