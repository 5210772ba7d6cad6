"""An id stays one step of the path, whatever is in it; what could not is refused."""

from __future__ import annotations

from urllib.parse import unquote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.errors import PlatformError
from assistctl.platforms.http.url_path import path_of

_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda part: part not in {".", ".."})


@given(st.lists(_texts, min_size=1, max_size=3))
def test_each_part_is_one_step_of_the_address(parts: list[str]) -> None:
    sent = httpx2.URL(f"https://a.example/v1{path_of('/things', *parts)}")
    assert sent.host == "a.example"
    assert [unquote(one) for one in sent.raw_path.decode().split("/")] == ["", "v1", "things", *parts]


@pytest.mark.parametrize("part", ["", ".", "..", "\ud800", "asst_\udfff"])
def test_what_has_no_place_in_an_address_is_refused_by_name(part: str) -> None:
    with pytest.raises(PlatformError) as caught:
        path_of("/things", part)
    assert repr(part) in caught.value.summary
