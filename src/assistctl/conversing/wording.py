"""How a reason quotes what was wanted and what stood there."""

from __future__ import annotations

import json

from assistctl.model.json_value import Json
from assistctl.secrets.redaction import mask, masked

_LONGEST = 200


def quoted(text: str) -> str:
    """``text`` in quotes, of a long one the beginning; secrets are masked before it is cut."""
    return f"'{cut(text)}'"


def cut(text: str) -> str:
    """The beginning of ``text``, on one line."""
    line = " ".join(mask(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def as_json(value: Json) -> str:
    """``value`` as JSON, of a long one the beginning."""
    return cut(json.dumps(masked(value), ensure_ascii=False))
