"""An assistant that exists -> the manifest that declares it, for ``dump``.

What the manifest loader makes of the text is what was observed: a plan after a dump has no field to change.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import yaml

from assistctl.manifest.references import escape, mentions
from assistctl.manifest.scalars import NumberRefusedError, read_plain, unusable_text
from assistctl.model import Json, Observed
from assistctl.planning.baseline import read_baseline
from assistctl.planning.canonical import canonical, canonical_units, default_of, same
from assistctl.planning.declared_part import is_own_tool
from assistctl.planning.expressed import PLATFORMS, own_fields
from assistctl.planning.ownership import BASELINE, read_mark, users_pairs
from assistctl.planning.paths import Path, dotted

SCHEMA_LINE = "# yaml-language-server: $schema={schema}\n"

_LONGEST_KEY = 64
# A text is a file of its own when it is a page rather than a sentence.
_LONGEST_INLINE = 200
_FIELDS = ("name", "description", "model", "instructions", "tools", "tool_resources", "response_format")
_SETTINGS = ("temperature", "top_p", "reasoning_effort")


@dataclass(frozen=True, slots=True)
class Written:
    """One manifest: its key, and the texts of its files by their path in the manifest folder.

    ``withheld`` are the fields that came from the environment: they are left out, as files go into git.
    """

    key: str
    files: Mapping[str, str]
    withheld: tuple[str, ...] = ()


def written_manifest(
    observed: Observed, key: str, *, schema: str, defaults: Mapping[str, Json] = MappingProxyType({})
) -> Written:
    """The manifest of ``observed`` under ``key``, its long instructions as a file beside it.

    ``schema`` is where an editor finds the JSON Schema, relative to the manifest. ``defaults`` are those of the
    platform's own fields, which are left out.
    """
    files: dict[str, str] = {}
    withheld = tuple(dotted(unit) for unit in _units(observed) if is_withheld(observed, unit))
    observed = _without_secrets(observed)
    document: dict[str, Json] = dict(_declared(observed, key, defaults))
    instructions = observed.fields.get("instructions")
    if isinstance(instructions, str) and _is_page(instructions):
        prompt = f"prompts/{key}.md"
        files[prompt] = instructions
        document["instructions"] = {"file": prompt}
    mark = read_mark(observed.metadata)
    if mark and mark.prevent_destroy:
        document["lifecycle"] = {"prevent_destroy": True}
    files[f"{key}.yaml"] = SCHEMA_LINE.format(schema=schema) + _yaml(document)
    return Written(key, files, withheld)


def is_withheld(observed: Observed, unit: Path) -> bool:
    """Whether a unit was given a value from the environment when it was applied."""
    return read_baseline(observed.metadata.get(BASELINE)).is_secret(unit)


def key_for(observed: Observed, taken: Iterable[str]) -> str:
    """A key made from the assistant's name (or its id), different from those ``taken``."""
    base = _slug(observed.name or "") or _slug(observed.id) or "assistant"
    used, key, number = {*taken}, base, 2
    while key in used:
        ending = f"-{number}"
        key, number = base[: _LONGEST_KEY - len(ending)] + ending, number + 1
    return key


def _units(observed: Observed) -> Iterable[Path]:
    return canonical_units(observed.fields, users_pairs(dict(observed.metadata)))


def _without_secrets(observed: Observed) -> Observed:
    secret = {unit for unit in _units(observed) if is_withheld(observed, unit)}
    fields = {
        name: value for name, value in observed.fields.items() if not any(unit[0] == name for unit in secret)
    }
    metadata = {name: text for name, text in observed.metadata.items() if ("metadata", name) not in secret}
    return replace(observed, fields=fields, metadata=metadata)


def _declared(observed: Observed, key: str, defaults: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """The fields that are not as they would be without being declared."""
    for field in (*_FIELDS, *_SETTINGS):
        value = observed.fields.get(field)
        if field == "name":
            if value != key and field in observed.fields:
                yield field, _escaped(value)
        elif field in observed.fields and not _is_default(field, value):
            yield field, _escaped(_tidy(field, value))
    pairs = users_pairs(dict(observed.metadata))
    if pairs:
        yield "metadata", _escaped(pairs)
    own = _own(observed, defaults)
    if own:
        yield PLATFORMS, _escaped(own)


def _own(observed: Observed, defaults: Mapping[str, Json]) -> Json:
    """What only the platform has, its own tools among it, as a manifest declares it."""
    platforms = observed.fields.get(PLATFORMS)
    if not isinstance(platforms, dict):
        return None
    tools = observed.fields.get("tools")
    more = [_without_nulls(tool) for tool in (tools if isinstance(tools, list) else ()) if is_own_tool(tool)]
    fields = {name: _without_nulls(value) for name, value in own_fields(observed.fields).items()}
    declared: dict[str, Json] = {
        name: value for name, value in fields.items() if value is not None and value != defaults.get(name)
    }
    if more:
        declared["tools"] = more
    return {next(iter(platforms)): declared} if declared else None


def _without_nulls(value: Json) -> Json:
    return {name: part for name, part in value.items() if part is not None} if isinstance(value, dict) else value


def _is_default(field: str, value: Json) -> bool:
    if field == "tools" and isinstance(value, list):
        return all(is_own_tool(tool) for tool in value)
    return (
        not _resources(value) if field == "tool_resources" else same(canonical(field, value), default_of((field,)))
    )


def _tidy(field: str, value: Json) -> Json:
    """A value without the defaults that the platform filled in."""
    if field == "tools":
        tools = canonical(field, value)
        return _native(tools.values(), value) if isinstance(tools, dict) and isinstance(value, list) else []
    return _resources(value) if field == "tool_resources" else canonical(field, value)


def _native(tools: Iterable[Json], answered: Iterable[Json]) -> list[Json]:
    """The tools that are no platform's own, with the parameters of functions: some platforms want empty ones."""
    return [
        _with_parameters(tool, was) for tool, was in zip(tools, answered, strict=True) if not is_own_tool(tool)
    ]


def _with_parameters(tool: Json, answered: Json) -> Json:
    if isinstance(tool, dict) and tool.get("type") == "code_interpreter":
        # It has no settings. Where others gave it some, a plan says so, and a manifest cannot.
        return {"type": "code_interpreter"}
    was = answered.get("function") if isinstance(answered, dict) else None
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(tool, dict) or not isinstance(function, dict) or not isinstance(was, dict):
        return tool
    parameters = was.get("parameters")
    return tool if parameters is None else {**tool, "function": {**function, "parameters": parameters}}


def _resources(value: Json) -> dict[str, Json]:
    resources = value if isinstance(value, dict) else {}
    return {
        tool: resource
        for tool, resource in resources.items()
        if isinstance(resource, dict) and any(resource.values())
    }


def _escaped(value: Json) -> Json:
    """Text that the loader reads back as it is: what looks like a reference is none."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value


def _is_page(text: str) -> bool:
    """Whether a text is better read in a file; one that a file cannot hold as it is stays in the YAML."""
    fits = unusable_text(text) is None and mentions(text) is None
    return fits and ("\n" in text or len(text) > _LONGEST_INLINE)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:_LONGEST_KEY].rstrip("-_")


class _Dumper(yaml.SafeDumper):
    """Writes text so that YAML 1.1 and 1.2 read the same, and pages as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002  # PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif not _stays_text(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _stays_text(text: str) -> bool:
    try:
        return read_plain(text) == text
    except NumberRefusedError:
        return False


_Dumper.add_representer(str, _text)


def _yaml(document: Mapping[str, Json]) -> str:
    text: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )
    return text
