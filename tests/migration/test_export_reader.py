"""Exports in all the forms people have saved them in, and in those that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistctl.errors import ProjectError
from assistctl.migration.export_reader import read_exported
from support.retired import retired_assistants

ALL = retired_assistants()
NAMES = [assistant["name"] for assistant in reversed(ALL)]


def page(items: list[Any], **more: Any) -> dict[str, Any]:
    return {"object": "list", "data": items, "first_id": None, "last_id": None, "has_more": False, **more}


FORMS: dict[str, dict[str, str]] = {
    "a list": {"all.json": json.dumps(ALL)},
    "a page": {"all.json": json.dumps(page(ALL), indent=2)},
    "JSON lines": {"all.jsonl": "".join(f"{json.dumps(assistant)}\n" for assistant in ALL)},
    "JSON lines with blank ones and a byte order mark": {
        "all.ndjson": "\ufeff" + "\r\n\r\n".join(map(json.dumps, ALL))
    },
    "one after the other": {"all.json": "\n".join(json.dumps(assistant, indent=2) for assistant in ALL)},
    "a file for each": {f"{assistant['id']}.json": json.dumps(assistant) for assistant in ALL},
    "pages in folders": {
        "2024/one.json": json.dumps(page(ALL[:20], has_more=True)),
        "2025/two.json": json.dumps(page(ALL[20:])),
    },
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_the_same(tmp_path: Path, form: str) -> None:
    folder = written(tmp_path, FORMS[form])
    places = [folder, *folder.iterdir()] if len(FORMS[form]) == 1 else [folder]
    for place in places:
        exported = read_exported(place, tmp_path)
        assert [assistant.name for assistant in exported.assistants] == NAMES
        assert exported.doubts == ()


def test_what_some_shells_write(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_bytes(json.dumps(ALL, ensure_ascii=False).encode("utf-16"))
    assert [assistant.name for assistant in read_exported(path, tmp_path).assistants] == NAMES


def test_hidden_and_other_files_are_left_alone(tmp_path: Path) -> None:
    files = {"all.json": json.dumps(ALL), ".git/index.json": "no JSON", "notes.txt": "none either"}
    assert len(read_exported(written(tmp_path, files), tmp_path).assistants) == len(ALL)


def test_files_and_vector_stores_lend_their_names(tmp_path: Path) -> None:
    things = [
        {"object": "file", "id": "file-0001", "filename": "prices.csv"},
        {"object": "vector_store", "id": "vs_1", "name": "Handbook"},
        {"object": "vector_store.file", "id": "file-0001", "vector_store_id": "vs_1"},
    ]
    exported = read_exported(
        written(tmp_path, {"all.json": json.dumps(ALL), "files.json": json.dumps(page(things))}), tmp_path
    )
    assert len(exported.assistants) == len(ALL)
    known = {"id": "file-0001", "name": "prices.csv"}
    assert exported.resource_names.store("vs_1") == {"id": "vs_1", "name": "Handbook", "files": [known]}


def test_fields_of_another_version_are_told_of(tmp_path: Path) -> None:
    old = {**ALL[0], "file_ids": ["file-0001"], "extra": None}
    exported = read_exported(written(tmp_path, {"old.json": json.dumps(old)}), tmp_path)
    assert exported.strange == {ALL[0]["id"]: {"file_ids": ["file-0001"]}}


@pytest.mark.parametrize(
    ("value", "doubt"),
    [
        (page(ALL, has_more=True), "all.json:1: a page that says there are more, and no page is the last one"),
        ([*ALL, {**ALL[0], "name": "Another"}], f"{ALL[0]['id']} is there twice and not the same"),
        ([*ALL, {"object": "thread", "id": "thread_1"}], "thread_1 is not an assistant"),
        ([*ALL, "asst_1"], "this is not an assistant"),
        ([*ALL, ALL[0]], None),
    ],
)
def test_what_is_doubtful_is_said(tmp_path: Path, value: Any, doubt: str | None) -> None:
    exported = read_exported(written(tmp_path, {"all.json": json.dumps(value)}), tmp_path)
    assert len(exported.assistants) == len(ALL)
    assert len(exported.doubts) == (doubt is not None)
    assert all(str(doubt) in said for said in exported.doubts)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"id": "asst_1",\n "model": gpt}', "all.json:2:11: this is not valid JSON"),
        (b'{"id": "asst_1", "model": "m"}\n{"id"', "all.json:2:6: this is not valid JSON"),
        (b'{"id": "a", "model": "m", "temperature": NaN}', "NaN is not a JSON number"),
        (b"[" * 200_000, "this is not valid JSON"),
        (b"\xff\xfe\x00\xd8\x00", "is not text"),
        (b'{"id": "\xe9", "model": "m"}', "is not text"),
        (b"", "there are no assistants in"),
        (b"[]", "there are no assistants in"),
        (b'{"object": "list", "data": []}', "there are no assistants in"),
        (b'[{"object": "vector_store", "id": "vs_1"}]', "there are no assistants in"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "all.json"
    path.write_bytes(content)
    with pytest.raises(ProjectError) as caught:
        read_exported(path, tmp_path)
    assert words in caught.value.summary
    assert str(path) in caught.value.summary


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read: No such file"):
        read_exported(tmp_path / "missing.json", tmp_path)
