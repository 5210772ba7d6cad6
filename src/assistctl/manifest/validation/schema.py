"""The JSON Schemas, and checking values against them.

A compiled validator (jsonschema-rs) says whether a value is valid; only for one that is not, jsonschema is
imported, to say why. The schemas lie in the package when it is installed, and beside ``src`` in a source checkout.
Patterns in them end in ``$(?!\\n)``, because in Python ``$`` alone also matches before a last newline.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from assistctl.json_value import Json

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator
    from jsonschema_rs import Draft202012Validator as CompiledValidator

ASSISTANT = "assistant"
VECTOR_STORE = "vector-store"
MCP_SERVER = "mcp-server"
ENVIRONMENT = "environment"
MEMORY_STORE = "memory-store"
SKILL = "skill"
PROJECT = "project"
MANIFEST = "manifest"

SCHEMAS = {
    MANIFEST: "a document of a manifest, whichever of the next six it is",
    ASSISTANT: "a document that declares an assistant",
    VECTOR_STORE: "a document that declares a vector store",
    MCP_SERVER: "a document that declares an MCP server",
    ENVIRONMENT: "a document that declares an environment",
    MEMORY_STORE: "a document that declares a memory store",
    SKILL: "a document that declares a skill",
    PROJECT: "assistctl.yaml",
    "openai-agents-fields": "what a manifest may have under platforms.openai-agents",
    "anthropic-agents-fields": "what a manifest may have under platforms.anthropic-agents",
    "azure-foundry-fields": "what a manifest may have under platforms.azure-foundry",
    "mistral-agents-fields": "what a manifest may have under platforms.mistral-agents",
    "plan": "what plan and show print as JSON, and a saved plan",
    "results": "what apply, destroy, forget, rollback and gc print as JSON",
    "drift": "what drift prints as JSON",
    "checks": "what check prints as JSON",
    "answer": "what ask prints as JSON",
    "history": "what history prints as JSON",
    "diagnostics": "what validate prints as JSON, and every command that stops at an error before it begins",
}
"""The name of each schema, and what it is of."""

FOR_EDITORS = (
    ASSISTANT,
    VECTOR_STORE,
    MCP_SERVER,
    ENVIRONMENT,
    MEMORY_STORE,
    SKILL,
    MANIFEST,
    PROJECT,
    *(name for name in SCHEMAS if name.endswith("-fields")),
)
"""The names of those of what people write."""

_PACKAGE = Path(__file__).parents[2]
_ELSEWHERE = re.compile(r"(?P<name>[a-z-]+)\.schema\.json(?:#(?P<pointer>.*))?")
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent.parent / "schemas")
_ABSENT = object()

Pointer: TypeAlias = "tuple[str, ...]"


def violations(
    name: str,
    value: Any,  # noqa: ANN401 - whatever stands in a file
    pointer: Pointer = (),
) -> Iterable[ValidationError]:
    """The violations of a whole schema by ``value``, or of the part at ``pointer`` (``("$defs", "tool")``)."""
    return () if is_valid(name, value, pointer) else validator(name, pointer).iter_errors(value)


def is_valid(
    name: str,
    value: Any,  # noqa: ANN401 - whatever stands in a file
    pointer: Pointer = (),
) -> bool:
    """Whether ``value`` fits a whole schema, or the part of it at ``pointer``."""
    try:
        if not _compiled(name, pointer).is_valid(value):
            return False
    except (TypeError, ValueError):  # no JSON: half a character, a number that is none
        return validator(name, pointer).is_valid(value)
    others = {} if pointer else _apart(name).others
    for path, other in others.items():
        part = value
        for step in path:
            part = part.get(step, _ABSENT) if isinstance(part, dict) else _ABSENT
        if part is not _ABSENT and not is_valid(other, part):
            return False
    return True


@cache
def _compiled(name: str, pointer: Pointer) -> CompiledValidator:
    """The validator that says only whether; of a whole schema it leaves out the ``others`` of ``_apart``."""
    from jsonschema_rs import Draft202012Validator as CompiledValidator

    schema = read_schema(name) if pointer else _apart(name).schema
    part: Any = schema
    for step in pointer:
        part = part[step]
    if not pointer or not _refers(part):
        return CompiledValidator(part)
    from jsonschema_rs import Registry

    address = f"urn:assistctl:{name}"
    fragment = "/".join(step.replace("~", "~0").replace("/", "~1") for step in pointer)
    registry = Registry([(address, {**whole_schema(name), "$id": address})])
    return CompiledValidator({"$ref": f"{address}#/{fragment}"}, registry=registry)


def _refers(schema: Json) -> bool:
    if isinstance(schema, list):
        return any(map(_refers, schema))
    return isinstance(schema, dict) and ("$ref" in schema or any(map(_refers, schema.values())))


class _Apart(NamedTuple):
    """A ``schema``, and by the path of a property the ``others`` that were taken out of it."""

    schema: dict[str, Json]
    others: Mapping[Pointer, str]


@cache
def _apart(name: str) -> _Apart:
    """A schema without those of other files, which are large and hardly ever needed.

    One that refers to them for anything but a property stays whole.
    """
    others: dict[Pointer, str] = {}
    schema = _without_others(read_schema(name), (), others)
    return _Apart(whole_schema(name), {}) if _others(schema) else _Apart(schema, others)


def _without_others(schema: dict[str, Json], path: Pointer, others: dict[Pointer, str]) -> dict[str, Json]:
    other = _ELSEWHERE.fullmatch(str(schema.get("$ref")))
    if other and not other["pointer"]:
        others[path] = other["name"]
        schema = {keyword: part for keyword, part in schema.items() if keyword != "$ref"}
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return schema
    parts = {
        key: _without_others(part, (*path, key), others) if isinstance(part, dict) else part
        for key, part in properties.items()
    }
    return {**schema, "properties": {**parts}}


@cache
def validator(name: str, pointer: Pointer = ()) -> Validator:
    """The validator that explains, of a whole schema or of the part at ``pointer``."""
    if not pointer:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(whole_schema(name))
    part: Any = read_schema(name)
    for step in pointer:
        part = part[step]
    return validator(name).evolve(schema=part)


@cache
def read_schema(name: str) -> dict[str, Json]:
    """The schema ``<name>.schema.json``. Raises as ``schema_text`` does."""
    schema: dict[str, Json] = json.loads(schema_text(name))
    return schema


def schema_text(name: str) -> str:
    """The text of ``<name>.schema.json``. Raises ``FileNotFoundError`` when the installation lacks it."""
    for folder in _FOLDERS:
        path = folder / f"{name}.schema.json"
        if path.is_file():
            return path.read_text(encoding="utf-8")
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
