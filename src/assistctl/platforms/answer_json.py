"""The JSON in an answer, as far as it is any: what a server says is not to be trusted with our stack or sums."""

from __future__ import annotations

import json
import math
from typing import NoReturn, cast

from assistctl.errors import PlatformError
from assistctl.model import Json

MAX_DEPTH = 200
"""How deep an answer may be nested: twice as deep as a manifest, and far from where Python's stack would end."""


def parsed(content: bytes, status: int) -> Json:
    """The JSON in ``content``, which came with the HTTP ``status``.

    Raises ``PlatformError`` when it is none (RFC 8259 section 6 knows no ``NaN``, and no number here is infinite),
    or is nested more than ``MAX_DEPTH`` deep.
    """
    try:
        value = cast("Json", json.loads(content, parse_constant=_refuse, parse_float=_finite))
    except (ValueError, RecursionError) as error:
        raise PlatformError(
            f"the platform's answer is not JSON (HTTP {status})", "Is the base_url right?"
        ) from error
    if _is_deeper_than(value, MAX_DEPTH):
        raise PlatformError(f"the platform's answer is nested more than {MAX_DEPTH} levels deep")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError(f"{literal} is out of range")
    return number


def _is_deeper_than(value: Json, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    return [child for child in value if isinstance(child, dict | list)] if isinstance(value, list) else []
