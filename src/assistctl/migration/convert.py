"""What an assistant becomes on another platform: what carries over, what is mapped, and what is lost.

What the other platform cannot express is left out of the manifest, so that it can be used, and kept in the report.
Nothing here knows a platform by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from assistctl.migration.fit import Names, Violation, fitted
from assistctl.migration.lost_resources import ResourceNames, left_behind
from assistctl.migration.report import Document, FieldOutcome, Migrated, Outcome
from assistctl.model.plan import Desired, Diagnostic, Json, Position, Severity
from assistctl.ownership.canonical import tool_identities
from assistctl.ownership.mark import METADATA_PAIRS, OUR_PAIRS
from assistctl.planning.capability_check import Expressible, check_expressible, inexpressible
from assistctl.planning.comparison.platform_fields import PLATFORMS

Faults: TypeAlias = Callable[[Document], Iterable[Diagnostic]]

_ROOM = METADATA_PAIRS - OUR_PAIRS
_NO_ROOM = f"Of the {METADATA_PAIRS} pairs a platform keeps assistctl takes {OUR_PAIRS}, which leaves {_ROOM}."
_NOTHING_LIKE_IT = "There is nothing like it there."
_TWICE = "It is there twice; the first one counts."
_WITHHELD = "It holds a secret, which does not go into files: fill it in again with ${env:}."
_NO_SUCH_TOOL = "No tool of the Assistants API: manifests have no place for it."
_NO_SUCH_FIELD = "No field of the Assistants API v2: manifests have no place for it."
_OTHER_MODELS = "Not every platform has it: name one that is there, or write ${var:model} and let each target say."
_NOT_FIELDS = frozenset({PLATFORMS, "lifecycle"})
_NO_RESOURCES = frozenset({"tool_resources"})


@dataclass(frozen=True, slots=True)
class Source:
    """An assistant to migrate, and the ``platform`` it is on.

    ``document`` is what a manifest would say of it. ``withheld`` are the fields that hold a secret;
    ``nameless`` tools and ``strange`` fields are those that no manifest has a place for.
    """

    key: str
    id: str
    name: str | None
    platform: str
    document: Document
    withheld: Sequence[str] = ()
    nameless: Sequence[Json] = ()
    strange: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to: a platform and what it can express. ``faults`` finds what is wrong with a manifest anywhere."""

    platform: str
    capabilities: Expressible
    faults: Faults


def migrated(source: Source, to: Destination, resource_names: ResourceNames) -> Migrated:
    """``source`` as ``to`` can have it; ``resource_names`` tells what the files are that it reads where it is."""
    named = {name: value for name, value in source.document.items() if name not in _NO_RESOURCES}
    document, beyond = _with_room(named)
    fit = fitted(document, lambda draft: _complaints(draft, source.key, to))
    mapped = [*_mapped(fit.document, fit.names, source.key, to)]
    outcomes = (
        *_carried(source, fit.document, fit.names, to, {fate.path for fate in (*mapped, *fit.outcomes)}),
        *mapped,
        *fit.outcomes,
        *beyond,
        *left_behind(source.document.get("tool_resources"), resource_names, to.capabilities),
        *_without_a_place(source),
        *_kept_for_others(fit.document, to.platform),
    )
    return Migrated(source.key, source.id, source.name, fit.document, outcomes)


def _with_room(document: Document) -> tuple[dict[str, Json], list[FieldOutcome]]:
    """The document without the metadata pairs that there is no room for beside ours."""
    metadata = document.get("metadata")
    pairs = list(metadata.items()) if isinstance(metadata, dict) else []
    if len(pairs) <= _ROOM:
        return {**document}, []
    beyond = [
        FieldOutcome(f"metadata.{name}", "metadata", Outcome.LOST, _NO_ROOM, value)
        for name, value in pairs[_ROOM:]
    ]
    return {**document, "metadata": dict(pairs[:_ROOM])}, beyond


def _complaints(document: Document, key: str, to: Destination) -> Iterator[Violation]:
    """What keeps a manifest from being used on the platform."""
    for fault in to.faults(document):
        yield Violation(fault.path, _sentences(fault, to.platform))
    for place, identity in enumerate(tool_identities(_tools(document))):
        if "#" in identity:
            yield Violation(f"tools[{place}]", _TWICE)
    for said in check_expressible(_desired(document, key), to.platform, to.capabilities):
        if said.severity is Severity.ERROR:
            yield Violation(said.path, _advice(said, to.platform))


