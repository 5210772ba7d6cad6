"""A platform's view of a manifest: an error for what it cannot express, and the rest as it takes it.

A platform's own fields are fields like any other, under the name ``platforms``, as in the manifest:
``{"platforms": {"openai-agents": {"service_tier": "flex"}}}``. Only its ``tools`` are not kept apart: they are
appended to the manifest's own, because an assistant has one list of tools, which is managed as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import did_you_mean
from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import Capabilities, Level, MetadataLimits, Support
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS, ToolNames
from assistctl.ownership.canonical import PLATFORMS
from assistctl.ownership.mark import OUR_PAIRS
from assistctl.ownership.references_by_key import with_entries, without_keys
from assistctl.ownership.tool_paths import tools_by_name
from assistctl.planning.uses import own_fields, with_ignored_uses

# What is asked for by kind alone: nobody declares tools as such.
_BY_KIND = frozenset({"tools", "files"})
_INTERPRETER, _SEARCH = "code_interpreter", "file_search"


def check_expressible(desired: Desired, platform: str, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """An error for each declared thing the platform cannot express, an info for each it maps."""
    for name, path in _used(desired, capabilities.fields):
        support = capabilities.fields.get(name)
        if support is not None and support.level is Level.NATIVE:
            continue
        level, note = (support.level, support.note) if support else (Level.UNSUPPORTED, "")
        if level is Level.MAPPED:
            yield _diagnostic(desired, path, Severity.INFO, f"{path} is mapped on {platform}", note)
        else:
            yield _diagnostic(desired, path, Severity.ERROR, inexpressible(platform, path), note)
    yield from _unread_files(desired, platform, capabilities)
    has_own = bool(desired.uses) or platform in desired.platform_fields
    own = without_keys(own_fields(desired, platform, capabilities), capabilities.entries) if has_own else {}
    for name in own:
        if name not in capabilities.platform_fields:
            path, advice = f"platforms.{platform}.{name}", _way_on(name, platform, capabilities.platform_fields)
            yield _diagnostic(desired, path, Severity.ERROR, f"{platform} has no field {name}", advice)
    if desired.fields.get("metadata"):
        yield from _beyond_limits(desired, platform, capabilities.metadata_limits)
    if capabilities.findings is None:
        return
    for finding in capabilities.findings(desired.fields, own):
        severity = Severity.INFO if finding.level is Level.MAPPED else Severity.ERROR
        yield _diagnostic(desired, finding.path, severity, finding.summary, finding.note)


def to_platform(desired: Desired, platform: str, capabilities: Capabilities) -> Desired:
    """``desired`` with the fields that ``platform`` is to be given, in the form in which it expresses them."""
    translated = capabilities.to_platform(desired.fields) if capabilities.to_platform else desired.fields
    if translated is desired.fields and platform not in desired.platform_fields and not desired.uses:
        return desired
    own = with_entries(own_fields(desired, platform, capabilities), capabilities.entries)
    more_tools = own.pop("tools", None)
    desired = with_ignored_uses(desired, platform, capabilities)
    fields = {**translated}
    own = _with_more(own, fields.pop(PLATFORMS, None), platform)
    if own:
        fields[PLATFORMS] = {platform: own}
    if not isinstance(more_tools, list):
        return replace(desired, fields=fields)
    fields["tools"], moved = _with_own_tools(fields.get("tools"), more_tools, capabilities.code_tools)
    places = {
        f"{PLATFORMS}.{platform}.tools[{place}]": f"tools[{new_place}]" for place, new_place in moved.items()
    }
    return replace(
        desired,
        fields=fields,
        secret_paths=frozenset(_moved(path, places) for path in desired.secret_paths),
        templates={_moved(path, places): made for path, made in desired.templates.items()},
        positions={**desired.positions, **_positions(desired.positions, places)},
    )


def with_tools_named(
    desired: Desired, found: Iterable[Diagnostic], names: ToolNames = ASSISTANTS_API_TOOLS
) -> Iterator[Diagnostic]:
    """The diagnostics in ``found``, with tools as diffs have them: ``tools[order_status]``, not ``tools[1]``.

    ``names`` are those of the platform's tools.
    """
    tools, hidden = desired.fields.get("tools"), desired.secret_paths
    for diagnostic in found:
        path, summary, detail = (
            tools_by_name(text, tools, hidden, names)
            for text in (diagnostic.path, diagnostic.summary, diagnostic.detail)
        )
        yield replace(diagnostic, path=path, summary=summary, detail=detail)


def names_in(tables: Iterable[Mapping[str, Support]]) -> list[str]:
    """All that a manifest can ask of platforms with these ``tables``, the kinds of a thing beside it."""
    known = list(dict.fromkeys(name for table in tables for name in table))
    heads = list(dict.fromkeys(name.partition(".")[0] for name in known))
    return sorted((name for name in known if name not in _BY_KIND), key=lambda name: heads.index(_head(name)))


def support_of(name: str, known: Mapping[str, Support]) -> Support | None:
    """The support of a field, a tool or a kind of value; a kind that is not listed is what the field is."""
    if name in known or _head(name) in _BY_KIND:
        return known.get(name)
    return known.get(_head(name))


def inexpressible(platform: str, path: str) -> str:
    """That a platform has no place for what is at ``path``."""
    return f"{platform} cannot express {path}"


def _beyond_limits(desired: Desired, platform: str, limits: MetadataLimits) -> Iterator[Diagnostic]:
    """An error for what of the declared metadata is beyond a platform's limits."""
    metadata = desired.fields.get("metadata")
    if not isinstance(metadata, dict):
        return
    room = None if limits.open_pairs is None else limits.open_pairs - OUR_PAIRS
    if room is not None and len(metadata) > room:
        summary = f"metadata has {len(metadata)} pairs, and {platform} has room for {room}"
        yield _diagnostic(desired, "metadata", Severity.ERROR, summary, _why(limits))
    for key, value in metadata.items():
        for text, most, part in ((key, limits.key_characters, "key"), (value, limits.value_characters, "value")):
            if most is not None and isinstance(text, str) and len(text) > most:
                path = f"metadata.{key}"
                summary = f"the {part} of {path} has {len(text)} characters, and {platform} keeps {most}"
                yield _diagnostic(desired, path, Severity.ERROR, summary, "Shorten it.")


