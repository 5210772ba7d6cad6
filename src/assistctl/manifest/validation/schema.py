"""The JSON Schemas, and checking values against them.

They lie in the package when it is installed, and beside ``src`` in a source checkout. Patterns in them end in
``$(?!\\n)``, because in Python ``$`` alone also matches before a last newline.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistctl.model.plan import Json

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

ASSISTANT = "assistant"
VECTOR_STORE = "vector-store"
PROJECT = "project"
MANIFEST = "manifest"

SCHEMAS = {
    MANIFEST: "a document of a manifest, whichever of the next two it is",
    ASSISTANT: "a document that declares an assistant",
    VECTOR_STORE: "a document that declares a vector store",
    PROJECT: "assistctl.yaml",
    "openai-agents-fields": "what a manifest may have under platforms.openai-agents",
    "anthropic-agents-fields": "what a manifest may have under platforms.anthropic-agents",
    "azure-foundry-fields": "what a manifest may have under platforms.azure-foundry",
    "plan": "what plan and show print as JSON, and a saved plan",
    "results": "what apply, destroy, forget, rollback and gc print as JSON",
    "drift": "what drift prints as JSON",
    "history": "what history prints as JSON",
    "diagnostics": "what validate prints as JSON, and every command that stops at an error before it begins",
}
"""The name of each schema, and what it is of."""

FOR_EDITORS = (ASSISTANT, VECTOR_STORE, MANIFEST, PROJECT, *(name for name in SCHEMAS if name.endswith("-fields")))
"""The names of those of what people write."""

_PACKAGE = Path(__file__).parents[2]
_ELSEWHERE = re.compile(r"(?P<name>[a-z-]+)\.schema\.json(?:#(?P<pointer>.*))?")
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent.parent / "schemas")


@cache
def validator(name: str, pointer: tuple[str, ...] = ()) -> Validator:
    """The validator of a whole schema, or of the part at ``pointer`` (``("$defs", "tool")``)."""
    if not pointer:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(whole_schema(name))
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


@cache
def whole_schema(name: str) -> dict[str, Json]:
    """The schema with those that it refers to among its ``$defs``, for whoever has no folder of schemas.

    Raises as ``read_schema`` does.
    """
    others = _others(read_schema(name))
    if not others:
        return read_schema(name)
    whole = _referring(read_schema(name), "")
    inside = {other: _referring(read_schema(other), f"/$defs/{other}") for other in sorted(others)}
    for part in inside.values():
        part.pop("$schema")
    own = whole.get("$defs")
    whole["$defs"] = {**(own if isinstance(own, dict) else {}), **inside}
    return whole


def _others(schema: Json) -> set[str]:
    """The names of the schemas that one refers to, directly or not."""
    if isinstance(schema, list):
        return {name for inner in schema for name in _others(inner)}
    if not isinstance(schema, dict):
        return set()
    found = {name for inner in schema.values() for name in _others(inner)}
    other = _ELSEWHERE.fullmatch(str(schema.get("$ref")))
    return found | {other["name"]} | _others(read_schema(other["name"])) if other else found


def _referring(schema: dict[str, Json], place: str) -> dict[str, Json]:
    """A copy of ``schema`` that lies at ``place`` of the whole, where all that it refers to is."""
    return {keyword: _placed(part, place, is_ref=keyword == "$ref") for keyword, part in schema.items()}


def _placed(part: Json, place: str, *, is_ref: bool = False) -> Json:
    if isinstance(part, dict):
        return dict(_referring(part, place))
    if isinstance(part, list):
        return [_placed(inner, place) for inner in part]
    if not is_ref:
        return part
    other = _ELSEWHERE.fullmatch(str(part))
    return f"#/$defs/{other['name']}{other['pointer'] or ''}" if other else f"#{place}{str(part)[1:]}"
