from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.rendering.diff.word_diff import Side, compare
from support.growth import TENFOLD, growth

WORDY = st.lists(
    st.sampled_from(["the ", "order ", "desk", "\n", "  ", "\t", "é", "订", "👩‍💻", ",", "x1 ", "\r\n", "the"]),
    max_size=60,
).map("".join)


def parts(old: str, new: str) -> list[tuple[str, str]]:
    return [(str(segment.side), segment.text) for segment in compare(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("same", "same", [("same", "same")]),
        ("", "a", [("new", "a")]),
        ("a", "", [("old", "a")]),
        (
            "You answer in English unless asked.",
            "You answer in French unless asked.",
            [("same", "You answer in "), ("old", "English"), ("new", "French"), ("same", " unless asked.")],
        ),
        ("the old cat sat", "a new dog sat", [("old", "the old cat"), ("new", "a new dog"), ("same", " sat")]),
        ("x English y", "x French y", [("same", "x "), ("old", "English"), ("new", "French"), ("same", " y")]),
        ("a\n", "a", [("same", "a"), ("old", "\n")]),
        ("a  b", "a b", [("same", "a"), ("old", "  "), ("new", " "), ("same", "b")]),
        ("客户服务助手", "客户支持助手", [("same", "客户"), ("old", "服务"), ("new", "支持"), ("same", "助手")]),
        ("👨‍👩‍👧 hi", "👨‍👩‍👦 hi", [("old", "👨‍👩‍👧"), ("new", "👨‍👩‍👦"), ("same", " hi")]),
    ],
)
def test_differences_are_cut_at_words(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert parts(old, new) == expected


@given(WORDY, WORDY)
@settings(max_examples=75)
def test_segments_hold_both_texts(old: str, new: str) -> None:
    assert_holds_both(old, new)


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_segments_hold_both_texts_of_any_characters(old: str, new: str) -> None:
    assert_holds_both(old, new)


def assert_holds_both(old: str, new: str) -> None:
    segments = compare(old, new)
    assert "".join(segment.text for segment in segments if segment.side is not Side.NEW) == old
    assert "".join(segment.text for segment in segments if segment.side is not Side.OLD) == new
    assert all(segment.text for segment in segments)
    assert all(before.side is not after.side for before, after in pairwise(segments))


def test_one_changed_word_in_a_long_line_is_found_alone() -> None:
    around = "You are the order desk, and you check every order first. " * 700
    assert [s.text for s in compare(f"{around}English {around}", f"{around}French {around}")][1:3] == [
        "English",
        "French",
    ]


def test_few_changes_are_found_alone_in_a_long_line_that_repeats_itself() -> None:
    around = "You are the order desk. " * 1_500
    found = parts(f"one {around}two {around}three", f"1 {around}2 {around}3")
    changed = [text for side, text in found if side != "same"]
    assert changed == ["one", "1", "two", "2", "three", "3"]


def unrelated(generator: random.Random, separators: str) -> str:
    words = (
        f"w{min(int(generator.paretovariate(0.7)), 3000)}{generator.choice(separators)}" for _ in range(11_000)
    )
    return "".join(words)[:30_000]


LARGE: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "unrelated-lines": lambda g: (unrelated(g, "      \n"), unrelated(g, "      \n")),
    "unrelated-one-line": lambda g: (unrelated(g, " "), unrelated(g, " ")),
    "only-newlines": lambda _: ("\n" * 30_000, "a\n" * 15_000),
    "one-word-over-and-over": lambda _: ("a " * 15_000, "b a " * 7_500),
    "no-spaces": lambda g: ("".join(g.choices("{}[]", k=30_000)), "".join(g.choices("{}[]", k=30_000))),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_the_work_grows_no_faster_than_large_texts(make: Callable[[random.Random], tuple[str, str]]) -> None:
    old, new = make(random.Random(7))  # noqa: S311 - test data
    assert growth(lambda size: (old[:size], new[:size]), lambda texts: compare(*texts), 3_000) < TENFOLD
    segments = compare(old, new)
    assert "".join(segment.text for segment in segments if segment.side is not Side.OLD) == new
