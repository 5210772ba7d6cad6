"""An assistant that exists -> what a manifest says to declare it, as plain JSON.

What the manifest loader makes of it is what was observed, without the defaults that the platform filled in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities, FieldDefaults
from assistctl.ownership.canonical import (
    PLATFORMS,
    Path,
    canonical,
    canonical_units,
    default_of,
    dotted,
    own_fields,
    same,
)
from assistctl.ownership.mark import BASELINE, read_baseline, read_mark, users_pairs
from assistctl.ownership.projection import is_own_tool, without_extras
from assistctl.secrets.redaction import holds_secret

_FIELDS = ("name", "description", "model", "instructions", "tools", "tool_resources", "response_format")
_SETTINGS = ("temperature", "top_p", "reasoning_effort")
_NO_DEFAULTS_OF_ITS_OWN = Capabilities(fields={})


@dataclass(frozen=True, slots=True)
class Declared:
    """A manifest's fields, in the Assistants API's shapes and in the order to write them.

    ``withheld`` are the fields that hold a secret: they are left out, as files go into git.
    ``nameless`` are the tools that are left out because they are neither the Assistants API's nor of a platform
    with a name to put them under.
    """

    document: Mapping[str, Json]
    withheld: tuple[str, ...] = ()
    nameless: tuple[Json, ...] = ()


def declared(observed: Observed, key: str, capabilities: Capabilities = _NO_DEFAULTS_OF_ITS_OWN) -> Declared:
    """The manifest ``key`` for ``observed``, without the defaults in the platform's ``capabilities``."""
    withheld = withheld_units(observed)
    observed = _with_plain_tools(_without(observed, withheld))
    document = dict(_declared(observed, key, capabilities))
    mark = read_mark(observed.metadata)
    if mark and mark.prevent_destroy:
        document["lifecycle"] = {"prevent_destroy": True}
    return Declared(document, tuple(dotted(unit) for unit in withheld), _nameless(observed))


def withheld_units(observed: Observed) -> Sequence[Path]:
    """The units that were given a value from the environment when they were applied, or hold a secret now."""
    baseline = read_baseline(observed.metadata.get(BASELINE))
    units = canonical_units(observed.fields, users_pairs(dict(observed.metadata)))
    return [
        unit
        for unit, value in units.items()
        if baseline.is_secret(unit) or holds_secret([str(unit[-1]), value, observed.fields.get(str(unit[0]))])
    ]


def _without(observed: Observed, secret: Collection[Path]) -> Observed:
    fields = {
        name: value for name, value in observed.fields.items() if not any(unit[0] == name for unit in secret)
    }
    metadata = {name: text for name, text in observed.metadata.items() if ("metadata", name) not in secret}
    return replace(observed, fields=fields, metadata=metadata)


def _with_plain_tools(observed: Observed) -> Observed:
    """``observed`` without what a manifest's own tools cannot say.

    Where the platform has fields of its own, a tool with such settings stands among the platform's tools, as it
    is; unless it reads something, as what tools read is declared with the manifest's own.
    """
    tools, resources = observed.fields.get("tools"), _resources(observed.fields.get("tool_resources"))
    if not isinstance(tools, list):
        return observed
    has_own = isinstance(observed.fields.get(PLATFORMS), dict)
    plain = [
        tool if is_own_tool(tool) or (has_own and _stands_apart(tool, resources)) else without_extras(tool)
        for tool in tools
    ]
    return replace(observed, fields={**observed.fields, "tools": plain})


def _stands_apart(tool: Json, resources: Mapping[str, Json]) -> bool:
    """Whether a tool is declared for its platform alone: no other has it, or not with these settings."""
    said = _without_nulls(tool)
    kind = said.get("type") if isinstance(said, dict) else None
    return is_own_tool(tool) or (kind != "function" and kind not in resources and without_extras(said) != said)


