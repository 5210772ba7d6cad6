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
    for one in fields_taken({**fields_of(kind), **kinds}, base):
        path = text_of(one.path)
        yield f"{path} is there", one.body
        yield f"{path} is missing", one.without
        yield f"{path} is null", one.put(None)
        if isinstance(one.value, str):
            yield f"{path} is a new word", one.put(NEW_WORD)
        if isinstance(one.value, dict):
            yield f"{path} has more in it", one.put({**one.value, NEW_WORD: {"deep": [1]}})
        last = one.path[-1]
        if isinstance(last, Variant):
            yield f"{path} is of a new type", one.put({**one.value, last.by: NEW_WORD})
