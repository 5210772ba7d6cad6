"""The lines of a difference are the lines of the two texts, in every format that has lines."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.rendering.diff.line_pairs import pair_lines
from support.shown_diffs import ShownLine, falsehoods, in_drift_markdown, in_html, in_markdown, in_text
from support.text_pairs import text_pair

WHOLE = (in_text, in_markdown, in_drift_markdown)
FORMATS = (*WHOLE, in_html)
LINE = st.text(st.sampled_from("ab .-+~[]{}\\│#`\t\u0433é订"), max_size=12)
TEXT = st.lists(LINE, max_size=8).map(lambda lines: "\n".join([*lines, ""]))

Shown = Callable[[str, str], list[ShownLine]]


@given(old=TEXT, new=TEXT)
@settings(max_examples=75)
def test_the_lines_of_any_two_texts_are_theirs(old: str, new: str) -> None:
    for shown in FORMATS:
        assert falsehoods(old, new, shown(old, new)) == [], shown


@given(seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_the_lines_of_an_edited_prompt_are_its_own(seed: int) -> None:
    old, new = text_pair(random.Random(seed))  # noqa: S311 - test data
    for shown in WHOLE:
        assert falsehoods(old, new, shown(old, new)) == [], shown
    # A page has the first lines of a long difference alone.
    found = falsehoods(old, new, in_html(old, new))
    assert [falsehood for falsehood in found if not falsehood.startswith("not shown")] == []


@pytest.mark.parametrize("shown", FORMATS)
def test_a_negation_is_in_the_line_that_has_it(shown: Shown) -> None:
    old = "You translate.\nDo not explain anything to them.\nBe brief.\n"
    lines = [line.text for line in shown(old, old.replace("explain", "translate")) if line.sign == "+"]
    assert lines == ["Do not translate anything to them."]


@given(st.integers(0, 2**32))
def test_the_steps_hold_both_texts(seed: int) -> None:
    old, new = text_pair(random.Random(seed))  # noqa: S311 - test data
    steps = list(pair_lines(old, new))
    assert ("".join(step.old for step in steps), "".join(step.new for step in steps)) == (old, new)


def test_what_reads_the_lines_back_finds_a_lie() -> None:
    assert falsehoods("a\n", "b\n", [ShownLine("-", 1, "a"), ShownLine("+", 1, "c")])
    assert falsehoods("a\n", "b\n", [ShownLine("-", 1, "a")])
