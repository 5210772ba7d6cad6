"""Where in the manifests the things that a plan differs in are declared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from assistctl.model.plan import FieldDiff, Position
from assistctl.ownership.canonical import tool_identities
from assistctl.ownership.field_paths import dotted
from assistctl.ownership.sensitive import Declared


def with_places(diffs: Iterable[FieldDiff], desired: Declared) -> tuple[FieldDiff, ...]:
    """The differences, each with the position of what declares it, or of the nearest declared thing around it."""
    tools = desired.fields.get("tools")
    identities = tool_identities(tools if isinstance(tools, list) else [])
    places = {dotted(("tools", identity)): f"tools[{place}]" for place, identity in enumerate(identities)}
    return tuple(replace(diff, position=_position(diff.path, places, desired)) for diff in diffs)


def _position(path: str, places: dict[str, str], desired: Declared) -> Position:
    """The position for a path that names tools by what they are called, and not by their place."""
    if path.startswith("tools["):
        named = max((name for name in places if path.startswith(name)), key=len, default="")
        path = places[named] + path[len(named) :] if named else "tools"
    return desired.position_of(path)
