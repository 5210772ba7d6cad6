"""The one canonical form that decides equality, for plan, read-back and drift alike.

A platform fills in defaults, reorders tools and turns 1 into 1.0; none of that is a difference. What counts as
the same is gathered here and nowhere else, but for the defaults and the names of tools, which are the platform's
(``FieldDefaults``). Source: answers recorded from live servers.

The canonical state of an assistant is a mapping from *units* to values. A unit is what is managed or left alone
as a whole: a field, one half of ``tool_resources``, one metadata pair, or one setting of a platform's own fields
(``platforms.openai-agents.multi_agent.enabled``). It has the path of a field, and so have the parts of its value:

``tools[order_status].function.description`` is ``("tools", "order_status", "function", "description")``: a tool
is named by its identity and not by its place in the list. Metadata keys may contain dots and are one token.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.model.capabilities import ASSISTANTS_API, FieldDefaults
from assistctl.ownership.schema_form import schema_form

Token: TypeAlias = str | int
Path: TypeAlias = tuple[Token, ...]

SETTINGS = ("temperature", "top_p", "response_format", "reasoning_effort")
"""The fields that platforms have defaults for."""

RESOURCE_LISTS: Mapping[str, str] = {"code_interpreter": "file_ids", "file_search": "vector_store_ids"}

TOOLS: Path = ("tools",)

PLATFORMS = "platforms"
"""Where a platform's own fields stand, under its name."""

_EMPTY_PARAMETERS: tuple[Json, ...] = (None, {}, {"type": "object"})
# Values of one of these types that are equal are the same: nothing in them could be true where the other has 1.
_PLAIN = frozenset({str, int, float, bool})
# A server that stores single precision answers 0.2 as 0.20000000298023224.
_DECIMALS = 6
_PLAIN_TOKEN = re.compile(r"[^\s.\[\]\"]+")
_STEP = re.compile(r"\.?(?P<name>[^.\[\]]+)|\[(?P<item>[^\]]*)\]")


def dotted(path: Path) -> str:
    """The text of a path, as diffs and ``ignore_changes`` have it."""
    head, *rest = path
    if not rest:
        return str(head)
    if head == "metadata":
        return ".".join(map(str, path))
    text = str(head)
    for place, token in enumerate(rest):
        text += _step(token, in_brackets=head == "tools" and place == 0)
    return text


def parse(text: str) -> Path:
    """The tokens of a dotted path. A number in brackets counts as a list index, except for a tool."""
    if text.startswith("metadata."):
        return ("metadata", text.removeprefix("metadata."))
    tokens: list[Token] = []
    for step in _STEP.finditer(text):
        item = step["item"]
        is_index = item is not None and item.isdecimal() and tokens != ["tools"]
        tokens.append(int(item) if is_index else (item if item is not None else step["name"]))
    return tuple(tokens)


def covers(paths: Iterable[Path], unit: Path) -> bool:
    """Whether a whole unit is meant by one of ``paths``: its own, or one above it."""
    return any(unit[: len(path)] == path for path in paths)


def canonical_units(
    fields: Mapping[str, Json], metadata: Mapping[str, Json], defaults: FieldDefaults = ASSISTANTS_API
) -> dict[Path, Json]:
    """The canonical state of ``fields`` and ``metadata`` (both in the Assistants API's shapes), by unit.

    Only what is present is in the result: a missing field has no unit, a null one has its default. ``defaults``
    are the platform's; what is only held against itself, or asked for its units, need not know them.
    """
    units: dict[Path, Json] = {}
    for field, value in fields.items():
        if field == "tool_resources":
            units.update(_resource_units(value))
        elif field == PLATFORMS:
            units.update(_platform_units(value))
        elif field != "metadata":
            # Most values, and the longest, are texts; no shape changes one, but that tools are a list.
            is_final = type(value) is str and field != "tools"
            units[(field,)] = value if is_final else canonical(field, value, defaults)
    units.update({("metadata", key): value for key, value in metadata.items()})
    return units


def declared_units(fields: Mapping[str, Json], defaults: FieldDefaults = ASSISTANTS_API) -> dict[Path, Json]:
    """The canonical units of declared fields, their metadata among them."""
    metadata = fields.get("metadata")
    return canonical_units(fields, metadata if isinstance(metadata, dict) else {}, defaults)


def known_units() -> Iterator[Path]:
    """The units a baseline may name although the answer does not show them."""
    yield from ((name,) for name in ("description", "instructions", *SETTINGS, "tools"))
    yield from (("tool_resources", tool, ids_name) for tool, ids_name in RESOURCE_LISTS.items())


def canonical(field: str, value: Json, defaults: FieldDefaults = ASSISTANTS_API) -> Json:
    """The canonical form of one top-level field's value. ``tools`` becomes a mapping from identity to tool."""
    shape = _SHAPES.get(field)
    if shape is not None:
        value = shape(value, defaults)
    return default_of((field,), defaults) if value is None else _numbers(value)


def default_of(unit: Path, defaults: FieldDefaults = ASSISTANTS_API) -> Json:
    """The canonical value of a unit nobody set; ``None`` where the default is nothing."""
    if unit[0] == "tool_resources":
        return []
    if unit == TOOLS:
        return {}
    return _numbers(defaults.values.get(str(unit[0]))) if len(unit) == 1 else None


def cleared(unit: Path) -> Json:
    """The value that puts a unit back to the platform's default, in the API's shapes."""
    return [] if unit[0] in {"tools", "tool_resources"} else None


