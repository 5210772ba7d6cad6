"""What others changed in something whose manifest is gone: judged by the baseline alone."""

from __future__ import annotations

from assistctl.model.capabilities import Capabilities
from assistctl.model.plan import Observed
from assistctl.ownership.baseline import read_baseline
from assistctl.ownership.canonical import canonical_units, default_of
from assistctl.ownership.field_paths import Path
from assistctl.ownership.mark import BASELINE, users_pairs
from assistctl.planning.comparison.projection import is_comparable
from assistctl.planning.comparison.three_way import known_units

_TOOLS: Path = ("tools",)


def foreign_edits(observed: Observed, capabilities: Capabilities) -> tuple[Path, ...]:
    """The units of an owned assistant that are not as this project applied them.

    ``write_only`` fields that are missing from the answer cannot be judged, and are left out. A metadata pair that
    somebody removed has no name any more; it is told as ``metadata``.
    """
    defaults = capabilities.field_defaults
    baseline = read_baseline(observed.metadata.get(BASELINE))
    there = canonical_units(observed.fields, users_pairs(observed.metadata), defaults)
    units = {**{unit: default_of(unit, defaults) for unit in known_units()}, **there}
    unseen = {unit for unit in units if unit[0] in capabilities.write_only and unit not in there}
    edited = [
        unit
        for unit, value in units.items()
        if unit not in unseen
        and is_comparable(unit, value)
        and baseline.has(unit)
        and not baseline.is_still_in_some_form(unit, value)
    ]
    tools = units[_TOOLS]
    known = [*units, *((*_TOOLS, name) for name in (tools if isinstance(tools, dict) else ()))]
    if _TOOLS not in edited and baseline.has_others_than(known):
        edited.append(("metadata",))
    return tuple(edited)
