"""The JSON Schemas, and checking values against them.

They lie in the package when it is installed, and beside ``src`` in a source checkout. Patterns in them end in
``$(?!\\n)``, because in Python ``$`` alone also matches before a last newline.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistctl.model import Json

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

ASSISTANT = "assistant"
VECTOR_STORE = "vector-store"
PROJECT = "project"

_PACKAGE = Path(__file__).parent.parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent.parent / "schemas")


@cache
def validator(name: str, pointer: tuple[str, ...] = ()) -> Validator:
    """The validator of a whole schema, or of the part at ``pointer`` (``("$defs", "tool")``)."""
    if not pointer:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(read_schema(name))
    part: Any = read_schema(name)
    for step in pointer:
        part = part[step]
    return validator(name).evolve(schema=part)


@cache
def read_schema(name: str) -> dict[str, Json]:
    """The schema ``<name>.schema.json``. Raises ``FileNotFoundError`` when the installation lacks it."""
    for folder in _FOLDERS:
        path = folder / f"{name}.schema.json"
        if path.is_file():
            schema: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
            return schema
    raise FileNotFoundError(f"{name}.schema.json is in neither of {', '.join(map(str, _FOLDERS))}")
