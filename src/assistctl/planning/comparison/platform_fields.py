"""A manifest as one platform is given it: its own fields put in their place, the rest left out.

A platform's fields are fields like any other, under the name ``platforms``, as in the manifest:
``{"platforms": {"openai-agents": {"service_tier": "flex"}}}``. Only its ``tools`` are not kept apart: they are
appended to the manifest's own, because an assistant has one list of tools, which is managed as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from assistctl.model.capabilities import Capabilities
from assistctl.model.plan import Desired, Json, Position

PLATFORMS = "platforms"


def to_platform(desired: Desired, platform: str, capabilities: Capabilities) -> Desired:
    """``desired`` with the fields that ``platform`` is to be given, in the form in which it expresses them."""
    own = dict(desired.platform_fields.get(platform, {}))
    more_tools = own.pop("tools", None)
    fields = {**capabilities.to_platform(desired.fields)}
    if own:
        fields[PLATFORMS] = {platform: own}
    if not isinstance(more_tools, list):
        return replace(desired, fields=fields)
    tools = fields.get("tools")
    before = tools if isinstance(tools, list) else []
    fields["tools"] = [*before, *more_tools]
    places = {
        f"{PLATFORMS}.{platform}.tools[{place}]": f"tools[{len(before) + place}]"
        for place in range(len(more_tools))
    }
    return replace(
        desired,
        fields=fields,
        secret_paths=frozenset(_moved(path, places) for path in desired.secret_paths),
        templates={_moved(path, places): made for path, made in desired.templates.items()},
        positions={**desired.positions, **_positions(desired.positions, places)},
    )


def _positions(positions: Mapping[str, Position], places: Mapping[str, str]) -> dict[str, Position]:
    moved = {_moved(path, places): position for path, position in positions.items()}
    return {path: position for path, position in moved.items() if path not in positions}


def _moved(path: str, places: Mapping[str, str]) -> str:
    """Where ``path`` is now, if it leads into one of the tools that changed ``places``."""
    end = path.find("]") + 1
    start, rest = path[:end], path[end:]
    return places[start] + rest if start in places else path


def own_fields(fields: Mapping[str, Json]) -> Mapping[str, Json]:
    """The fields that are the platform's own, of fields that are of one platform."""
    platforms = fields.get(PLATFORMS)
    for own in platforms.values() if isinstance(platforms, dict) else ():
        if isinstance(own, dict):
            return own
    return {}