def _why(limits: MetadataLimits) -> str:
    own = f", and the platform's name for it {limits.reserved}" if limits.reserved else ""
    return f"Remove some: of {limits.pairs} pairs assistctl takes up to {OUR_PAIRS}{own}."


def _way_on(name: str, platform: str, known: Collection[str]) -> str:
    """The advice on an unknown field of a platform's own."""
    if not known:
        return f"It has none of its own: leave platforms.{platform} out."
    return did_you_mean(name, known) or f"Allowed here: {', '.join(sorted(known))}."


def _with_own_tools(
    tools: Json, own: Sequence[Json], one_of_each: Collection[str]
) -> tuple[list[Json], dict[int, int]]:
    """``tools`` with a platform's ``own`` behind them, and where each of these is then.

    One of the types ``one_of_each`` takes the place of its like.
    """
    joined = list(tools) if isinstance(tools, list) else []
    places_by_type = {_type_of(tool): place for place, tool in enumerate(joined) if _type_of(tool) in one_of_each}
    places = {}
    for number, tool in enumerate(own):
        places[number] = places_by_type.get(_type_of(tool), len(joined))
        joined[places[number] : places[number] + 1] = [tool]
    return joined, places


def _with_more(own: Mapping[str, Json], made: Json, platform: str) -> dict[str, Json]:
    """A platform's own fields with those that it makes of a manifest's others behind them."""
    more = made.get(platform) if isinstance(made, dict) else None
    joined = dict(own)
    for name, value in more.items() if isinstance(more, dict) else ():
        declared = joined.get(name)
        joined[name] = [*declared, *value] if isinstance(declared, list) and isinstance(value, list) else value
    return joined


def _positions(positions: Mapping[str, Position], places: Mapping[str, str]) -> dict[str, Position]:
    moved = {_moved(path, places): position for path, position in positions.items()}
    return {path: position for path, position in moved.items() if path not in positions}


def _moved(path: str, places: Mapping[str, str]) -> str:
    """The new path, if ``path`` leads into one of the tools that changed ``places``."""
    end = path.find("]") + 1
    start, rest = path[:end], path[end:]
    return places[start] + rest if start in places else path


def _head(name: str) -> str:
    return name.partition(".")[0]


def _used(desired: Desired, known: Mapping[str, Support]) -> Iterator[tuple[str, str]]:
    """Each capability a manifest asks for, and the path that asks for it."""
    yield from _used_files(desired)
    yield from ((use.path.partition("[")[0], use.path) for use in desired.uses)
    for field, value in desired.fields.items():
        # Null is the platform's default, which every platform has.
        if field == "tools":
            yield from _used_tools(value)
        elif value is not None:
            kind = f"{field}.{value.get('type')}" if isinstance(value, dict) else field
            yield kind if kind in known else field, field


def _used_files(desired: Desired) -> Iterator[tuple[str, str]]:
    """``files`` as one where a single tool reads them, else the first entry for each."""
    places = desired.file_places if len(desired.file_places) > 1 else {}
    if desired.interpreter_files or _INTERPRETER in desired.file_places:
        yield f"files.{_INTERPRETER}", places.get(_INTERPRETER, "files")
    if desired.store is not None:
        path = "files" if "files" in desired.positions else "vector_store"
        yield f"files.{_SEARCH}", places.get(_SEARCH, path)


def _unread_files(desired: Desired, platform: str, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """An error for files of the code interpreter that only a tool of another platform reads."""
    if not (desired.interpreter_files or _INTERPRETER in desired.file_places):
        return
    own = desired.platform_fields.get(platform, {}).get("tools")
    types = {_type_of(tool) for tool in _listed(own)} & capabilities.code_tools
    if types or any(_type_of(tool) == _INTERPRETER for tool in _listed(desired.fields.get("tools"))):
        return
    path = desired.file_places.get(_INTERPRETER, "files")
    summary = f"no tool of the assistant reads files on {platform}"
    yield _diagnostic(desired, path, Severity.ERROR, summary, f"Add `- type: {_INTERPRETER}` to `tools`.")


def _used_tools(tools: Json) -> Iterator[tuple[str, str]]:
    for place, tool in enumerate(_listed(tools)):
        kind = tool.get("type") if isinstance(tool, dict) else None
        yield f"tools.{kind}", f"tools[{place}]"


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _type_of(tool: Json) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return kind if isinstance(kind, str) else ""


def _diagnostic(desired: Desired, path: str, severity: Severity, summary: str, note: str) -> Diagnostic:
    return Diagnostic(severity, summary, note, key=desired.key, path=path, position=desired.position_of(path))
