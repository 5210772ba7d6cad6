"""What an agent's metadata and a template's name say: written, read back, and whatever people make of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.errors import PlatformError
from assistctl.ownership.file_marks import FILES, files_pairs
from assistctl.ownership.mark import MARK, Mark, read_mark
from assistctl.platforms.openai.agent_link import PAIR, Link, read_link, with_link, without_link
from assistctl.platforms.openai.environment_template import (
    Template,
    read_template,
    same_scope,
    template_body,
    template_name,
)

LONGEST = "x" * 64
FILES_OF_ONE = (("/workspace/a.csv", "file-1"), ("/workspace/b.csv", "file-2"))

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=40)
LINKS = st.builds(Link, st.none() | TEXT, st.just("") | TEXT, st.booleans())


@given(st.dictionaries(TEXT, TEXT), LINKS, st.none() | TEXT)
def test_what_is_written_is_read(pairs: dict[str, str], link: Link, files: str | None) -> None:
    metadata = {**pairs, **({FILES: files} if files else {})}
    metadata.pop(PAIR, None)
    wire = with_link(metadata, link)
    assert without_link(wire) == metadata
    assert len(wire) <= max(len(metadata), len({**pairs, PAIR: ""}))
    if link:
        assert read_link(wire) == link


@given(st.text())
def test_whatever_the_pair_says_is_no_error(text: str) -> None:
    read_link({PAIR: text})
    assert PAIR not in without_link({PAIR: text, "team": "a"})


def test_the_longest_link_fits() -> None:
    token = "assistctl:file:" + "t" * 12
    pairs = files_pairs([(f"file-{number}", token, "p" * 100) for number in range(20)])
    link = Link(LONGEST, "c" * 12, runs_code=True)
    assert len(with_link(pairs, link)[PAIR]) <= 512


def test_the_longest_name_fits_and_is_a_mark() -> None:
    mark = Mark(LONGEST, LONGEST, LONGEST, prevent_destroy=True)
    name = template_name(str(mark), FILES_OF_ONE, uploaded=True)
    assert len(name) <= 256
    read = read_mark({MARK: Template("t", name).owner})
    assert read is not None
    assert (read.project, read.target, read.key, read.prevent_destroy) == (LONGEST, LONGEST, LONGEST, False)


def answer(**fields: Any) -> dict[str, Any]:
    made = template_body("assistctl: project=a target=b key=c", FILES_OF_ONE)
    computed = {"desktop": {"enabled": False}, "packages": {"npm": [], "python": [], "system": []}, "skills": []}
    return {"id": "t_1", "plugins": [], "capability_directories": [], **computed, **made, **fields}


def test_a_template_is_read_as_it_was_made() -> None:
    template = read_template(answer(files=[*reversed(answer()["files"])]))
    assert template.has_just(FILES_OF_ONE)
    assert template.owner == "project=a target=b key=c"


@pytest.mark.parametrize(
    "fields",
    [
        {"network": {"access": "restricted", "allowed_domains": ["a.example"]}},
        {"packages": {"npm": [], "python": ["p"], "system": []}},
        {"desktop": {"enabled": True}},
        {"skills": [{"type": "skill_reference", "skill_id": "s"}]},
        {"plugins": [{"type": "inline"}]},
        {"capability_directories": ["/workspace/c"]},
        {"files": [*answer()["files"], {"type": "inline", "path": "/workspace/i", "size_bytes": 1}]},
        {"files": answer()["files"][:1]},
    ],
)
def test_a_template_that_was_edited_is_another(fields: dict[str, Any]) -> None:
    assert not read_template(answer(**fields)).has_just(FILES_OF_ONE)


@pytest.mark.parametrize("wrong", [None, [], {}, {"id": ""}, {"id": 1}])
def test_an_answer_that_is_no_template_is_refused(wrong: Any) -> None:
    with pytest.raises(PlatformError, match="not an environment template"):
        read_template(wrong)


@pytest.mark.parametrize(
    ("name", "files", "proven"),
    [
        (template_name("project=a target=b key=c", FILES_OF_ONE, uploaded=True), FILES_OF_ONE, True),
        (template_name("project=a target=b key=c", FILES_OF_ONE, uploaded=True), FILES_OF_ONE[:1], False),
        (template_name("project=a target=b key=c", FILES_OF_ONE, uploaded=False), FILES_OF_ONE, False),
        ("assistctl: project=a target=b key=c", FILES_OF_ONE, False),
        ("", FILES_OF_ONE, False),
    ],
)
def test_whose_uploads_are_in_it(name: str, files: tuple[tuple[str, str], ...], proven: bool) -> None:
    assert Template("t", name, files).has_only_uploads_of_its_owner is proven


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("project=a target=b key=moved", True),
        ("project=a target=b key=c prevent_destroy=true", True),
        ("project=x target=b key=c", False),
        ("project=a target=x key=c", False),
        ("", False),
    ],
)
def test_whose_template_it_is(other: str, same: bool) -> None:
    assert same_scope("project=a target=b key=c", other) is same
