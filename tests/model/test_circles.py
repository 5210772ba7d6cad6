"""Which things name each other, directly or by way of others."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assistctl.model.circles import circles_in


@pytest.mark.parametrize(
    ("named", "circles"),
    [
        ({}, {}),
        ({"a": "b", "b": "c", "c": ""}, {}),
        ({"a": "x"}, {}),
        ({"a": "a"}, {"a": "a"}),
        ({"a": "b", "b": "a", "front": "a", "b2": "b"}, {"a": "ab", "b": "ab"}),
        # What is between two circles is in neither.
        (
            {"a": "b", "b": "am", "m": "c", "c": "d", "d": "ce", "e": ""},
            {"a": "ab", "b": "ab", "c": "cd", "d": "cd"},
        ),
        # Two circles that share a thing are one.
        ({"a": "b", "b": "ac", "c": "b"}, {"a": "abc", "b": "abc", "c": "abc"}),
    ],
)
def test_circles(named: Mapping[str, str], circles: Mapping[str, str]) -> None:
    assert circles_in(named) == {key: frozenset(others) for key, others in circles.items()}