def _declared(observed: Observed, key: str, capabilities: Capabilities) -> Iterator[tuple[str, Json]]:
    """The fields that are not as they would be without being declared."""
    defaults = capabilities.field_defaults
    for field in (*_FIELDS, *_SETTINGS):
        value = observed.fields.get(field)
        if field == "name":
            if value != key and field in observed.fields:
                yield field, value
        elif field in observed.fields and not _is_default(field, value, defaults):
            yield field, _tidy(field, value, defaults)
    pairs = users_pairs(dict(observed.metadata))
    if pairs:
        yield "metadata", pairs
    own = own_part(observed, capabilities.defaults)
    if own:
        yield PLATFORMS, own


def own_part(observed: Observed, defaults: Mapping[str, Json]) -> Json:
    """The fields that only the platform has, its own tools included, as a manifest declares them."""
    platforms = observed.fields.get(PLATFORMS)
    if not isinstance(platforms, dict):
        return None
    tools = observed.fields.get("tools")
    more = [_without_nulls(tool) for tool in (tools if isinstance(tools, list) else ()) if _stands_apart(tool, {})]
    fields = {name: _without_nulls(value) for name, value in own_fields(observed.fields).items()}
    declared: dict[str, Json] = {
        name: _but_for(value, defaults.get(name))
        for name, value in fields.items()
        if value is not None and value != defaults.get(name)
    }
    if more:
        declared["tools"] = more
    return {next(iter(platforms)): declared} if declared else None


def _but_for(value: Json, default: Json) -> Json:
    """``value`` without those of its settings that are as in ``default``."""
    if not isinstance(value, dict) or not isinstance(default, dict):
        return value
    return {name: part for name, part in value.items() if name not in default or part != default[name]}


def _nameless(observed: Observed) -> tuple[Json, ...]:
    tools = observed.fields.get("tools")
    if isinstance(observed.fields.get(PLATFORMS), dict) or not isinstance(tools, list):
        return ()
    return tuple(tool for tool in tools if is_own_tool(tool))


def _without_nulls(value: Json) -> Json:
    return {name: part for name, part in value.items() if part is not None} if isinstance(value, dict) else value


def _is_default(field: str, value: Json, defaults: FieldDefaults) -> bool:
    if field == "tools" and isinstance(value, list):
        return all(_stands_apart(tool, {}) for tool in value)
    if field == "tool_resources":
        return not _resources(value)
    return same(canonical(field, value, defaults), default_of((field,), defaults))


def _tidy(field: str, value: Json, defaults: FieldDefaults) -> Json:
    """A value without the defaults that the platform filled in."""
    if field == "tools":
        tools = canonical(field, value, defaults)
        return _native(tools.values(), value) if isinstance(tools, dict) and isinstance(value, list) else []
    if field == "response_format":
        return _with_schema(canonical(field, value, defaults), value)
    return _resources(value) if field == "tool_resources" else canonical(field, value, defaults)


def _with_schema(said: Json, answered: Json) -> Json:
    """A response format with its schema as it was: strict ones are refused without an empty ``required``."""
    shape = said.get("json_schema") if isinstance(said, dict) else None
    was = answered.get("json_schema") if isinstance(answered, dict) else None
    if not isinstance(said, dict) or not isinstance(shape, dict) or not isinstance(was, dict):
        return said
    return said if was.get("schema") is None else {**said, "json_schema": {**shape, "schema": was["schema"]}}


def _native(tools: Iterable[Json], answered: Iterable[Json]) -> list[Json]:
    """The tools shared by all platforms, with parameters for functions: some platforms want empty ones."""
    return [
        _with_parameters(tool, was)
        for tool, was in zip(tools, answered, strict=True)
        if not _stands_apart(was, {})
    ]


def _with_parameters(tool: Json, answered: Json) -> Json:
    if isinstance(tool, dict) and tool.get("type") == "code_interpreter":
        # Of its environment, a plan says what others changed, and a manifest cannot.
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
