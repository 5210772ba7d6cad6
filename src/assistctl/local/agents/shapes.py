"""Shapes that only the Agents API has."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.local.http.shapes import Shape, Text, key_path, require_object, wrong_type


@dataclass(frozen=True, slots=True)
class TextPairs:
    """An object of strings, with at most ``max_pairs`` of them."""

    max_pairs: int | None = None
    _text = Text()

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        pairs = require_object(value, path)
        if self.max_pairs is not None and len(pairs) > self.max_pairs:
            message = (
                f"Invalid '{path}': too many properties. Expected an object with at most {self.max_pairs}"
                f" properties, but got an object with {len(pairs)} properties instead."
            )
            raise ApiError(message, param=path, code="object_above_max_properties")
        for key, text in pairs.items():
            self._text.check(text, key_path(path, key))


@dataclass(frozen=True, slots=True)
class CompactItems:
    """An array that is bounded by the bytes of its compact JSON, and not by how many items it has."""

    shape: Shape
    max_bytes: int

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if not isinstance(value, list):
            raise wrong_type(value, path, "an array of objects")
        for index, item in enumerate(value):
            self.shape.check(item, f"{path}[{index}]")
        size = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
        if size > self.max_bytes:
            message = f"Invalid '{path}': {size} bytes of JSON. The maximum is {self.max_bytes} bytes."
            raise ApiError(message, param=path, code="array_above_max_size")


@dataclass(frozen=True, slots=True)
class Base64:
    """Standard base64; ``max_length`` in characters of it."""

    max_length: int | None = None

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        Text(max_length=self.max_length).check(value, path)
        try:
            base64.b64decode(str(value), validate=True)
        except (binascii.Error, ValueError) as error:
            message = f"Invalid '{path}': expected standard base64."
            raise ApiError(message, param=path, code="invalid_base64") from error


@dataclass(frozen=True, slots=True)
class WorkspacePath:
    """An absolute path inside ``/workspace``."""

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        Text().check(value, path)
        parts = str(value).split("/")
        if parts[:2] != ["", "workspace"] or len(parts) < 3 or {"", ".", ".."} & {*parts[2:]}:  # noqa: PLR2004
            message = f"Invalid '{path}': expected an absolute path inside '/workspace'."
            raise ApiError(message, param=path, code="invalid_value")
