"""JSON Schemas without what says nothing: two that allow the same, in other words, are the same.

Platforms leave out empty lists and defaults, or write them down (https://json-schema.org/draft/2020-12/schema and
.../json-schema-validation have what each keyword means when it is not there).
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json

_SAYS_NOTHING: Mapping[str, tuple[Json, ...]] = {
    "required": ([],),
    "properties": ({},),
    "patternProperties": ({},),
    "$defs": ({},),
    "definitions": ({},),
    "additionalProperties": (True, {}),
    "unevaluatedProperties": (True, {}),
    "items": (True, {}),
    "description": ("",),
    "title": ("",),
    "minLength": (0,),
    "minItems": (0,),
    "minProperties": (0,),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly", "nullable"), (False,)),
}
# Null is what they say, not that nothing is said.
_VALUES = frozenset({"const", "default", "example"})
_SETS = frozenset({"required", "type"})
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_LISTED = frozenset({"anyOf", "allOf", "oneOf", "prefixItems"})
_SINGLE = frozenset(
    {"items", "additionalProperties", "unevaluatedProperties", "not", "if", "then", "else", "contains"}
)


def schema_form(schema: Json) -> Json:
    """``schema`` in the one form that decides whether it is the same as another."""
    if not isinstance(schema, dict):
        return schema
    formed = {keyword: _formed(keyword, value) for keyword, value in schema.items()}
    return {keyword: value for keyword, value in formed.items() if not _says_nothing(keyword, value)}


def _formed(keyword: str, value: Json) -> Json:
    if keyword in _SINGLE:
        return schema_form(value)
    if keyword in _LISTED and isinstance(value, list):
        return [schema_form(part) for part in value]
    if keyword in _NAMED and isinstance(value, dict):
        return {name: schema_form(part) for name, part in value.items()}
    if keyword in _SETS and isinstance(value, list):
        return value[0] if keyword == "type" and len(value) == 1 else sorted(value, key=str)
    return value


def _says_nothing(keyword: str, value: Json) -> bool:
    if value is None:
        return keyword not in _VALUES
    # True is not 1 here, and 0 is not false.
    return any(type(value) is type(nothing) and value == nothing for nothing in _SAYS_NOTHING.get(keyword, ()))
