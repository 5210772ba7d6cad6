from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.rendering.diff.row import Sign, marked
from assistctl.rendering.diff.rows import diff_rows, preview_rows
from assistctl.rendering.diff.word_diff import Segment, Side

TEXT = st.text(st.sampled_from("ab \t\n\r…·\x1b\u202e订é[-]{+}"), max_size=200)
FILLER = "You are the order desk. " * 800


def shown(old: str, new: str) -> list[tuple[int | None, str]]:
    return [(row.number, "".join(map(marked, row.segments))) for row in diff_rows(old, new).rows]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("one\ntwo\nthree", "one\n2\nthree", [(2, "[-two-]{+2+}")]),
        ("one\ntwo\nthree", "one\nthree\nfour", [(None, "[-two-]"), (2, "three{+↵+}"), (3, "{+four+}")]),
        ("x", "x\n", [(1, "x{+↵+}")]),
        ("x \ny", "x\ny", [(1, "x[-·-]")]),
        ("a\n\nb", "a\nb", [(None, "[-↵-]")]),
        ("foo\nbar", "foo bar", [(None, "foo"), (None, "bar"), (1, "foo bar")]),
        ("a\tb", "a  b", [(1, r"a[-\t-]{+··+}b")]),
        ("a b", "a\u00a0b", [(1, r"a[-·-]{+\xa0+}b")]),
        ("a\r\n", "a\n", [(1, r"a[-\r-]")]),
        ("say {+yes+} now", "say {+yes+} then", [(1, r"say {\+yes+\} [-now-]{+then+}")]),
        ("\x1b[2J go", "\x1b[2J on", [(1, r"\x1b[2J [-go-]{+on+}")]),
        ("", "", []),
    ],
)
def test_rows_show_words_lines_and_white_space(old: str, new: str, expected: list[tuple[int | None, str]]) -> None:
    assert shown(old, new) == expected


def test_a_changed_word_in_one_long_line_is_shown_in_its_sentence() -> None:
    old, new = (f"{FILLER}Answer in {language} unless asked. {FILLER}" for language in ("English", "French"))
    ((number, text),) = shown(old, new)
    assert number == 1
    assert "Answer in [-English-]{+French+} unless asked." in text
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert len(text) < 150


def test_changes_far_apart_in_a_line_get_a_row_each() -> None:
    rows = shown(f"one {FILLER} two {FILLER} three", f"1 {FILLER} 2 {FILLER} 3")
    assert ["[-one-]{+1+}" in rows[0][1], "[-two-]{+2+}" in rows[1][1], "[-three-]{+3+}" in rows[2][1]] == [
        True
    ] * 3


def test_the_middle_of_a_long_changed_stretch_is_left_out_unless_asked_for() -> None:
    assert "… 680 more characters …" in shown("x" * 1000, "y")[0][1]
    removed, added = diff_rows("x" * 1000, "y", longest=None).rows
    assert (removed.sign, removed.segments[0].text) == (Sign.REMOVED, "x" * 1000)
    assert (added.sign, added.segments[0].text) == (Sign.ADDED, "y")


def test_lines_with_changes_are_counted() -> None:
    diff = diff_rows("a\nb\nc\n", "a\nB\nc\n")
    assert (diff.changed, diff.total) == (1, 3)


def test_preview_is_the_first_lines() -> None:
    rows = preview_rows("a\nb\tc\n\nd\n", Side.NEW, 3)
    assert [(row.number, row.segments[0].text) for row in rows] == [(1, "a"), (2, r"b\tc"), (3, "")]


def test_marks_in_a_text_cannot_pass_for_ours() -> None:
    assert marked(Segment(Side.SAME, "[-a-]{+b+}")) == r"[\-a-\]{\+b+\}"


@given(TEXT, TEXT)
def test_every_difference_shows_and_nothing_hidden(old: str, new: str) -> None:
    rows = diff_rows(old, new).rows
    assert bool(rows) == (old != new)
    for row in rows:
        changes = any(segment.side is not Side.SAME for segment in row.segments)
        assert changes or row.sign is not Sign.CHANGED
        assert all(segment.text.isprintable() for segment in row.segments)
        assert (row.number is None) is (row.sign is Sign.REMOVED)
        assert (row.old_number is None) is (row.sign is Sign.ADDED)
