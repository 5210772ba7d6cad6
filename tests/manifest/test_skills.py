"""Skills: a folder of files, known by what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource
from support.manifest_folder import ManifestFolder

SKILL = "---\nname: refunds\ndescription: How to refund.\n---\n\nRefund.\n"


@pytest.fixture
def folder(tmp_path: Path) -> ManifestFolder:
    """A project with a skill."""
    folder = ManifestFolder(tmp_path)
    folder.write("assistctl.yaml", "project: acme\n")
    folder.write("assistants/refunds.yaml", "kind: skill\nfolder: skills/refunds\n")
    folder.write("assistants/skills/refunds/SKILL.md", SKILL)
    folder.write("assistants/skills/refunds/scripts/sum.py", "print(1)\n")
    folder.write("assistants/skills/refunds/.env", "A=b\n")
    folder.write("assistants/desk.yaml", "model: m\nskills: [refunds]\n")
    return folder


def skill(folder: ManifestFolder) -> DesiredResource:
    """The skill that is declared."""
    loaded = folder.load()
    assert not loaded.errors
    [resource] = loaded.resources
    assert resource.kind is Kind.SKILL
    return resource


def test_its_files_are_those_in_the_folder(folder: ManifestFolder) -> None:
    resource = skill(folder)
    assert [file.path for file in resource.files] == ["SKILL.md", "scripts/sum.py"]
    assert {*resource.fields} == {"name", "folder"}
    [desk] = folder.load().desired
    assert [(use.kind, use.key, use.path) for use in desk.uses] == [(Kind.SKILL, "refunds", "skills[0]")]


def test_its_content_is_what_is_in_them_and_what_they_are_called(folder: ManifestFolder) -> None:
    before = skill(folder).fields["folder"]
    folder.write("assistants/skills/refunds/scripts/sum.py", "print(1)\n")
    assert skill(folder).fields["folder"] == before
    folder.write("assistants/skills/refunds/scripts/sum.py", "print(2)\n")
    changed = skill(folder).fields["folder"]
    assert changed != before
    script = folder.path / "assistants/skills/refunds/scripts/sum.py"
    script.rename(script.with_name("add.py"))
    assert skill(folder).fields["folder"] not in {before, changed}


@pytest.mark.parametrize(
    ("folder_named", "summary"),
    [
        ("skills/refunds/scripts", "there is no SKILL.md in this folder"),
        ("skills", "there is no SKILL.md in this folder"),
        ("skills/returns", "assistants/skills/returns: there is no such folder"),
        ("skills/page.md", "assistants/skills/page.md: this is not a folder"),
        ("skills/*", "assistants/skills/*: there is no such folder"),
        ("../empty", "empty: there are no files in this folder"),
        ("../..", "..: it leaves the project"),
    ],
)
def test_what_is_no_skill_is_an_error_at_its_line(folder: ManifestFolder, folder_named: str, summary: str) -> None:
    folder.write("assistants/skills/page.md", "More.\n")
    (folder.path / "empty").mkdir()
    folder.write("assistants/refunds.yaml", f"kind: skill\nfolder: {folder_named}\n")
    [error] = folder.load().errors
    assert (error.path, str(error.position)) == ("folder", "assistants/refunds.yaml:2:9")
    assert summary in f"{error.summary} {error.detail}"


def test_a_folder_is_meant_as_it_is_named(folder: ManifestFolder) -> None:
    folder.write("assistants/skills/v[1]/SKILL.md", SKILL)
    folder.write("assistants/skills/v[1]/agent.yaml", "model: m\nkey: another\n")
    folder.write("assistants/skills/v1/SKILL.md", SKILL)
    folder.write("assistants/refunds.yaml", "kind: skill\nfolder: skills/v[1]/\n")
    assert [file.path for file in skill(folder).files] == ["SKILL.md", "agent.yaml"]
    assert [assistant.key for assistant in folder.load().desired] == ["desk"]


def test_nothing_in_it_is_a_manifest(folder: ManifestFolder) -> None:
    front = "---\nname: refunds\ndescription: How to refund.\nmodel: m\nkey: refunds-too\n---\n\nRefund.\n"
    folder.write("assistants/skills/refunds/SKILL.md", front)
    folder.write("assistants/skills/refunds/references/agent.md", front)
    folder.write("assistants/skills/refunds/assets/agent.yaml", "model: m\nkey: another\n")
    folder.write("assistants/skills/refunds/assets/broken.yml", "a: [\n")
    loaded = folder.load()
    assert not loaded.errors
    assert [desired.key for desired in loaded.desired] == ["desk"]
    assert [file.path for file in skill(folder).files] == [
        "SKILL.md",
        "assets/agent.yaml",
        "assets/broken.yml",
        "references/agent.md",
        "scripts/sum.py",
    ]


def test_a_manifest_beside_it_stays_one(folder: ManifestFolder) -> None:
    folder.write("assistants/skills/refunds.yaml", "model: m\nkey: beside\n")
    assert [desired.key for desired in folder.load().desired] == ["desk", "beside"]


def test_empty_files_belong_to_it(folder: ManifestFolder) -> None:
    folder.write("assistants/skills/refunds/scripts/__init__.py", "")
    assert [(file.path, file.source.size) for file in skill(folder).files][1] == ("scripts/__init__.py", 0)
