"""What nothing refers to: what is proved to be this project's, what only looks like it, and what is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.knowledge import ObservedEnvironment, ObservedStore, StoreFile, UploadedFile
from assistctl.planning.garbage import Everything, Ours, garbage
from support.knowledge import desired_store, observed_store, store_file

OURS = Ours("acme", "prod", frozenset(), {}, frozenset())
UPLOADS = (UploadedFile("f1", "a.md", 4, 0), UploadedFile("f2", "b.csv", 5, 0))
STORE = observed_store(desired_store("a.md"))
IN_STORE = {"vs_1": (store_file("a.md", "f1"),)}


def assistant(*, stores: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> Observed:
    resources = {
        "file_search": {"vector_store_ids": list(stores)},
        "code_interpreter": {"file_ids": list(files)},
    }
    return Observed("asst_1", {"tool_resources": resources}, {})  # type: ignore[dict-item]  # JSON, more narrowly


def found(there: Everything, ours: Ours = OURS) -> list[tuple[str, bool]]:
    return [(item.id, item.proven) for item in garbage(there, ours)]


def test_a_vector_store_that_is_searched_and_its_files_stay() -> None:
    assert found(Everything([assistant(stores=("vs_1",))], [STORE], IN_STORE, UPLOADS)) == []


def test_a_vector_store_of_ours_that_nothing_searches_goes_with_its_files() -> None:
    assert found(Everything([], [STORE], IN_STORE, UPLOADS)) == [("vs_1", True), ("f1", True)]


@pytest.mark.parametrize(
    "mark", [None, "project=other target=prod key=desk", "project=acme target=staging key=desk"]
)
def test_a_vector_store_of_others_stays(mark: str | None) -> None:
    theirs = ObservedStore("vs_1", {}, {"assistctl": mark} if mark else {})
    assert found(Everything([], [theirs], IN_STORE, UPLOADS)) == []


def test_a_declared_vector_store_that_nothing_searches_yet_stays() -> None:
    ours = Ours("acme", "prod", frozenset({"desk"}), {}, frozenset())
    assert found(Everything([], [STORE], IN_STORE, UPLOADS), ours) == []


@pytest.mark.parametrize(("searched", "twin"), [((), "vs_2"), (("vs_2",), "vs_1")])
def test_a_twin_of_a_declared_vector_store_goes(searched: tuple[str, ...], twin: str) -> None:
    ours = Ours("acme", "prod", frozenset({"desk"}), {}, frozenset())
    stores = [STORE, replace(STORE, id="vs_2")]
    contents: dict[str, tuple[StoreFile, ...]] = {"vs_1": (), "vs_2": ()}
    everything = Everything([assistant(stores=searched)], stores, contents, ())
    assert found(everything, ours) == [(twin, True)]


def test_a_file_that_something_else_reads_stays() -> None:
    other = ObservedStore("vs_2", {}, {})
    contents: dict[str, tuple[StoreFile, ...]] = {**IN_STORE, "vs_2": (StoreFile("f1", "completed", {}),)}
    assert found(Everything([], [STORE, other], contents, UPLOADS)) == [("vs_1", True)]
    assert found(Everything([assistant(files=("f1",))], [STORE], IN_STORE, UPLOADS)) == [("vs_1", True)]


@pytest.mark.parametrize(("filed", "proven"), [(None, True), (("b.csv", 5), True), (("b.csv", 6), False)])
def test_what_this_machine_wrote_down_is_proved_if_it_is_that(filed: tuple[str, int] | None, proven: bool) -> None:
    ours = Ours("acme", "prod", frozenset(), {"f2": filed, "f-gone": None}, frozenset())
    assert found(Everything([], [], {}, UPLOADS), ours) == [("f2", proven)]


def test_what_the_record_says_without_a_proof_is_told_and_not_proved() -> None:
    ours = Ours("acme", "prod", frozenset(), {}, frozenset(), frozenset({"f2", "f-gone"}))
    assert found(Everything([], [], {}, UPLOADS), ours) == [("f2", False)]
    assert found(Everything([assistant(files=("f2",))], [], {}, UPLOADS), ours) == []


def test_what_only_looks_like_ours_is_told_and_not_proved() -> None:
    ours = Ours("acme", "prod", frozenset(), {}, frozenset({("b.csv", 5), ("a.md", 5)}))
    assert found(Everything([], [], {}, UPLOADS), ours) == [("f2", False)]


OWNED = {"assistctl": "project=acme target=prod key=desk"}
OTHERS = {"assistctl": "project=other target=prod key=desk"}


@pytest.mark.parametrize(
    ("metadata", "in_use", "uploaded", "expected"),
    [
        (OWNED, False, True, [("env_1", True), ("f1", True)]),
        (OWNED, False, False, [("env_1", True)]),
        (OWNED, True, True, []),
        (OTHERS, False, True, []),
        ({}, False, True, []),
    ],
)
def test_environments(
    metadata: dict[str, str], in_use: bool, uploaded: bool, expected: list[tuple[str, bool]]
) -> None:
    environment = ObservedEnvironment("env_1", "e", metadata, in_use, frozenset({"f1"}), uploaded)
    assert found(Everything([], [], {}, UPLOADS, [environment])) == expected


@pytest.mark.parametrize(("in_use", "expected"), [(True, []), (False, [("f2", False)])])
def test_what_only_looks_like_ours_is_left_while_an_environment_has_it(
    in_use: bool, expected: list[tuple[str, bool]]
) -> None:
    ours = Ours("acme", "prod", frozenset(), {}, frozenset({("b.csv", 5)}))
    environment = ObservedEnvironment("env_1", "e", OWNED, in_use, frozenset({"f2"}))
    listed = [item for item in found(Everything([], [], {}, UPLOADS, [environment]), ours) if item[0] != "env_1"]
    assert listed == expected


def test_ids_that_are_no_text_refer_to_nothing() -> None:
    resources = {
        "file_search": {"vector_store_ids": [{"id": 1}, 7]},
        "code_interpreter": {"file_ids": [[None]]},
    }
    odd = Observed("asst_1", {"tool_resources": resources}, {})  # type: ignore[dict-item]  # JSON, more narrowly
    assert found(Everything([odd], [STORE], IN_STORE, UPLOADS)) == [("vs_1", True), ("f1", True)]


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
        {"platforms": {"any": {"knowledge": {"stores": [{"id": "vs_1"}]}}}},
        {"tool_resources": {"azure_ai_search": {"indexes": ["vs_1"]}}},
    ],
)
@pytest.mark.parametrize("mark", [{}, OTHERS, OWNED])
def test_what_any_field_names_by_id_stays(fields: dict[str, Json], mark: dict[str, str]) -> None:
    naming = Observed("asst_1", fields, mark)
    assert found(Everything([naming], [STORE], IN_STORE, UPLOADS)) == []


def test_what_a_pair_of_metadata_or_a_manifest_names_by_id_stays() -> None:
    noted = Observed("asst_1", {}, {"knowledge": "vs_9, vs_1"})
    assert found(Everything([noted], [STORE], IN_STORE, UPLOADS)) == []
    declared = replace(OURS, named=frozenset({"vs_1"}))
    assert found(Everything([], [STORE], IN_STORE, UPLOADS), declared) == []
    idle = ObservedEnvironment("env_1", "e", OWNED, in_use=False)
    naming = replace(OURS, named=frozenset({"env_1", "f2"}), recorded={"f2": None})
    assert found(Everything([], [], {}, UPLOADS, [idle]), naming) == []
    assert found(Everything([], [], {}, UPLOADS, [idle])) == [("env_1", True)]


def test_prose_names_nothing() -> None:
    telling = Observed("asst_1", {"instructions": "vs_1", "description": "vs_1", "name": "vs_1"}, {})
    assert found(Everything([telling], [STORE], IN_STORE, UPLOADS)) == [("vs_1", True), ("f1", True)]
