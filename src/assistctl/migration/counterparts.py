"""Tools that only another platform has, exchanged for what the destination has in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.migration.destination import Destination
from assistctl.migration.manifest_parts import Draft, own_tools, tools_in
from assistctl.migration.report import Document, FieldOutcome, Outcome
from assistctl.model.capabilities import Level
from assistctl.model.counterpart import Counterpart
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS
from assistctl.ownership.canonical import PLATFORMS
from assistctl.planning.capability_check import support_of

_CONNECTED = "connected_agent"


def exchanged(draft: Draft, keys: Mapping[str, str], came_from: str, to: Destination) -> Draft:
    """``draft`` with what ``to`` has for tools that it lacks; ``keys`` are those of assistants by their ids.

    Tools that only the platform ``came_from`` has stay in the manifest for targets there.
    """
    resources = draft.resources if isinstance(draft.resources, dict) else {}
    kept, own = list[Json](), dict[str, Json]()
    outcomes: list[FieldOutcome] = []
    read: set[str] = set()
    counterpart = to.capabilities.counterpart
    for tool, path in (*_unknown(draft, to), *_of_the_source(draft, came_from, to)):
        found = counterpart(_named_by_key(tool, keys), resources) if counterpart else None
        if found is None:
            kept.append(tool)
            continue
        own = _merged(own, found.own)
        read.add(found.reads)
        outcomes.append(_outcome(tool, path, found))
    told = {field_outcome.path for field_outcome in outcomes}
    return Draft(
        _with_own(_without(draft.document, told), own, to.platform),
        [tool for tool in draft.nameless if tool in kept],
        {name: part for name, part in resources.items() if name not in read},
        own,
        (*draft.outcomes, *outcomes),
    )


def _unknown(draft: Draft, to: Destination) -> Iterator[tuple[dict[str, Json], str]]:
    """The tools that the destination does not have, each with the path that reports call it by."""
    for tools_there, has_all in ((tools_in(draft.document), False), (draft.nameless, True)):
        for identity, tool in zip(ASSISTANTS_API_TOOLS.identities(tools_there), tools_there, strict=True):
            if isinstance(tool, dict) and (has_all or _is_unsupported(tool, to)):
                yield tool, f"tools[{identity}]"


def _of_the_source(draft: Draft, came_from: str, to: Destination) -> Iterator[tuple[dict[str, Json], str]]:
    """The tools that only the source has, each with its path."""
    if came_from == to.platform:
        return
    for identity, tool in own_tools(draft.document, came_from):
        if isinstance(tool, dict):
            yield tool, f"{PLATFORMS}.{came_from}.tools[{identity}]"


def _is_unsupported(tool: Mapping[str, Json], to: Destination) -> bool:
    support = support_of(f"tools.{tool.get('type')}", to.capabilities.fields)
    return support is None or support.level is Level.UNSUPPORTED


def _named_by_key(tool: dict[str, Json], keys: Mapping[str, str]) -> dict[str, Json]:
    """A connected agent with the key of the one that it names, where that is moved along."""
    connected = tool.get(_CONNECTED)
    key = keys.get(str(connected.get("id"))) if isinstance(connected, dict) else None
    if not isinstance(connected, dict) or key is None:
        return tool
    return {**tool, _CONNECTED: {**connected, "id": {"assistant": key}}}


def _outcome(tool: Mapping[str, Json], path: str, found: Counterpart) -> FieldOutcome:
    about = f"{path.rpartition('[')[0]}.{tool.get('type')}"
    if found.own:
        return FieldOutcome(path, about, Outcome.MAPPED, found.note)
    return FieldOutcome(path, about, Outcome.LOST, found.note, dict(tool))


def _without(document: Document, told: set[str]) -> Document:
    """``document`` without the tools that were exchanged."""
    tools = tools_in(document)
    kept: list[Json] = [
        tool
        for identity, tool in zip(ASSISTANTS_API_TOOLS.identities(tools), tools, strict=True)
        if f"tools[{identity}]" not in told
    ]
    if len(kept) == len(tools):
        return document
    rest = {name: value for name, value in document.items() if name != "tools"}
    return {**rest, "tools": kept} if kept else rest


def _with_own(document: Document, own: Mapping[str, Json], platform: str) -> Document:
    if not own:
        return document
    platforms = document.get(PLATFORMS)
    merged = dict(platforms) if isinstance(platforms, dict) else {}
    before = merged.get(platform)
    merged[platform] = _merged(before if isinstance(before, dict) else {}, own)
    return {**document, PLATFORMS: merged}


def _merged(present: Mapping[str, Json], more: Mapping[str, Json]) -> dict[str, Json]:
    """Both, the lists of the same name one behind the other, what is in both of them once."""
    merged = dict(present)
    for name, value in more.items():
        before = merged.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[name] = _merged(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            merged[name] = [*before, *(item for item in value if item not in before)]
        else:
            merged[name] = value
    return merged
