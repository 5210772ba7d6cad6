"""JSON from somebody who is not trusted with our stack or sums: RFC 8259, and no more than can be worked with."""

from __future__ import annotations

import json
import math
from typing import NoReturn, cast

from assistctl.json_value import Json


def decoder() -> json.JSONDecoder:
    """One that raises ``ValueError`` for ``NaN`` (RFC 8259 section 6 knows none) and numbers out of range."""
    return json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def parsed_json(text: str) -> Json:
    """The JSON in ``text``. Raises ``ValueError`` when it is none."""
    try:
        return cast("Json", decoder().decode(text))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def is_deeper_than(value: Json, levels: int) -> bool:
    """Whether arrays and objects are nested in more than so many levels."""
    level = [value]
    for _ in range(levels):
        level = [child for parent in level for child in _collections_in(parent)]
        if not level:
            return False
    return True


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError(f"{literal} is out of range")
    return number


def _collections_in(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    return [child for child in value if isinstance(child, dict | list)] if isinstance(value, list) else []
