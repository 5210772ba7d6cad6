"""JSON Schemas that are ``strict``: what structured outputs ask of them beyond JSON Schema.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas: every object says
``additionalProperties: false`` and requires all its properties. OpenAI refuses others. Some servers do not,
so that what is deployed there can still be declared.
"""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.diagnostics import Severity
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.syntax.yaml_values import Path, dotted

_LISTS = ("anyOf", "allOf", "oneOf")
_MAPPINGS = ("properties", "$defs", "definitions")


def warn_of_loose_schemas(contents: Contents) -> None:
    """Warn of each object, in the schema of what is strict, that may hold more or less than it names."""
    for path, schema in _strict_schemas(contents):
        for place, part in _objects_in(schema, path):
            _report(contents, place, part)


def _strict_schemas(contents: Contents) -> Iterator[tuple[Path, Json]]:
    value = contents.value if isinstance(contents.value, dict) else {}
    tools = value.get("tools")
    for number, tool in enumerate(tools if isinstance(tools, list) else ()):
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and function.get("strict") is True:
            yield ("tools", number, "function", "parameters"), function.get("parameters")
    answer = value.get("response_format")
    named = answer.get("json_schema") if isinstance(answer, dict) else None
    if isinstance(named, dict) and named.get("strict") is True:
        yield ("response_format", "json_schema", "schema"), named.get("schema")


def _objects_in(schema: Json, path: Path) -> Iterator[tuple[Path, dict[str, Json]]]:
    """Each schema of an object in ``schema``, with its path."""
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in kind):
        yield path, schema
    yield from _objects_in(schema.get("items"), (*path, "items"))
    for keyword in _LISTS:
        parts = schema.get(keyword)
        for number, part in enumerate(parts if isinstance(parts, list) else ()):
            yield from _objects_in(part, (*path, keyword, number))
    for keyword in _MAPPINGS:
        named = schema.get(keyword)
        for name, part in named.items() if isinstance(named, dict) else ():
            yield from _objects_in(part, (*path, keyword, name))


def _report(contents: Contents, path: Path, schema: dict[str, Json]) -> None:
    if schema.get("additionalProperties") is not False:
        contents.report(
            path,
            f"{dotted(path)} is strict and needs `additionalProperties: false`",
            "OpenAI refuses a strict schema without it. Add it, or remove `strict: true`.",
            severity=Severity.WARNING,
        )
    properties, required = schema.get("properties"), schema.get("required")
    names = properties if isinstance(properties, dict) else {}
    missing = [name for name in names if name not in (required if isinstance(required, list) else ())]
    if missing:
        contents.report(
            path,
            f"{dotted(path)} is strict and must require all its properties; {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not in `required`",
            "OpenAI refuses it. For one that may be left out allow null as well: `type: [string, 'null']`.",
            severity=Severity.WARNING,
        )