def _advice(said: Diagnostic, platform: str) -> str:
    """What to do. That it cannot be expressed is what being lost means, and needs no words."""
    if said.summary == inexpressible(platform, said.path):
        return said.detail or _NOTHING_LIKE_IT
    return _sentences(said, platform)


def _sentences(said: Diagnostic, platform: str) -> str:
    summary = said.summary
    if not summary.startswith(platform):
        summary = summary[:1].upper() + summary[1:]
    return f"{summary}. {said.detail}".rstrip()


def _mapped(document: Document, names: Names, key: str, to: Destination) -> Iterator[FieldOutcome]:
    for said in check_expressible(_desired(document, key), to.platform, to.capabilities):
        if said.severity is Severity.INFO:
            yield FieldOutcome(names.shown(said.path), names.about(said.path), Outcome.MAPPED, said.detail)


def _carried(
    source: Source, document: Document, names: Names, to: Destination, told: set[str]
) -> Iterator[FieldOutcome]:
    """What is there as it was: each field and each tool, and the metadata as one."""
    for path, kind in _parts(source, document, names, to.platform):
        if path in told:
            continue
        support = to.capabilities.fields.get(kind)
        note = support.note if support else ""
        if path == "model" and source.platform != to.platform:
            yield FieldOutcome(path, kind, Outcome.CARRIED, f"{_OTHER_MODELS} {note}".rstrip(), document["model"])
        else:
            yield FieldOutcome(path, kind, Outcome.CARRIED, note)


def _parts(source: Source, document: Document, names: Names, platform: str) -> Iterator[tuple[str, str]]:
    """The path of each part of a manifest that is reported by itself, and what it is in a platform's table."""
    if source.name is not None and source.name == document.get("name", source.key):
        yield "name", "name"
    for name, value in document.items():
        if name == "tools":
            for place in range(len(_tools(document))):
                yield names.shown(f"tools[{place}]"), names.about(f"tools[{place}]")
        elif name not in {*_NOT_FIELDS, "name"}:
            kind = f"{name}.{value.get('type')}" if isinstance(value, dict) and "type" in value else name
            yield name, name if name == "metadata" else kind
    for name in _own(document, platform):
        path = f"{PLATFORMS}.{platform}.{name}"
        yield path, path


def _without_a_place(source: Source) -> Iterator[FieldOutcome]:
    for path in source.withheld:
        yield FieldOutcome(path, path, Outcome.LOST, _WITHHELD)
    for identity, tool in zip(tool_identities(source.nameless), source.nameless, strict=True):
        yield FieldOutcome(f"tools[{identity}]", f"tools.{identity}", Outcome.LOST, _NO_SUCH_TOOL, tool)
    for name, value in source.strange.items():
        yield FieldOutcome(name, name, Outcome.LOST, _NO_SUCH_FIELD, value)


def _kept_for_others(document: Document, platform: str) -> Iterator[FieldOutcome]:
    """What only the platform it comes from has: it stays in the manifest, where others do not look at it."""
    platforms = document.get(PLATFORMS)
    for other in platforms if isinstance(platforms, dict) else ():
        if other == platform:
            continue
        note = f"Only {other} has it; it stays in the manifest for targets there."
        for name, value in _own(document, other).items():
            path = f"{PLATFORMS}.{other}.{name}"
            yield FieldOutcome(path, path, Outcome.LOST, note, value)


def _own(document: Document, platform: str) -> Mapping[str, Json]:
    platforms = document.get(PLATFORMS)
    own = platforms.get(platform) if isinstance(platforms, dict) else None
    return own if isinstance(own, dict) else {}


def _tools(document: Document) -> list[Json]:
    tools = document.get("tools")
    return tools if isinstance(tools, list) else []


def _desired(document: Document, key: str) -> Desired:
    fields = {"name": key, **{name: value for name, value in document.items() if name not in _NOT_FIELDS}}
    platforms = document.get(PLATFORMS)
    own = platforms if isinstance(platforms, dict) else {}
    return Desired(
        key,
        fields,
        Position(f"{key}.yaml"),
        platform_fields={name: part for name, part in own.items() if isinstance(part, dict)},
    )
