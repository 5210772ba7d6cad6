"""Conversion of an assistant for another platform: what carries over, what is mapped, what is lost.

What the other platform cannot express is left out of the manifest, so that it can be used, and kept in the report.
Nothing here knows a platform by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.diagnostics import Position, Severity
from assistctl.json_value import Json
from assistctl.migration.counterparts import exchanged
from assistctl.migration.destination import Destination
from assistctl.migration.fit import Names, Violation, fitted
from assistctl.migration.lost_resources import ResourceNames, left_behind
from assistctl.migration.manifest_parts import NOT_FIELDS, Draft, kept_for, parts_of, platforms_in, tools_in
from assistctl.migration.mcp_servers import ServerBook, is_use
from assistctl.migration.report import Document, FieldOutcome, Migrated, Outcome
from assistctl.migration.server_uses import with_uses
from assistctl.migration.taken_along import taken_along
from assistctl.migration.version_one import FILE_IDS, in_version_two, lost_files
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import Level
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS
from assistctl.ownership.canonical import PLATFORMS
from assistctl.ownership.mark import METADATA_PAIRS, OUR_PAIRS
from assistctl.planning.capability_check import check_expressible

_TWICE = "It is there twice; the first one counts."
_WITHHELD = "It holds a secret, which does not go into files: fill it in again with ${env:}."
_NO_SUCH_TOOL = "No tool of the Assistants API: manifests have no place for it."
_NO_SUCH_FIELD = "No field of the Assistants API v2: manifests have no place for it."
_SERVERS = "tools.mcp"
_NO_RESOURCES = frozenset({"tool_resources"})


@dataclass(frozen=True, slots=True)
class Source:
    """An assistant to migrate, and the ``platform`` it is on.

    ``document`` is what a manifest would say of it, ``resources`` its ``tool_resources`` where they hold more.
    ``withheld`` are the fields that hold a secret; ``nameless`` tools and ``strange`` fields are those that no
    manifest has a place for.
    """

    key: str
    id: str
    name: str | None
    platform: str
    document: Document
    resources: Json = None
    withheld: Sequence[str] = ()
    nameless: Sequence[Json] = ()
    strange: Mapping[str, Json] = field(default_factory=dict)


def migrated(
    source: Source,
    to: Destination,
    resource_names: ResourceNames,
    book: ServerBook | None = None,
    keys: Mapping[str, str] | None = None,
) -> Migrated:
    """``source`` as ``to`` can have it; ``resource_names`` tells what the files are that it reads where it is.

    Its MCP servers are put into ``book``. ``keys`` are those of the assistants that are moved along, by their ids.
    """
    book = book or ServerBook()
    fields = {name: value for name, value in source.document.items() if name not in _NO_RESOURCES}
    named, nameless, renamed = in_version_two(fields, source.nameless)
    draft = Draft(named, nameless, source.resources or source.document.get("tool_resources"))
    exchanged_draft = exchanged(with_uses(draft, source.platform, to, book), keys or {}, source.platform, to)
    document, beyond = _with_room(exchanged_draft.document, to)
    fit = fitted(document, lambda draft: _violations(draft, source.key, to, book))
    gone = {field_outcome.path for field_outcome in fit.outcomes}
    mapped = [
        *_mapped(fit.document, fit.names, source.key, to, book),
        *(field_outcome for field_outcome in renamed if field_outcome.path not in gone),
    ]
    taken = taken_along(source.key, fit.document, exchanged_draft.resources, resource_names, to.capabilities)
    told = {
        *gone,
        *(field_outcome.path for field_outcome in (*mapped, *exchanged_draft.outcomes)),
        *_of_counterparts(exchanged_draft, to),
    }
    outcomes = (
        *_carried(source, fit.document, fit.names, to, told),
        *mapped,
        *exchanged_draft.outcomes,
        *taken.outcomes,
        *fit.outcomes,
        *beyond,
        *left_behind(taken.resources, resource_names, to.capabilities),
        *_without_a_place(source, exchanged_draft.nameless, to),
        *lost_files(source.strange, named.get("tools"), resource_names, to.capabilities),
        *_kept_for_others(fit.document, to.platform, told),
    )
    whole = taken.declared_in(fit.document)
    return Migrated(source.key, source.id, source.name, whole, outcomes, contents=taken.contents)


def _with_room(document: Document, to: Destination) -> tuple[dict[str, Json], list[FieldOutcome]]:
    """The document without the metadata pairs that there is no room for beside ours."""
    metadata, limits = document.get("metadata"), to.capabilities.metadata_limits
    pairs = list(metadata.items()) if isinstance(metadata, dict) else []
    kept = min(METADATA_PAIRS, METADATA_PAIRS if limits.pairs is None else limits.pairs)
    room = max(kept - limits.reserved - OUR_PAIRS, 0)
    if len(pairs) <= room:
        return {**document}, []
    own = f", and {to.platform} {limits.reserved}" if limits.reserved else ""
    note = f"Of the {kept} pairs a platform keeps assistctl takes {OUR_PAIRS}{own}, which leaves {room}."
    beyond = [
        FieldOutcome(f"metadata.{name}", "metadata", Outcome.LOST, note, value) for name, value in pairs[room:]
    ]
    return {**document, "metadata": dict(pairs[:room])}, beyond


def _of_counterparts(draft: Draft, to: Destination) -> Iterator[str]:
    """The fields that stand for exchanged tools, which are told of by themselves."""
    return (f"{PLATFORMS}.{to.platform}.{name}" for name in draft.own)


def _violations(document: Document, key: str, to: Destination, book: ServerBook) -> Iterator[Violation]:
    """The violations that keep a manifest from the platform, and those that only drop a part of it."""
    for fault in to.faults(document):
        yield Violation(fault.path, to.sentences(fault))
    tools = book.filled(document.get("tools"))
    for place, identity in enumerate(ASSISTANTS_API_TOOLS.identities(tools if isinstance(tools, list) else [])):
        if "#" in identity:
            yield Violation(f"tools[{place}]", _TWICE)
    desired = _desired(document, key, book)
    # What is wrong with a server was told when it was found.
    uses = tuple(f"tools[{place}]." for place, tool in enumerate(tools_in(document)) if is_use(tool))
    for said in to.said_of(desired):
        if to.refuses(said) and not said.path.startswith(uses):
            yield Violation(said.path, to.advice(said))
    for path, note in to.left_out_of(desired).items():
        if not path.startswith(uses):
            yield Violation(path, note)


def _mapped(
    document: Document, names: Names, key: str, to: Destination, book: ServerBook
) -> Iterator[FieldOutcome]:
    uses = tuple(f"tools[{place}]" for place, tool in enumerate(tools_in(document)) if is_use(tool))
    for said in check_expressible(_desired(document, key, book), to.platform, to.capabilities):
        if said.severity is Severity.INFO and not said.path.startswith(uses):
            yield FieldOutcome(names.shown(said.path), names.about(said.path), Outcome.MAPPED, said.detail)


def _carried(
    source: Source, document: Document, names: Names, to: Destination, told: set[str]
) -> Iterator[FieldOutcome]:
    """The outcomes of everything carried over: each field and tool, the metadata as one, and the model."""
    for path, kind in _parts(source, document, names, to.platform):
        if kind == _SERVERS:
            continue
        if path == "model" and path not in told:
            yield to.outcome_of_model(document["model"], source.platform)
        elif path not in told:
            support = to.capabilities.fields.get(kind)
            yield FieldOutcome(path, kind, Outcome.CARRIED, support.note if support else "")


def _parts(source: Source, document: Document, names: Names, platform: str) -> Iterable[tuple[str, str]]:
    keeps_name = source.name is not None and source.name == document.get("name", source.key)
    return (*([("name", "name")] if keeps_name else []), *parts_of(document, names, platform))


def _without_a_place(source: Source, nameless: Sequence[Json], to: Destination) -> Iterator[FieldOutcome]:
    for path in source.withheld:
        yield FieldOutcome(path, path, Outcome.LOST, _WITHHELD)
    for identity, tool in zip(ASSISTANTS_API_TOOLS.identities(nameless), nameless, strict=True):
        kind = str(tool.get("type")) if isinstance(tool, dict) else "?"
        support = to.capabilities.fields.get(f"tools.{kind}")
        note = support.note if support and support.level is Level.UNSUPPORTED and support.note else _NO_SUCH_TOOL
        yield FieldOutcome(f"tools[{identity}]", f"tools.{kind}", Outcome.LOST, note, tool)
    for name, value in source.strange.items():
        if name != FILE_IDS or not isinstance(value, list):
            yield FieldOutcome(name, name, Outcome.LOST, _NO_SUCH_FIELD, value)


def _kept_for_others(document: Document, platform: str, told: set[str]) -> Iterator[FieldOutcome]:
    for other in platforms_in(document):
        if other != platform:
            yield from kept_for(other, document, told)


def _desired(document: Document, key: str, book: ServerBook) -> Desired:
    fields = {"name": key, **{name: value for name, value in document.items() if name not in NOT_FIELDS}}
    if "tools" in fields:
        fields["tools"] = book.filled(fields["tools"])
    own = {name: part for name, part in platforms_in(document).items() if isinstance(part, dict)}
    return Desired(key, fields, Position(f"{key}.yaml"), platform_fields=own)
