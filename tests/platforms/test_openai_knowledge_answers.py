"""What servers of all kinds answer about files and vector stores."""

from __future__ import annotations

import pytest

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.knowledge import Indexing, ObservedStore, StoreFile, UploadedFile
from assistctl.platforms.openai.knowledge_answers import (
    batch_id,
    indexing,
    observed_store,
    store_file,
    uploaded_file,
)


@pytest.mark.parametrize(
    ("created_at", "seconds"),
    [
        (1_700_000_000, 1_700_000_000),
        (1_700_000_000_123, 1_700_000_000),
        (1_700_000_000.9, 1_700_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000),
        ("soon", 0),
        (None, 0),
    ],
)
def test_when_a_file_was_made(created_at: Json, seconds: int) -> None:
    answer: Json = {"id": "file-1", "filename": "a.md", "bytes": 7, "created_at": created_at}
    assert uploaded_file(answer) == UploadedFile("file-1", "a.md", 7, seconds)


def test_a_file_that_says_little() -> None:
    assert uploaded_file({"id": "file-1", "bytes": None}) == UploadedFile("file-1", "", 0, 0)


@pytest.mark.parametrize(
    ("answer", "store"),
    [
        ({}, ObservedStore("vs_1", {}, {})),
        ({"metadata": None, "file_counts": None}, ObservedStore("vs_1", {}, {})),
        ({"name": None, "expires_after": None}, ObservedStore("vs_1", {"name": None, "expires_after": None}, {})),
        ({"status": "expired"}, ObservedStore("vs_1", {}, {}, expired=True)),
        ({"metadata": {"a": "b", "n": 1}}, ObservedStore("vs_1", {}, {"a": "b", "n": "1"})),
        (
            {"status": "completed", "file_counts": {"completed": 4, "failed": 2, "cancelled": 1, "total": 7}},
            ObservedStore("vs_1", {}, {}, completed=4, failed=3),
        ),
        ({"file_counts": {"in_progress": 4}}, ObservedStore("vs_1", {}, {}, in_progress=4)),
    ],
)
def test_stores(answer: dict[str, Json], store: ObservedStore) -> None:
    assert observed_store({"id": "vs_1", **answer}) == store


CHUNKING: dict[str, Json] = {"type": "other"}


@pytest.mark.parametrize(
    ("answer", "file"),
    [
        ({"status": "completed", "attributes": None}, StoreFile("f", "completed", {})),
        ({"status": "completed", "attributes": {"a": 1.5}}, StoreFile("f", "completed", {"a": 1.5})),
        ({"status": "completed", "chunking_strategy": CHUNKING}, StoreFile("f", "completed", {}, CHUNKING)),
        (
            {"status": "failed", "last_error": {"code": "unsupported_file", "message": "No text."}},
            StoreFile("f", "failed", {}, error="No text. (unsupported_file)"),
        ),
        (
            {"status": "failed", "last_error": {"code": "server_error"}},
            StoreFile("f", "failed", {}, error="server_error"),
        ),
        ({"status": "failed", "last_error": "broken"}, StoreFile("f", "failed", {}, error="broken")),
        ({"status": "failed", "last_error": {}}, StoreFile("f", "failed", {})),
    ],
)
def test_store_files(answer: dict[str, Json], file: StoreFile) -> None:
    assert store_file({"id": "f", **answer}) == file


@pytest.mark.parametrize(
    ("status", "counts", "found"),
    [
        ("in_progress", {"in_progress": 2, "completed": 1, "failed": 0, "cancelled": 0}, (2, 1, 0)),
        ("in_progress", {}, (1, 0, 0)),
        ("in_progress", {"completed": 5, "total": 5}, (1, 5, 0)),
        ("completed", {"completed": 3, "failed": 2}, (0, 3, 2)),
        ("cancelled", {"in_progress": 2, "completed": 1, "cancelled": 3}, (0, 1, 5)),
        ("failed", {}, (0, 0, 1)),
        (None, {"in_progress": 2}, (2, 0, 0)),
    ],
)
def test_batches(status: Json, counts: dict[str, Json], found: tuple[int, int, int]) -> None:
    answer: Json = {"id": "vsfb_1", "status": status, "file_counts": counts}
    assert indexing(answer, {}) == Indexing(*found)


@pytest.mark.parametrize(
    ("header", "seconds"), [("250", 0.25), ("0", 0.0), ("", None), ("soon", None), ("-1", None), ("1e3", None)]
)
def test_when_to_ask_again(header: str, seconds: float | None) -> None:
    assert indexing({"id": "vsfb_1"}, {"openai-poll-after-ms": header}).poll_after == seconds


@pytest.mark.parametrize("answer", [None, [], "x", {}, {"id": None}, {"id": ""}, {"id": 7}])
def test_what_is_none(answer: Json) -> None:
    for parse in (uploaded_file, observed_store, store_file, batch_id):
        with pytest.raises(PlatformError, match=r"the platform's answer is not an? "):
            parse(answer)
    with pytest.raises(PlatformError):
        indexing(answer, {})
