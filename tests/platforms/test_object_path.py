"""An id stays one step of the path, whatever is in it; what could not is refused."""

from __future__ import annotations

from urllib.parse import unquote

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistctl.errors import PlatformError
from assistctl.platforms.http.url_path import path_of

# Among all characters, those that an address has a meaning for would hardly be met.
_meaning, _any = st.sampled_from("/?#%."), st.characters(exclude_categories=["Cs"])
_texts = st.text(_meaning, min_size=1) | st.text(_any, min_size=1)
_parts = _texts.filter(lambda part: part not in {".", ".."})


@example(["%41"])
@settings(max_examples=40)
@given(st.lists(_parts, min_size=1, max_size=3))
def test_each_part_is_one_step_of_the_address(parts: list[str]) -> None:
    sent = httpx2.URL(f"https://a.example/v1{path_of('/things', *parts)}")
    assert (sent.host, sent.query) == ("a.example", b"")
    assert [unquote(step) for step in sent.raw_path.decode().split("/")] == ["", "v1", "things", *parts]


@pytest.mark.parametrize("part", ["", ".", "..", "\ud800", "asst_\udfff"])
def test_what_has_no_place_in_an_address_is_refused_by_name(part: str) -> None:
    with pytest.raises(PlatformError) as caught:
        path_of("/things", part)
    assert repr(part) in caught.value.summary
