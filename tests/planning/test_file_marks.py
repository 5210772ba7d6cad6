"""How uploads are recognised again: what is written beside them fits, and reads back the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.json_value import Json
from assistctl.model.knowledge import DesiredStore, StoreFile
from assistctl.model.source_file import Identity
from assistctl.ownership.file_marks import (
    FILES,
    PATHS,
    HeldFile,
    file_token,
    files_pairs,
    held_in_store,
    interpreter_files,
    is_settled,
    same_chunking,
    was_filled_with,
)
from support.knowledge import desired_store, observed_store, source, store_file

NAMES = st.text(
    st.characters(exclude_characters="/\n\x00", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80
)
PATHNAMES = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(st.lists(PATHNAMES, max_size=20, unique=True))
def test_the_interpreters_files_read_back_whatever_the_order(paths: list[str]) -> None:
    files = [(f"file-{n}", file_token(source(path).identity), path) for n, path in enumerate(paths)]
    pairs = files_pairs(files)
    assert all(len(value) <= 512 for value in pairs.values())
    held = interpreter_files(pairs, [file_id for file_id, _, _ in reversed(files)])
    assert [(file.file_id, file.token) for file in held] == [
        (file_id, token) for file_id, token, _ in reversed(files)
    ]
    assert all(file.path in {"", path} for file, (_, _, path) in zip(held, reversed(files), strict=True))


def test_twenty_files_with_long_names_fit() -> None:
    files = [(f"file-{n:024}", file_token(source(f"{'x' * 100}{n}").identity), "x" * 100) for n in range(20)]
    pairs = files_pairs(files)
    assert len(pairs[FILES]) == 2 + 20 * 17
    assert len(pairs[PATHS]) <= 512
    paths = [
        interpreter_file.path
        for interpreter_file in interpreter_files(pairs, [file_id for file_id, _, _ in files])
    ]
    assert paths == ["x" * 100] * 5 + [""] * 15


@pytest.mark.parametrize("text", ["", "1:", "1:abc", "2:" + "a" * 17, "nonsense", "1:" + "a" * 16])
def test_what_somebody_edited_stands_for_nothing(text: str) -> None:
    assert interpreter_files({FILES: text}, ["file-1"]) == []


def test_an_id_that_is_not_ours_stands_for_itself() -> None:
    pairs = files_pairs([("file-1", file_token(source("a.csv").identity), "a.csv")])
    assert [
        interpreter_file.file_id for interpreter_file in interpreter_files(pairs, ["file-2", "file-1", None])
    ] == ["file-1"]


def test_the_name_belongs_to_the_identity() -> None:
    assert file_token(Identity("0" * 64, "a")) != file_token(Identity("0" * 64, "b"))


def test_a_stores_file_says_what_it_is() -> None:
    there = store_file("docs/a.md=hello", "file-1")
    assert held_in_store(there) == HeldFile("file-1", file_token(source("docs/a.md=hello").identity), "docs/a.md")


@pytest.mark.parametrize(
    "attributes", [{}, {"assistctl_sha256": "x"}, {"assistctl_sha256": 1, "assistctl_path": "a"}]
)
def test_a_file_without_our_attributes_is_somebodys(attributes: dict[str, Json]) -> None:
    assert held_in_store(StoreFile("file-1", "completed", attributes)) is None


@pytest.mark.parametrize(
    ("there", "wanted", "same"),
    [
        (None, {"type": "auto"}, True),
        ({"type": "other"}, None, True),
        ({"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}, None, True),
        (
            {"type": "static", "static": {"max_chunk_size_tokens": 800.0, "chunk_overlap_tokens": 400}},
            {"type": "auto"},
            True,
        ),
        ({"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 100}}, None, False),
    ],
)
def test_auto_chunking_is_what_it_resolves_to(
    there: dict[str, Json] | None, wanted: dict[str, Json] | None, same: bool
) -> None:
    assert same_chunking(there, wanted) is same


STORE = desired_store("docs/a.md", "docs/b.md")


@pytest.mark.parametrize(
    ("changed", "sync_marker", "was"),
    [
        (STORE, True, True),
        (desired_store("docs/b.md", "docs/a.md"), True, True),
        (desired_store("docs/a.md=other", "docs/b.md"), False, False),
        (desired_store("moved/a.md=docs/a.md", "docs/b.md"), False, False),
        (desired_store("docs/a.md"), False, False),
        (desired_store("docs/a.md", "docs/b.md", attributes={"lang": "en"}), False, False),
        (desired_store("docs/a.md", "docs/b.md", chunking={"type": "auto"}), True, True),
    ],
)
def test_a_store_that_says_what_is_declared_need_not_be_looked_into(
    changed: DesiredStore, sync_marker: bool, was: bool
) -> None:
    there = observed_store(STORE)
    assert is_settled(changed, there) is sync_marker
    assert was_filled_with(changed, there.metadata) is was


@pytest.mark.parametrize("counts", [{"completed": 1}, {"completed": 3}, {"in_progress": 1}, {"failed": 1}])
def test_a_store_whose_files_were_touched_is_looked_into(counts: dict[str, int]) -> None:
    there = replace(observed_store(STORE), **counts)  # type: ignore[arg-type]  # the counts are what it has
    assert not is_settled(STORE, there)
    assert was_filled_with(STORE, there.metadata)
