from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.rendering.diff.token_matcher import few_edit_matches

LETTERS = st.text("abc", max_size=12)


@given(LETTERS, LETTERS)
def test_the_way_is_valid_and_the_shortest(old: str, new: str) -> None:
    matches = few_edit_matches(old, new, len(old) + len(new))
    assert matches is not None
    at_old = at_new = 0
    for start_old, start_new, length in matches:
        assert start_old >= at_old
        assert start_new >= at_new
        assert old[start_old : start_old + length] == new[start_new : start_new + length] != ""
        at_old, at_new = start_old + length, start_new + length
    assert sum(length for _, _, length in matches) == longest_common(old, new)


@cache
def longest_common(old: str, new: str) -> int:
    if not old or not new:
        return 0
    if old[0] == new[0]:
        return 1 + longest_common(old[1:], new[1:])
    return max(longest_common(old[1:], new), longest_common(old, new[1:]))


@pytest.mark.parametrize(("most", "found"), [(1, False), (2, True)])
def test_it_gives_up_beyond_the_allowed_edits(most: int, found: bool) -> None:
    assert (few_edit_matches("abcd", "abxd", most) is not None) is found
