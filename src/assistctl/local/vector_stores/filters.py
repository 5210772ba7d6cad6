"""Filters of a search: which files' attributes fit.

``ComparisonFilter`` and ``CompoundFilter`` of OpenAI's OpenAPI description. A file without the attribute fits
``ne`` and ``nin`` only. Values of different kinds are unequal and in no order: the number 1 is neither the text
``"1"`` nor true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.local.http.shapes import Items, Record, Tagged, Text, wrong_type

_ORDER: Mapping[str, Callable[[float | str, float | str], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_LISTS = ("in", "nin")
_MAX_FILTERS = 1000


class Filter:
    """The shape of a filter, however deeply its compounds are nested."""

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        _SHAPE.check(value, path)


class _Scalar:
    """A string, a number or a boolean."""

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if not isinstance(value, str | int | float):
            raise wrong_type(value, path, "a string, a number or a boolean")


class _Unlisted(_Scalar):
    """A scalar, as every comparison but ``in`` and ``nin`` needs one."""

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if isinstance(value, list):
            message = f"Invalid '{path}': an array can only be compared with 'in' and 'nin'."
            raise ApiError(message, param=path, code="invalid_value")
        super().check(value, path)


_TYPE = Text()
_COMPARISON = {"type": _TYPE, "key": Text()}
_REQUIRED = ("key", "value")
_LISTED = Items(_Scalar(), max_items=_MAX_FILTERS, noun="an array")
_COMPOUND = Record(
    {"type": _TYPE, "filters": Items(Filter(), max_items=_MAX_FILTERS)},
    required=("filters",),
)
_SHAPE = Tagged(
    {
        **{name: Record({**_COMPARISON, "value": _Unlisted()}, _REQUIRED) for name in ("eq", "ne", *_ORDER)},
        **{name: Record({**_COMPARISON, "value": _LISTED}, _REQUIRED) for name in _LISTS},
        "and": _COMPOUND,
        "or": _COMPOUND,
    }
)


def fits(attributes: Mapping[str, Json], condition: Mapping[str, Json]) -> bool:
    """Whether a file with these attributes passes a filter that was checked."""
    inner = condition.get("filters")
    if isinstance(inner, list):
        passed = (fits(attributes, part) for part in inner if isinstance(part, dict))
        return all(passed) if condition["type"] == "and" else any(passed)
    return _compares(str(condition["type"]), attributes.get(str(condition["key"])), condition["value"])


def _compares(comparison: str, actual: Json, wanted: Json) -> bool:
    if comparison in _ORDER:
        return _same_kind(actual, wanted) and _ordered(_ORDER[comparison], actual, wanted)
    choices = wanted if isinstance(wanted, list) else [wanted]
    found = any(_same_kind(actual, choice) and actual == choice for choice in choices)
    return found if comparison in {"eq", "in"} else not found


def _ordered(compare: Callable[[float | str, float | str], bool], actual: Json, wanted: Json) -> bool:
    if isinstance(actual, bool) or not isinstance(actual, int | float | str):
        return False
    return isinstance(wanted, int | float | str) and compare(actual, wanted)


def _same_kind(first: Json, other: Json) -> bool:
    return _kind(first) == _kind(other)


def _kind(value: Json) -> type:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float
    return type(value)
