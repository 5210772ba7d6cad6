"""Shapes of JSON values, and the service's words for a value that does not fit.

A shape is data: ``Record({"name": Nullable(Text(max_length=256))})``. ``check`` raises ``ApiError`` 400 for the
first thing wrong, with ``param`` set to where it is (``tools[0].function.name``). Messages and codes follow
answers of api.openai.com quoted in public issues, for instance BerriAI/litellm 4257 (too many metadata pairs)
and spiceai/docs 928 (string too long).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError


class Shape(Protocol):
    """The shape that a value must have."""

    def check(self, value: Json, path: str) -> None:
        """Raise ``ApiError`` when ``value``, found at ``path``, does not fit."""


@dataclass(frozen=True, slots=True)
class Nullable:
    """Null, or the shape inside."""

    shape: Shape

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if value is not None:
            self.shape.check(value, path)


@dataclass(frozen=True, slots=True)
class Text:
    """A string; lengths in characters (code points). ``pattern`` must match the whole string."""

    max_length: int | None = None
    required: bool = False
    pattern: re.Pattern[str] | None = None

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if not isinstance(value, str):
            raise wrong_type(value, path, "a string")
        if self.required and not value:
            message = f"Invalid '{path}': empty string. Expected a string with minimum length 1."
            raise ApiError(message, param=path, code="empty_string")
        if self.max_length is not None and len(value) > self.max_length:
            raise _too_long("string", path, self.max_length, len(value))
        if self.pattern is not None and not self.pattern.fullmatch(value):
            message = (
                f"Invalid '{path}': string does not match pattern."
                f" Expected a string that matches the pattern '^{self.pattern.pattern}$'."
            )
            raise ApiError(message, param=path, code="invalid_value")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few strings."""

    values: tuple[str, ...]

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if not isinstance(value, str):
            raise wrong_type(value, path, f"one of {_listed(self.values, 'or')}")
        if value not in self.values:
            message = f"Invalid value: '{shortened(value)}'. Supported values are: {_listed(self.values)}."
            raise ApiError(message, param=path, code="invalid_value")


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if not isinstance(value, bool):
            raise wrong_type(value, path, "a boolean")


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number written as one: the service takes ``1.0`` for a decimal."""

    minimum: int
    maximum: int

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(value, path, "an integer")
        _check_range("integer", value, path, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class Decimal:
    """A number, whole or not."""

    minimum: float
    maximum: float

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(value, path, "a decimal")
        _check_range("decimal", value, path, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class Items:
    """An array of at most ``max_items`` values of one shape, and of at least one if it is ``required``."""

    shape: Shape
    max_items: int
    noun: str = "an array of objects"
    required: bool = False

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if not isinstance(value, list):
            raise wrong_type(value, path, self.noun)
        if self.required and not value:
            message = f"Invalid '{path}': empty array. Expected an array with minimum length 1."
            raise ApiError(message, param=path, code="empty_array")
        if len(value) > self.max_items:
            raise _too_long("array", path, self.max_items, len(value))
        for index, item in enumerate(value):
            self.shape.check(item, f"{path}[{index}]")


@dataclass(frozen=True, slots=True)
class AnyObject:
    """An object with anything in it, such as a JSON Schema."""

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        require_object(value, path)


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known keys, and no others; those in ``required`` must be there."""

    fields: Mapping[str, Shape] = field(default_factory=dict)
    required: Sequence[str] = ()

    def check(self, value: Json, path: str = "") -> None:
        """See ``Shape``. The path of a request's body itself is empty."""
        record = require_object(value, path)
        for key in record:
            if key not in self.fields:
                where = key_path(path, key)
                raise ApiError(f"Unknown parameter: '{where}'.", param=where, code="unknown_parameter")
        for key in self.required:
            if key not in record:
                raise _missing(key_path(path, key))
        for key, item in record.items():
            self.fields[key].check(item, key_path(path, key))


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object whose ``type`` says which of several records it is."""

    records: Mapping[str, Record]

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        tagged = require_object(value, path)
        where = key_path(path, "type")
        if "type" not in tagged:
            raise _missing(where)
        tag = tagged["type"]
        Choice(tuple(self.records)).check(tag, where)
        self.records[str(tag)].check(value, path)


def require_object(value: Json, path: str) -> dict[str, Json]:
    """``value`` as the object it must be."""
    if not isinstance(value, dict):
        raise wrong_type(value, path, "an object")
    return value


def wrong_type(value: Json, path: str, expected: str) -> ApiError:
    """The error for a value of the wrong kind; ``expected`` has its article."""
    message = f"Invalid type for '{path}': expected {expected}, but got {_kind(value)} instead."
    return ApiError(message, param=path, code="invalid_type")


def key_path(path: str, key: str) -> str:
    """The path of ``key`` inside the object at ``path``."""
    return f"{path}.{shortened(key)}" if path else shortened(key)


def shortened(text: str, limit: int = 80) -> str:
    """``text`` as it may stand in a message, whatever its length."""
    return text if len(text) <= limit else f"{text[: limit // 2]}...{text[-10:]}"


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "a string" if value else "an empty string"
    kinds = {bool: "a boolean", int: "an integer", float: "a decimal number", list: "an array"}
    return kinds.get(type(value), "an object")


def _missing(path: str) -> ApiError:
    message = f"Missing required parameter: '{path}'."
    return ApiError(message, param=path, code="missing_required_parameter")


def _too_long(noun: str, path: str, maximum: int, length: int) -> ApiError:
    article = "an" if noun == "array" else "a"
    message = (
        f"Invalid '{path}': {noun} too long. Expected {article} {noun} with maximum length {maximum},"
        f" but got {article} {noun} with length {length} instead."
    )
    return ApiError(message, param=path, code=f"{noun}_above_max_length")


def _check_range(noun: str, value: float, path: str, minimum: float, maximum: float) -> None:
    if minimum <= value <= maximum:
        return
    below = value < minimum
    side, sign, bound = ("below minimum", ">=", minimum) if below else ("above maximum", "<=", maximum)
    message = (
        f"Invalid '{path}': {noun} {side} value."
        f" Expected a value {sign} {bound:g}, but got {shortened(str(value))} instead."
    )
    raise ApiError(message, param=path, code=f"{noun}_{'below_min' if below else 'above_max'}_value")


def _listed(values: Sequence[str], conjunction: str = "and") -> str:
    *head, last = (f"'{value}'" for value in values)
    if not head:
        return last
    comma = "," if head[1:] else ""
    return f"{', '.join(head)}{comma} {conjunction} {last}"
