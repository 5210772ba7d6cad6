"""What of a text with secrets may be shown, and of another beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.secrets.template import Named, Piece, Template

A, B = Named("A", "aaa"), Named("B", "bbb")


@pytest.mark.parametrize(
    ("pieces", "text", "shown"),
    [
        (("use ", A), "use aaa", "use (secret A)"),
        (("use ", A), "use other", "use (secret)"),
        (("use ", A), "take aaa", None),
        (("use ", A, " now"), "use  now", "use (secret) now"),
        (("use ", A, " now"), "use now", None),
        ((A,), "anything\nat all", "(secret)"),
        ((A, " and ", B), "aaa and x", "(secret A) and (secret)"),
        ((A, " and ", B), "x and y and z", "(secret) and (secret)"),
        ((A, B), "aaabbb", "(secret A)(secret B)"),
        ((A, B), "aaaxbbb", "(secret)"),
        (("a", A, "b", B, "c"), "a1b2c", "a(secret)b(secret)c"),
        (("a", A, "b", B, "c"), "acb2c", "a(secret)b(secret)c"),
        (("a", A, "b", B, "c"), "ab", None),
        (("aa", A, "aa"), "aaa", None),
    ],
)
def test_beside(pieces: tuple[Piece, ...], text: str, shown: str | None) -> None:
    assert Template(pieces).shown_beside(text) == shown


def test_its_own_text() -> None:
    template = Template(("use ", A, ".", B))
    assert template.filled == "use aaa.bbb"
    assert template.shown == template.shown_beside(template.filled) == "use (secret A).(secret B)"
    assert "aaa" not in repr(template)


_TEXT = st.text("ab-", max_size=6)


@given(pieces=st.lists(st.one_of(_TEXT, st.builds(Named, st.just("N"), _TEXT)), max_size=7), text=_TEXT)
def test_nothing_but_the_fixed_text_is_shown(pieces: list[Piece], text: str) -> None:
    template = Template(tuple(pieces))
    fixed = "".join(piece for piece in pieces if isinstance(piece, str))
    shown = template.shown_beside(text)
    if shown is not None:
        assert shown.replace("(secret N)", "").replace("(secret)", "") == fixed
    filled = template.shown_beside(template.filled)
    assert filled is not None
