"""When two values are the same in JSON, and when one is in the other."""

from __future__ import annotations

from assistctl.json_value import Json


def same(one: Json, other: Json) -> bool:
    """Whether two values are equal in JSON, where ``true`` is no number and 1.0 is 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def is_part(wanted: Json, there: Json) -> bool:
    """Whether all of ``wanted`` is in ``there``: mappings may have more members, all else is the same."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(name in there and is_part(value, there[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(there, list):
        return len(wanted) == len(there) and all(map(is_part, wanted, there))
    return same(wanted, there)
