"""The ids that a manifest and a thing on the platform name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.model.assistant import Lifecycle, Observed
from assistctl.ownership.canonical import PLATFORMS, Path, canonical_units, covers, parse
from assistctl.ownership.mark import BASELINE, read_baseline, users_pairs
from assistctl.planning.rosters import Naming

_PROSE = frozenset({"name", "description", "model", "instructions", "response_format", "metadata"})
# What a tool says of itself to the model.
_PROSE_OF_TOOLS = frozenset({"function", "description", "instructions", "parameters", "input_schema"})
_LONGEST_ID = 256
_BETWEEN_IDS = re.compile(r"[\s,;]+")


def ids_named(fields: Mapping[str, Json], metadata: Mapping[str, Json]) -> frozenset[str]:
    """Everything in an assistant's fields, and in the pairs that are not ours, that may be the id of something.

    That is any text of its own outside of prose: which fields hold ids differs from platform to platform, and
    what is no id of anything does no harm here.
    """
    found = {text for name, value in fields.items() if name not in _PROSE for text in _texts(value)}
    pairs = (str(value) for value in users_pairs(dict(metadata)).values())
    return frozenset(found).union(*(_BETWEEN_IDS.split(text) for text in pairs if len(text) <= 2 * _LONGEST_ID))


def ids_declared(desired: Naming, platform: str) -> frozenset[str]:
    """The same of a manifest, with its fields for ``platform``."""
    pairs = desired.fields.get("metadata")
    own: Json = dict(desired.platform_fields.get(platform, {}))
    return ids_named({**desired.fields, PLATFORMS: own}, pairs if isinstance(pairs, dict) else {})


def ids_left(observed: Observed, given: Mapping[str, Json], lifecycle: Lifecycle) -> frozenset[str]:
    """The ids in what nobody of ours manages of a thing that is to be as ``given``."""
    declared = _units(given, given.get("metadata"))
    baseline = read_baseline(observed.metadata.get(BASELINE))
    ignored = tuple(map(parse, lifecycle.ignore_changes))
    return frozenset[str]().union(
        *(
            _ids_in_unit(unit, value)
            for unit, value in _units(observed.fields, users_pairs(dict(observed.metadata))).items()
            if covers(ignored, unit) or not (unit in declared or baseline.has(unit))
        )
    )


def _units(fields: Mapping[str, Json], pairs: Json) -> dict[Path, Json]:
    """The canonical units of what may hold ids."""
    told = {name: value for name, value in fields.items() if name not in _PROSE}
    return canonical_units(told, pairs if isinstance(pairs, dict) else {})


def _ids_in_unit(unit: Path, value: Json) -> frozenset[str]:
    field = str(unit[0])
    return ids_named({}, {str(unit[1]): value}) if field == "metadata" else ids_named({field: value}, {})


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if 0 < len(value) <= _LONGEST_ID:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in _PROSE_OF_TOOLS:
                yield from _texts(part)
