"""Names that look the same, in both forms that Unicode has for them: each finds the file, and is the same file."""

from __future__ import annotations

import unicodedata
from itertools import product
from pathlib import Path

import pytest

from support.manifest_folder import ManifestFolder
from support.projects import ProjectFolder

FORMS = ("NFC", "NFD")
PAIRS = list(product(FORMS, FORMS))
FOLDER, NAME = "Größe", "Übersicht é.md"


def formed(form: str, text: str) -> str:
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]  # one of FORMS


@pytest.mark.parametrize(("there", "written"), PAIRS)
@pytest.mark.parametrize("pattern", [f"{FOLDER}/{NAME}", f"{FOLDER}/Ü*é.md", f"{FOLDER}/**", f"G*öße/{NAME}"])
def test_a_file_is_found_in_either_form(manifests: ManifestFolder, there: str, written: str, pattern: str) -> None:
    manifests.write(formed(there, f"assistants/{FOLDER}/{NAME}"), "text")
    manifests.assistant("desk", formed(written, pattern))
    [entry] = manifests.store().files
    assert entry.source.path == formed("NFC", f"assistants/{FOLDER}/{NAME}")
    assert entry.source.identity.name == formed("NFC", NAME)
    assert entry.source.location.read_text() == "text"


@pytest.mark.parametrize(("there", "written"), PAIRS)
def test_an_included_file_is_found_in_either_form(manifests: ManifestFolder, there: str, written: str) -> None:
    manifests.write(formed(there, f"assistants/{NAME}"), "Be brief.")
    manifests.assistant("desk", tools=[], instructions={"file": formed(written, NAME)})
    assert manifests.one().fields["instructions"] == "Be brief."


@pytest.mark.parametrize(("there", "written"), PAIRS)
def test_a_named_manifest_is_none_in_either_form(manifests: ManifestFolder, there: str, written: str) -> None:
    manifests.write(formed(there, "assistants/é/données.yaml"), "model: m")
    manifests.assistant(
        "desk",
        {"path": formed(written, "é/données.yaml"), "tool": "code_interpreter"},
        tools=[{"type": "code_interpreter"}],
    )
    assert [desired.key for desired in manifests.load().desired] == ["desk"]


def test_two_that_look_the_same_are_an_error(manifests: ManifestFolder) -> None:
    for form in FORMS:
        manifests.write(formed(form, f"assistants/docs/{NAME}"), form)
    manifests.assistant("desk", "docs/*")
    assert manifests.said() == [f"assistants/docs/{NAME}: there are two files that look the same"]


def test_a_rename_that_only_changes_the_form_changes_nothing(project: ProjectFolder) -> None:
    project.write(formed("NFD", f"assistants/{NAME}"), "text")
    readers = [{"type": "file_search"}, {"type": "code_interpreter"}]
    files = [{"path": "*.md", "tool": reader["type"]} for reader in readers]
    project.manifest("desk", tools=readers, files=files)
    assert project.run("apply", "--yes").code == 0
    place = Path(project.path / "assistants")
    (place / formed("NFD", NAME)).rename(place / formed("NFC", NAME))
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert project.run("drift").code == 0
