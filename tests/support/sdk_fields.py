"""Every field that a request of an SDK takes, by its types, each with a body that has it and little else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeAlias, get_args, get_origin

from support.sdk_types import (
    alternatives,
    discriminator_of,
    fields_of,
    is_object,
    own_words,
    required_in,
    variants_of,
    words_in,
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several objects that may stand at a place: that whose field ``by`` is ``word``."""

    by: str
    word: str


Path: TypeAlias = "tuple[str | Variant, ...]"
"""Where a field is; lists are not told from their items, nor mappings from their values."""


Put: TypeAlias = Callable[[Any], Any]
"""A body with that value in a certain place."""


@dataclass(frozen=True, slots=True)
class TakenField:
    """A field that a request takes: ``without`` is a body without it, and ``put`` makes that body with a value."""

    path: Path
    value: Any
    put: Put
    without: Any

    @property
    def body(self) -> Any:
        """The body with the field."""
        return self.put(self.value)


_KEY = "key"
"""The name of the one value in samples of mappings."""

# Samples have none of these if they can help it: what a platform uses anyway need not be kept.
_DEFAULTS = frozenset({"auto", "default", "standard", "medium", "none", "1g", "disabled", "default-2024-11-15"})
_PLAIN: Mapping[Any, Any] = {
    str: "sample",
    bool: True,
    int: 7,
    float: 0.5,
    dt.datetime: "2026-11-26T00:00:00Z",
    bytes: "sample",
}


def fields_taken(kinds: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[TakenField]:
    """The fields of a request with parameters of these ``kinds``; ``base`` is in each body but for the field."""
    for name, kind in kinds.items():
        rest = {key: value for key, value in base.items() if key != name}
        yield from _in(kind, (name,), _within(rest, name), rest)


def text_of(path: Path) -> str:
    """``tools[web_search].location.city``."""
    text = ""
    for step in path:
        text += f"[{step.word}]" if isinstance(step, Variant) else f".{step}" if text else step
    return text


def found_at(value: Any, path: Path) -> list[Any]:
    """All that stands at ``path`` in a body."""
    if isinstance(value, list):
        return [*([] if path else [value]), *(found for item in value for found in found_at(item, path))]
    if not path:
        return [value]
    step, rest = path[0], path[1:]
    if not isinstance(value, dict):
        return []
    if isinstance(step, Variant):
        return found_at(value, rest) if value.get(step.by) == step.word else []
    if step in value:
        return found_at(value[step], rest)
    return found_at(value[_KEY], path) if _KEY in value else []


def sample_of(kind: Any, seen: frozenset[Any] = frozenset()) -> Any:
    """The least that ``kind`` (what a field is annotated with) allows."""
    return _sample([part for part in alternatives(kind) if part is not type(None)], seen)


def _sample(parts: Sequence[Any], seen: frozenset[Any]) -> Any:
    words = [word for part in parts for word in words_in(part)]
    words += [
        member.value for part in parts if isinstance(part, type) and issubclass(part, Enum) for member in part
    ]
    if words:
        return next((word for word in words if word not in _DEFAULTS), words[-1])
    plain = next((_PLAIN[part] for part in parts if part in _PLAIN), None)
    if plain is not None:
        return plain
    part = next((part for part in parts if not is_object(part) or part not in seen), None)
    if part is None or get_origin(part) is Literal:
        return {_KEY: "sample"}
    if is_object(part):
        return _least(variants_of(part)[0], seen)
    if get_origin(part) in (dict, Mapping) or part is dict:
        return {_KEY: sample_of(get_args(part)[1], seen)} if get_args(part) else {_KEY: "sample"}
    return [sample_of(get_args(part)[0], seen)] if len(get_args(part)) == 1 else {_KEY: "sample"}


def _in(kind: Any, path: Path, put: Put, without: Any) -> Iterator[TakenField]:
    """The fields at ``path``, and below it."""
    parts = [part for part in alternatives(kind) if part is not type(None)]
    inner = [part for part in parts if is_object(part) or _items_of(part) is not None]
    if len(inner) < len(parts) or not inner:
        value = _sample([part for part in parts if part not in inner], frozenset())
        yield TakenField(path, value, put, without)
    for part in inner:
        items = _items_of(part)
        if items is None:
            yield from _in_object(part, path, put, without)
        else:
            yield from _in(items[0], path, _wrapping(put, items[1]), without)


def _in_object(kind: Any, path: Path, put: Put, without: Any) -> Iterator[TakenField]:
    for variant in variants_of(kind):
        by, words = discriminator_of(variant), own_words(variant)
        here: Path = (*path, Variant(by, min(words))) if words else path
        least = _least(variant, frozenset())
        if words:
            yield TakenField(here, least, put, without)
        for name, annotated in fields_of(variant).items():
            if name != by:
                rest = {key: value for key, value in least.items() if key != name}
                yield from _in(annotated, (*here, name), _chained(put, rest, name), put(rest))


def _least(kind: Any, seen: frozenset[Any]) -> dict[str, Any]:
    """An object with what it must have."""
    fields, by = fields_of(kind), discriminator_of(kind)
    least = {name: sample_of(fields[name], seen | {kind}) for name in required_in(kind)}
    return {**least, by: min(own_words(kind))} if by else least


def _items_of(kind: Any) -> tuple[Any, bool] | None:
    """What a list or a mapping holds if that has fields, and whether it is a mapping."""
    arguments, origin = get_args(kind), get_origin(kind)
    if origin is Literal or not arguments:
        return None
    is_mapping = origin in (dict, Mapping)
    item = arguments[1] if is_mapping else arguments[0]
    holds_objects = any(is_object(part) or _items_of(part) is not None for part in alternatives(item))
    return (item, is_mapping) if holds_objects else None


def _within(rest: Mapping[str, Any], name: str) -> Put:
    return lambda value: {**rest, name: value}


def _chained(put: Put, rest: Mapping[str, Any], name: str) -> Put:
    return lambda value: put({**rest, name: value})


def _wrapping(put: Put, is_mapping: bool) -> Put:
    return (lambda value: put({_KEY: value})) if is_mapping else (lambda value: put([value]))
