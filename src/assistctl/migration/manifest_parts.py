"""An assistant on its way to another platform, and the parts of its manifest that a report tells of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.migration.fit import Names
from assistctl.migration.report import Document, FieldOutcome, Outcome
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS
from assistctl.ownership.canonical import PLATFORMS

NOT_FIELDS = frozenset({PLATFORMS, "lifecycle"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An assistant's manifest in the making.

    ``nameless`` are tools that no manifest has a place for, ``resources`` its ``tool_resources``; of both those
    that nothing was made of yet. ``own`` are the fields of the destination alone that were made of them, and
    ``outcomes`` tell what was done.
    """

    document: Document
    nameless: Sequence[Json]
    resources: Json
    own: Mapping[str, Json] = field(default_factory=dict)
    outcomes: tuple[FieldOutcome, ...] = ()


def parts_of(document: Document, names: Names, platform: str) -> Iterator[tuple[str, str]]:
    """The path of each part but the name, and what it is in a platform's table of capabilities."""
    for name, value in document.items():
        if name == "tools":
            for place in range(len(tools_in(document))):
                yield names.shown(f"tools[{place}]"), names.about(f"tools[{place}]")
        elif name not in {*NOT_FIELDS, "name"}:
            kind = f"{name}.{value.get('type')}" if isinstance(value, dict) and "type" in value else name
            yield name, name if name == "metadata" else kind
    for name in own_part(document, platform):
        path = f"{PLATFORMS}.{platform}.{name}"
        yield path, path


def kept_for(other: str, document: Document, told: Collection[str] = ()) -> Iterator[FieldOutcome]:
    """The fields only the platform ``other`` has: they stay in the manifest, out of the way of the rest.

    Tools that are ``told`` of, by their paths, are not told of again.
    """
    note = f"Only {other} has it; it stays in the manifest for targets there."
    for name, value in own_part(document, other).items():
        path = f"{PLATFORMS}.{other}.{name}"
        left = value
        if name == "tools" and isinstance(value, list):
            left = [tool for place, tool in own_tools(document, other) if f"{path}[{place}]" not in told]
        if left or left == value:
            yield FieldOutcome(path, path, Outcome.LOST, note, left)


def own_tools(document: Document, platform: str) -> Iterator[tuple[str, Json]]:
    """The tools that only ``platform`` has, each with its identity among them."""
    tools = own_part(document, platform).get("tools")
    listed = tools if isinstance(tools, list) else []
    yield from zip(ASSISTANTS_API_TOOLS.identities(listed), listed, strict=True)


def platforms_in(document: Document) -> Mapping[str, Json]:
    """The fields that only one platform has, by the platform's name."""
    platforms = document.get(PLATFORMS)
    return platforms if isinstance(platforms, dict) else {}


def own_part(document: Document, platform: str) -> Mapping[str, Json]:
    """The fields that only ``platform`` has."""
    own = platforms_in(document).get(platform)
    return own if isinstance(own, dict) else {}


def tools_in(document: Document) -> list[Json]:
    """The tools, none if there is no list of them."""
    tools = document.get("tools")
    return tools if isinstance(tools, list) else []
