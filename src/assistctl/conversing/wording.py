"""Quotations in reasons: the text that was wanted, and the text that was found."""

from __future__ import annotations

import json

from assistctl.json_value import Json
from assistctl.secrets.escaping import cut
from assistctl.secrets.redaction import masked


def quoted(text: str) -> str:
    """``text`` in quotes, of a long one the beginning; secrets are masked before it is cut."""
    return f"'{cut(text)}'"


def as_json(value: Json) -> str:
    """``value`` as JSON, of a long one the beginning."""
    return cut(json.dumps(masked(value), ensure_ascii=False))
