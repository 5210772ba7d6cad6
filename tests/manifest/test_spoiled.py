"""Manifests that were in order and are not any more: a slice of ``tests/benchmarks/soak_manifests.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.bounded import bounded
from support.manifest_folder import ManifestFolder
from support.spoiled_manifests import SOUND, Case, Workshop, corpus, spoiled_case

CASES = 150
# Each found a defect once.
DEFECTS = (
    "model: m\ntools: [{type: {file_search: 1}}]\n",
    "model: m\ntools: [{type: [function], function: {name: a}}]\n",
)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.mark.parametrize("text", SOUND, ids=range(len(SOUND)))
def test_what_is_spoiled_was_in_order(workshop: Workshop, text: str) -> None:
    assert list(workshop.problems(Case(text.encode()))) == []
    assert workshop.errors() == []


def test_any_gives_messages_with_a_place(workshop: Workshop) -> None:
    texts = corpus([Path(__file__).parent / "cases"])
    found = {}
    for number in range(CASES):
        with bounded(10):
            found[number] = list(workshop.problems(spoiled_case(texts, number)))
    assert {number: problems for number, problems in found.items() if problems} == {}


@pytest.mark.parametrize("text", DEFECTS)
def test_what_was_a_defect(manifests: ManifestFolder, text: str) -> None:
    manifests.write("assistants/a.yaml", text)
    assert "tools[0].type" in {message.path for message in manifests.load(read=False).errors}
