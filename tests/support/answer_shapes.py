"""Answers as the types of an SDK allow them, and as a later version of the API may give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from support.sdk_fields import Variant, fields_taken, sample_of, text_of
from support.sdk_types import fields_of, required_in

NEW_WORD = "brand_new_20310101"
"""A word that no enumeration has, and the type of a tool that nobody knows."""


def least_answer(kind: Any, **chosen: Any) -> dict[str, Any]:
    """An answer of that type with every optional part missing; ``chosen`` are values not left to chance."""
    fields = fields_of(kind)
    return {name: sample_of(fields[name]) for name in required_in(kind)} | chosen


def answers(kind: Any, base: Mapping[str, Any], kinds: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Answers that differ from ``base`` in one part, each with what is special about it.

    ``kinds`` are types of fields that are narrower than those that ``kind`` says.
    """
    yield "nothing but what is required", dict(base)
    for field in fields_taken({**fields_of(kind), **kinds}, base):
        path = text_of(field.path)
        yield f"{path} is there", field.body
        yield f"{path} is missing", field.without
        yield f"{path} is null", field.put(None)
        if isinstance(field.value, str):
            yield f"{path} is a new word", field.put(NEW_WORD)
        if isinstance(field.value, dict):
            yield f"{path} has more in it", field.put({**field.value, NEW_WORD: {"deep": [1]}})
        last = field.path[-1]
        if isinstance(last, Variant):
            yield f"{path} is of a new type", field.put({**field.value, last.by: NEW_WORD})
