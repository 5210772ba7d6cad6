"""What others changed in something whose manifest is gone: judged by the baseline alone."""

from __future__ import annotations

from assistctl.model import Observed
from assistctl.planning.baseline import read_baseline
from assistctl.planning.canonical import canonical_units, default_of
from assistctl.planning.comparison import known_units
from assistctl.planning.declared_part import is_comparable
from assistctl.planning.ownership import BASELINE, users_pairs
from assistctl.planning.paths import Path

_TOOLS: Path = ("tools",)


def foreign_edits(observed: Observed, unreported: frozenset[str] = frozenset()) -> tuple[Path, ...]:
    """The units of an owned assistant that are not as this project applied them.

    ``unreported`` fields that are missing from the answer cannot be judged, and are left out. A metadata pair that
    somebody removed has no name any more; it is told as ``metadata``.
    """
    baseline = read_baseline(observed.metadata.get(BASELINE))
    there = canonical_units(observed.fields, users_pairs(observed.metadata))
    units = {**{unit: default_of(unit) for unit in known_units()}, **there}
    unseen = {unit for unit in units if unit[0] in unreported and unit not in there}
    edited = [
        unit
        for unit, value in units.items()
        if unit not in unseen
        and is_comparable(unit, value)
        and baseline.has(unit)
        and not baseline.is_still(unit, value)
    ]
    tools = units[_TOOLS]
    known = [*units, *((*_TOOLS, name) for name in (tools if isinstance(tools, dict) else ()))]
    if _TOOLS not in edited and baseline.has_others_than(known):
        edited.append(("metadata",))
    return tuple(edited)
