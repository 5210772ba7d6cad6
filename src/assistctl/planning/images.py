"""The fields of an assistant or vector store as an apply found it, as a manifest would declare them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import RosterEntry
from assistctl.model.change import QualifiedKey
from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS
from assistctl.ownership.applied_part import applied_part
from assistctl.ownership.canonical import PLATFORMS, Path, canonical, canonical_units, own_fields
from assistctl.ownership.mark import BASELINE, Baseline, read_baseline, users_pairs
from assistctl.ownership.projection import is_own_tool
from assistctl.ownership.references_by_key import named_by_key, pinned_revisions, with_keys
from assistctl.planning.undone import Image

_TOOLS = "tools"


@dataclass(frozen=True, slots=True)
class NamesOnRecord:
    """Names by key at that time: ``keys`` by the ids of things, and ``entries``, how lists name them.

    ``revisions`` has the newest version of each of them that is there and goes on as it is.
    """

    keys: Mapping[str, QualifiedKey] = field(default_factory=dict)
    entries: Mapping[Kind, RosterEntry] = field(default_factory=dict)
    revisions: Mapping[QualifiedKey, str | None] = field(default_factory=dict)

    def has(self, baseline: Baseline, part: Path, value: Json) -> bool:
        """Whether ``value``, in which ids stand, was applied to that part, or the same with keys."""
        return baseline.is_still(part, value) or baseline.is_still(part, self._named(value))

    def declared(self, baseline: Baseline, part: Path, value: Json) -> Json:
        """``value`` with keys for ids, if it was declared so; not for what has had another version since."""
        if baseline.is_still(part, value) or not self.has(baseline, part, value):
            return value
        found = pinned_revisions({PLATFORMS: value}, self.keys, self.entries)
        old = {about for _, about, version in found if str(version) != self.revisions.get(about)}
        current = {object_id: about for object_id, about in self.keys.items() if about not in old}
        return with_keys(value, current, self.entries)

    def _named(self, value: Json) -> Json:
        """``value`` with tokens for ids, and for the versions beside them."""
        return named_by_key({PLATFORMS: value}, self.keys, self.entries)[PLATFORMS]


def managed_fields(image: Image, now: Mapping[str, Json], on_record: NamesOnRecord) -> dict[str, Json]:
    """The fields that this project managed then; all of them, if nobody owned it.

    Of a platform's own things that is what was declared of them, without what the platform has filled in: ``now``,
    what is declared at present, helps to tell, and ``on_record`` what was named by key then.
    """
    baseline, pairs = _baseline(image), users_pairs(image.metadata)
    if not baseline.entries:
        return {**image.fields, "metadata": pairs}
    units = canonical_units(image.fields, pairs)
    names = {str(unit[0]) for unit in units if baseline.has(unit)}
    fields = {name: value for name, value in image.fields.items() if name in names}
    if "metadata" in names:
        fields["metadata"] = {key: value for key, value in pairs.items() if baseline.has(("metadata", key))}
    if _TOOLS in fields:
        fields[_TOOLS] = _managed_tools(fields[_TOOLS], now.get(_TOOLS), baseline, on_record)
    if PLATFORMS in fields:
        fields[PLATFORMS] = {_platform(image): _managed_own(image, baseline, own_fields(now), on_record)}
    return fields


def manages(image: Image, unit: Path) -> bool:
    """Whether this project managed that unit then."""
    baseline = _baseline(image)
    return not baseline.entries or baseline.has(unit)


def unseen_fields(image: Image, write_only: Collection[str]) -> list[str]:
    """The ``write_only`` fields that this project managed then and that no answer showed."""
    baseline = _baseline(image)
    return [name for name in sorted(write_only) if baseline.has((name,)) and name not in image.fields]


def was_then(image: Image, name: str, value: Json) -> bool:
    """Whether a field that no answer showed is known to have had ``value``."""
    return _baseline(image).is_still((name,), canonical(name, value))


def declared_fields(desired: Desired | DesiredResource | None) -> dict[str, Json]:
    """All that a manifest declares, in the shape of an image's fields."""
    if desired is None:
        return {}
    fields = dict(desired.fields)
    if desired.platform_fields:
        fields[PLATFORMS] = {name: dict(own) for name, own in desired.platform_fields.items()}
    return fields


def taken_apart(image: Image, fields: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, dict[str, Json]]]:
    """``fields`` of an image, and apart from them what only its platform has, as under ``platforms``."""
    others = {name: value for name, value in fields.items() if name != PLATFORMS}
    platform, tools = _platform(image), others.get(_TOOLS)
    if not platform:
        return others, {}
    platforms = fields.get(PLATFORMS)
    declared = platforms.get(platform) if isinstance(platforms, dict) else None
    own = dict(declared) if isinstance(declared, dict) else {}
    if isinstance(tools, list) and any(map(is_own_tool, tools)):
        others[_TOOLS] = [tool for tool in tools if not is_own_tool(tool)]
        own[_TOOLS] = [tool for tool in tools if is_own_tool(tool)]
    return others, {platform: own} if own else {}


def _baseline(image: Image) -> Baseline:
    return read_baseline(image.metadata.get(BASELINE))


def _platform(image: Image) -> str:
    platforms = image.fields.get(PLATFORMS)
    return next(iter(platforms), "") if isinstance(platforms, dict) else ""


def _managed_tools(before: Json, now: Json, baseline: Baseline, on_record: NamesOnRecord) -> Json:
    if not isinstance(before, list) or not baseline.by_tool:
        return before
    wanted = _by_identity(now)
    return [
        _declared_then((_TOOLS, name), tool, wanted.get(name), baseline, on_record) if is_own_tool(tool) else tool
        for name, tool in _by_identity(before).items()
    ]


def _by_identity(tools: Json) -> dict[str, Json]:
    listed = tools if isinstance(tools, list) else []
    return dict(zip(ASSISTANTS_API_TOOLS.identities(listed), listed, strict=True))


def _managed_own(
    image: Image, baseline: Baseline, now: Mapping[str, Json], on_record: NamesOnRecord
) -> dict[str, Json]:
    managed: dict[str, Json] = {}
    for name, value in own_fields(image.fields).items():
        unit, wanted = (PLATFORMS, _platform(image), name), now.get(name)
        if isinstance(value, dict) and value:
            inside = wanted if isinstance(wanted, dict) else {}
            parts: Json = {
                part: _declared_then((*unit, part), inner, inside.get(part), baseline, on_record)
                for part, inner in value.items()
                if baseline.has((*unit, part))
            }
            if parts:
                managed[name] = parts
        elif baseline.has(unit):
            managed[name] = _declared_then(unit, value, wanted, baseline, on_record)
    return managed


def _declared_then(part: Path, before: Json, now: Json, baseline: Baseline, on_record: NamesOnRecord) -> Json:
    applied = applied_part(before, now, lambda value: on_record.has(baseline, part, value))
    return on_record.declared(baseline, part, applied)
