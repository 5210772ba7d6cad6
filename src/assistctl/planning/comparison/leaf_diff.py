"""The differences inside one unit, leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from assistctl.json_value import Json
from assistctl.ownership.canonical import Path, same


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf (or added or removed branch): its whole path and both values, ``None`` for nothing."""

    path: Path
    old: Json
    new: Json


def differences(unit: Path, old: Json, new: Json, *, whole: bool = False) -> Iterator[Difference]:
    """The differences between two canonical values of ``unit``, in the order of their paths.

    With ``whole`` one that is not looked into.
    """
    if same(old, new):
        return
    nested = not whole and isinstance(old, dict | list) and isinstance(new, dict | list) and type(old) is type(new)
    if not nested:
        yield Difference(unit, old, new)
        return
    found = sorted(_inside(unit, old, new), key=lambda difference: [str(step) for step in difference.path])
    yield from found or [Difference(unit, old, new)]


def _inside(unit: Path, old: Json, new: Json) -> Iterator[Difference]:
    # Most plans find nothing nested to compare, and this import costs more than the rest of the planning.
    from deepdiff import DeepDiff

    # A property of somebody's JSON Schema may be named like Python's private names.
    found = DeepDiff(old, new, view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False)
    for levels in found.values():
        for level in levels:
            # A null that comes or goes can only be told from nothing by what is around it.
            seen = level.up if _present(level.t1) is None and _present(level.t2) is None else level
            path = (*unit, *seen.path(output_format="list"))
            yield Difference(path, _present(seen.t1), _present(seen.t2))


def _present(value: object) -> Json:
    from deepdiff.helper import notpresent

    return None if value is notpresent else cast("Json", value)
