"""The shape of ``metadata``, which every object of the API has in the same form, and of maps like it.

Limits: the ``Metadata`` schema of OpenAI's OpenAPI description (16 pairs, keys of 64 characters, values of 512).
"""

from __future__ import annotations

from dataclasses import dataclass

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.local.http.shapes import Shape, Text, key_path, require_object, shortened

MAX_PAIRS = 16
MAX_KEY = 64
_TEXT = Text(max_length=512)


@dataclass(frozen=True, slots=True)
class Metadata:
    """An object of short values, which are strings unless ``value`` says otherwise."""

    value: Shape = _TEXT

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        pairs = require_object(value, path)
        if len(pairs) > MAX_PAIRS:
            message = (
                f"Invalid '{path}': too many properties. Expected an object with at most {MAX_PAIRS} properties,"
                f" but got an object with {len(pairs)} properties instead."
            )
            raise ApiError(message, param=path, code="object_above_max_properties")
        for key, text in pairs.items():
            _check_key(key, path)
            self.value.check(text, key_path(path, key))


def _check_key(key: str, path: str) -> None:
    if len(key) <= MAX_KEY:
        return
    message = (
        f"Invalid property name in '{path}': '{shortened(key)}' is too long. Expected a string with maximum"
        f" length {MAX_KEY}, but got a string with length {len(key)} instead."
    )
    raise ApiError(message, param=key_path(path, key), code="property_name_above_max_length")
