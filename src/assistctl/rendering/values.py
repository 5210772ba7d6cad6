"""Names and short values from outside on one line, so that none can be taken for anything else."""

from __future__ import annotations

import json
import re

from assistctl.json_value import Json
from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import mask

NOT_SET = "(not set)"


def label(text: str) -> str:
    """A name from outside: as it is if it cannot be taken for anything else, else as a JSON string."""
    text = mask(text)
    plain = _LABEL.fullmatch(text) or (_PLAIN.fullmatch(text) and "  " not in text and visible(text) == text)
    return text if plain else quoted(text)


def value_text(value: Json) -> str:
    """A value on one line. A string is quoted when bare it would look like something else, or hide spaces."""
    if value is None:
        return NOT_SET
    if isinstance(value, str):
        return quoted(value) if _is_json(value) else label(value)
    if isinstance(value, dict) and value.keys() == {"type"} and isinstance(value["type"], str):
        return label(value["type"])
    return visible(json.dumps(value, ensure_ascii=False))


_LABEL = re.compile(r"\(secret(?: [A-Za-z_][\w.-]*)?\)")
_PLAIN = re.compile(r"[^\W_](?:[\w .,:/@+$=\u0300-\u036f\[\]-]*[\w.:/@+$=\u0300-\u036f\]-])?")


def is_secret(text: str) -> bool:
    """Whether the text is nothing but what stands for a secret."""
    return _LABEL.fullmatch(text) is not None


def quoted(text: str) -> str:
    """``text`` as a JSON string, white space but for single spaces as escapes."""
    spaces_seen = re.sub(r"[^\S ]", lambda match: _code(match.group()), json.dumps(text, ensure_ascii=False))
    return visible(spaces_seen)


def _code(char: str) -> str:
    return json.dumps(char)[1:-1]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