def same(left: Json, right: Json) -> bool:
    """Whether two canonical values are equal; unlike Python's ``==`` true is not 1."""
    if left is right:
        return True
    if type(left) is type(right) and type(left) in _PLAIN and left == right:
        return True
    if isinstance(left, str) or isinstance(right, str) or left is None or right is None:
        return left == right
    return _text(left) == _text(right)


def digest(value: Json, *, salt: str = "", length: int = 43) -> str:
    """A SHA-256 of a canonical value as base64url, cut to ``length`` characters (six bits each).

    ``salt`` keeps equal values in different places from having equal digests.
    """
    data = f"{salt}\0{_text(value)}".encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()[:length]


def digest_of_units(units: Mapping[Path, Json]) -> str:
    """A digest of a whole canonical state."""
    return digest({dotted(unit): value for unit, value in units.items()})


def sha256(value: Json) -> str:
    """The whole SHA-256 of a canonical value, in hexadecimal."""
    return hashlib.sha256(_text(value).encode("utf-8", "surrogatepass")).hexdigest()


def content_digest(files: Iterable[tuple[str, str]]) -> str:
    """A digest of a folder's files by their paths inside of it and their SHA-256, in whatever order they come."""
    return digest([[path, sha256] for path, sha256 in sorted(files)])


def own_fields(fields: Mapping[str, Json]) -> Mapping[str, Json]:
    """The fields that are the platform's own, of fields that are of one platform."""
    platforms = fields.get(PLATFORMS)
    for own in platforms.values() if isinstance(platforms, dict) else ():
        if isinstance(own, dict):
            return own
    return {}


def _step(token: Token, *, in_brackets: bool) -> str:
    if isinstance(token, int) or in_brackets:
        return f"[{token}]"
    return f".{token}" if _PLAIN_TOKEN.fullmatch(token) else f"[{token}]"


def _resource_units(value: Json) -> dict[Path, Json]:
    resources = value if isinstance(value, dict) else {}
    units: dict[Path, Json] = {}
    for tool, ids_name in RESOURCE_LISTS.items():
        if value is None or tool in resources:
            resource = resources.get(tool)
            ids = resource.get(ids_name) if isinstance(resource, dict) else None
            # The API has no order among the ids, and servers return them as they like.
            units["tool_resources", tool, ids_name] = sorted(ids, key=str) if isinstance(ids, list) else []
    return units


def _platform_units(value: Json) -> dict[Path, Json]:
    units: dict[Path, Json] = {}
    for platform, fields in value.items() if isinstance(value, dict) else ():
        for name, setting in fields.items() if isinstance(fields, dict) else ():
            unit: Path = (PLATFORMS, platform, name)
            if isinstance(setting, dict) and setting:
                units.update({(*unit, part): _numbers(inner) for part, inner in setting.items()})
            else:
                units[unit] = None if setting == {} else _numbers(setting)
    return units


def _tools(value: Json, defaults: FieldDefaults) -> Json:
    tools = value if isinstance(value, list) else []
    if not tools:
        return {}
    names = defaults.tool_names.identities(tools)
    return {name: _tool(tool, defaults) for name, tool in zip(names, tools, strict=True)}


def _tool(tool: Json, defaults: FieldDefaults) -> Json:
    if not isinstance(tool, dict):
        return tool
    shape = {"function": _function, "file_search": _file_search}.get(str(tool.get("type")))
    if shape is None:
        return tool
    name = str(tool["type"])
    return _without_nulls({**tool, name: shape(tool.get(name), defaults)})


def _function(value: Json, _: FieldDefaults) -> Json:
    if not isinstance(value, dict):
        return value
    parameters, said = schema_form(value.get("parameters")), value.get("description") or None
    function = _without_nulls(
        {**value, "strict": value.get("strict") or None, "parameters": parameters, "description": said}
    )
    if function.get("parameters") in _EMPTY_PARAMETERS:
        function.pop("parameters", None)
    return function


def _file_search(value: Json, defaults: FieldDefaults) -> Json:
    if not isinstance(value, dict):
        return value
    search = {**value, "ranking_options": _ranking_options(value.get("ranking_options"), defaults)}
    if search.get("max_num_results") == defaults.max_num_results:
        del search["max_num_results"]
    return _without_nulls(search) or None


def _ranking_options(value: Json, defaults: FieldDefaults) -> Json:
    if not isinstance(value, dict):
        return value
    ranking = _without_nulls(value)
    if ranking.get("ranker") in defaults.rankers:
        del ranking["ranker"]
    threshold = _single_precision(ranking.get("score_threshold"))
    if threshold == 0:
        del ranking["score_threshold"]
    elif threshold is not None:
        ranking["score_threshold"] = threshold
    return ranking or None


def _response_format(value: Json, _: FieldDefaults) -> Json:
    if not isinstance(value, dict):
        return value
    if value.get("type") == "text":
        return "auto"
    schema = value.get("json_schema")
    if not isinstance(schema, dict):
        return value
    inner = {**schema, "strict": schema.get("strict") or None, "schema": schema_form(schema.get("schema"))}
    return {**value, "json_schema": _without_nulls(inner)}


def _single_precision(value: Json, _: FieldDefaults = ASSISTANTS_API) -> Json:
    return round(value, _DECIMALS) if isinstance(value, float) else value


_SHAPES: Mapping[str, Callable[[Json, FieldDefaults], Json]] = {
    "tools": _tools,
    "response_format": _response_format,
    "temperature": _single_precision,
    "top_p": _single_precision,
}


def _without_nulls(value: Mapping[str, Json]) -> dict[str, Json]:
    return {key: item for key, item in value.items() if item is not None}


def _numbers(value: Json) -> Json:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    return value


# ``json.dumps`` would make one for each value.
_text: Callable[[Json], str] = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
