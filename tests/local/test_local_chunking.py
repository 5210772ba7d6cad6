"""Chunks: never too large, overlapping as asked, and together the text again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.local.vector_stores.chunking import chunks, estimated_tokens

texts = st.text(st.sampled_from("ab1 \n.,\u00e9\u5831\U0001f600\t_-\u00a0"), max_size=600) | st.text(max_size=200)


@given(text=texts, size=st.integers(10, 40), overlap=st.integers(0, 5))
def test_chunks_are_the_text(text: str, size: int, overlap: int) -> None:
    pieces = list(chunks(text, size, overlap))
    assert "".join(piece.text[piece.overlap :] for piece in pieces) == text
    for piece in pieces:
        assert estimated_tokens(piece.text) <= size
        assert estimated_tokens(piece.text[: piece.overlap]) <= overlap
        assert len(piece.text) > piece.overlap
    for before, after in pairwise(pieces):
        assert before.text.endswith(after.text[: after.overlap])


def test_overlaps_are_as_large_as_they_may_be() -> None:
    pieces = list(chunks("word " * 1000, 100, 50))
    assert len(pieces) == 19
    assert {estimated_tokens(piece.text[: piece.overlap]) for piece in pieces[1:]} == {50}
    assert len(list(chunks("word " * 1000, 100, 0))) == 10


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \n", 0),
        ("hello", 1),
        ("Hello, world!", 4),
        ("internationalisation", 4),
        ("\u5831\u544a\u66f8", 3),
        ("a_b", 1),
        ("x" * 6000, 1000),
    ],
)
def test_estimates(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens
