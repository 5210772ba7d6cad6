"""The JSON in an answer, as far as it is any."""

from __future__ import annotations

import json

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.strict_json import is_deeper_than, parsed_json

MAX_DEPTH = 200
"""How deep an answer may be nested: twice as deep as a manifest, and far from where Python's stack would end."""

MAX_VALUES = 4_000_000
"""How many values an answer may hold; commas in its texts count as well."""


def parsed(content: bytes, status: int) -> Json:
    """The JSON in ``content``, which came with the HTTP ``status``.

    Raises ``PlatformError`` when it is none, holds more than ``MAX_VALUES``, or is nested more than ``MAX_DEPTH``
    deep.
    """
    # Each begins with one of these; counted before they are made, for in memory they are twenty times as large.
    if sum(map(content.count, (b"{", b"[", b","))) > MAX_VALUES:
        raise PlatformError(
            f"the platform's answer holds more than {MAX_VALUES:,} values", "Is the base_url right?"
        )
    try:
        value = parsed_json(content.decode(json.detect_encoding(content)))
    except ValueError as error:
        raise PlatformError(
            f"the platform's answer is not JSON (HTTP {status})", "Is the base_url right?"
        ) from error
    if is_deeper_than(value, MAX_DEPTH):
        raise PlatformError(f"the platform's answer is nested more than {MAX_DEPTH} levels deep")
    return value
