"""The one form of a JSON Schema allows what the schema allows, whatever the schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from assistctl.json_value import Json
from assistctl.ownership.mark import before_it_was_kept, differs_in_form_alone
from assistctl.ownership.schema_form import schema_form

NAMES = st.sampled_from(["a", "required", "type", "properties"])
TYPES = st.sampled_from(["object", "array", "string", "number", "boolean", "null"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", "xyz"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "additionalProperties": st.booleans() | inner,
            "items": st.booleans() | inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "minLength": st.integers(0, 2),
            "minItems": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "const": VALUES,
            "enum": st.lists(VALUES, max_size=2),
            "description": st.sampled_from(["", "x"]),
        },
    )


SCHEMAS: st.SearchStrategy[Any] = st.recursive(st.just({}), keywords, max_leaves=4)


@given(SCHEMAS, VALUES)
def test_it_allows_the_same(schema: Any, value: Any) -> None:
    formed = schema_form(schema)
    assert schema_form(formed) == formed
    assert isinstance(formed, dict)
    assert Draft202012Validator(formed).is_valid(value) == Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "formed"),
    [
        ({"required": [], "type": ["object"]}, {"type": "object"}),
        ({"properties": {"required": {"type": "array"}}}, {"properties": {"required": {"type": "array"}}}),
        ({"properties": {"x": {"required": [], "enum": []}}}, {"properties": {"x": {"enum": []}}}),
        ({"default": None, "const": None, "title": None}, {"default": None, "const": None}),
        ({"uniqueItems": 0, "minLength": False}, {"uniqueItems": 0, "minLength": False}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        (True, True),
        ("no schema", "no schema"),
    ],
)
def test_what_is_left_out(schema: Json, formed: Json) -> None:
    assert schema_form(schema) == formed


@pytest.mark.parametrize(
    ("sent", "kept", "alike"),
    [
        ("a\n", "a", True),
        (" a", "a", True),
        ("a\r\nb", "a\nb", True),
        ("e\u0301", "\u00e9", True),
        ("a  \nb", "a\nb", False),
        ("a", "A", False),
        ("a", None, False),
        (None, "", False),
        (0.2, 0.20000000298023224, True),
        (0.2, 0.3, False),
        (1, True, False),
        ([{"x": "a\n"}], [{"x": "a"}], True),
        ([{"x": "a\n"}], [{"x": "a", "y": 1}], False),
    ],
)
def test_what_is_another_form(sent: Json, kept: Json, alike: bool) -> None:
    assert differs_in_form_alone(sent, kept) is alike


@pytest.mark.parametrize("sent", ["a\n", "a\r\nb\r\n", "a\nb", "e\u0301\n", "a"])
def test_what_may_have_been_sent(sent: str) -> None:
    for kept in (sent, sent.strip(), sent.strip().replace("\r\n", "\n")):
        assert sent in list(before_it_was_kept(kept))


@pytest.mark.parametrize("now", ["a\n", "b\n"])
def test_what_may_have_been_sent_inside(now: str) -> None:
    sent: Json = {"type": "x", "texts": ["a\n", {"y": " z"}], "n": 1}
    kept: Json = {"type": "x", "texts": ["a", {"y": "z"}], "n": 1}
    want: Json = {"type": "x", "texts": [now, {"y": " z"}], "n": 1}
    assert sent in list(before_it_was_kept(kept, want))
    changed: Json = {"type": "x", "texts": ["c", {"y": "z"}], "n": 1}
    assert sent not in list(before_it_was_kept(changed, want))
