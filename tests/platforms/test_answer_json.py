"""What counts as JSON in an answer."""

from __future__ import annotations

import pytest

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.http.wire import MAX_DEPTH, parsed
from assistctl.platforms.openai.knowledge_answers import indexing, uploaded_file


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"<html>", b"NaN", b'{"a": Infinity}', b"-Infinity", b"1e999", b"[-1e999]", b"\xff\xfe"),
        *(b"9" * 5_000, b"[" * 100_000, b"[" * 600 + b"]" * 600),
    ],
    ids=lambda content: content[:12],
)
def test_what_is_none(content: bytes) -> None:
    with pytest.raises(PlatformError):
        parsed(content, 200)


def test_how_deep_it_may_be() -> None:
    for levels, is_taken in ((MAX_DEPTH, True), (MAX_DEPTH + 1, False)):
        content = b"[" * levels + b"1" + b"]" * levels
        if is_taken:
            assert parsed(content, 200)
        else:
            with pytest.raises(PlatformError, match="nested more than"):
                parsed(content, 200)


@pytest.mark.parametrize("moment", [10**400, -(10**400), 1.5e300, True, "9999-12-31T23:59:59+14:00", [], {}])
def test_any_moment_is_read(moment: Json) -> None:
    assert isinstance(uploaded_file({"id": "file-1", "created_at": moment}).created_at, int)


@pytest.mark.parametrize("asked", ["9" * 5_000, "9" * 400, "1e9", "-1", "٣"])
def test_nobody_polls_after_that(asked: str) -> None:
    assert indexing({"id": "b"}, {"openai-poll-after-ms": asked}).poll_after is None


@pytest.mark.parametrize("status", [[], {}, ["failed"], 1, None, True])
def test_a_status_that_is_no_text(status: Json) -> None:
    assert indexing({"id": "b", "status": status, "file_counts": {"completed": 1}}, {}).completed == 1
