"""A scaffolded project is one that works."""

from __future__ import annotations

import json

import pytest

from assistctl.manifest.validation.schema import FOR_EDITORS, schema_text
from support.projects import ProjectFolder


@pytest.fixture
def empty(project: ProjectFolder) -> ProjectFolder:
    """A folder with nothing in it."""
    (project.path / "assistctl.yaml").unlink()
    (project.path / "assistants").rmdir()
    return project


def test_what_init_writes_validates_and_applies(empty: ProjectFolder) -> None:
    created = empty.run("init", "--format", "json").json
    assert {"assistctl.yaml", ".github/workflows/assistctl.yml", "schemas/assistant.schema.json"} <= {
        *created["created"]
    }
    assert empty.run("validate").code == 0
    assert empty.run("apply", "--yes").code == 0
    assert empty.run("plan", "--detailed-exitcode").code == 0
    assert empty.run("list", "--format", "json").json["project"] == "acme"


def test_editors_get_the_schemas_as_they_are(empty: ProjectFolder) -> None:
    assert empty.run("init").code == 0
    written = {path.name: path.read_text("utf-8") for path in (empty.path / "schemas").iterdir()}
    assert written == {f"{name}.schema.json": schema_text(name) for name in FOR_EDITORS}
    assert all(map(json.loads, written.values()))


def test_nothing_that_exists_is_overwritten(empty: ProjectFolder) -> None:
    mine = empty.write("assistctl.yaml", "project: mine\n")
    empty.write(".gitignore", "dist")
    assert empty.run("init").code == 0
    assert mine.read_text() == "project: mine\n"
    assert (empty.path / ".gitignore").read_text().splitlines() == ["dist", ".assistctl/", ".env", "*.plan"]
    again = empty.run("init", "--format", "json").json
    assert again["created"] == []


def test_no_example_is_put_beside_what_is_there(empty: ProjectFolder) -> None:
    mine = "model: gpt-4.1\n"
    empty.write("assistants/mine.yaml", mine)
    begun = empty.run("init", "--format", "json").json["created"]
    assert "assistctl.yaml" in begun
    # The manifests that were there are all that is deployed, however often it is run.
    for options in ([], ["--ci", "gitlab"]):
        assert empty.run("init", *options).code == 0
        assert [change["key"] for change in empty.run("plan", "--format", "json").json["changes"]] == ["mine"]


def test_a_project_without_manifests_gets_an_example_that_it_can_apply(empty: ProjectFolder) -> None:
    empty.write("assistctl.yaml", "project: mine\nassistants: bots/live\n")
    assert "`assistctl init` writes one to start from" in empty.run("validate").out
    created = empty.run("init", "--format", "json").json["created"]
    assert {"bots/live/helper.yaml", "bots/live/prompts/helper.md"} <= {*created}
    assert "=../../schemas/assistant.schema.json" in (empty.path / "bots/live/helper.yaml").read_text()
    assert empty.run("apply", "--yes").code == 0


@pytest.mark.parametrize("name", ["no spaces", "", "-x", "a" * 65])
def test_a_project_name_must_be_one(empty: ProjectFolder, name: str) -> None:
    assert empty.run("init", f"--project={name}").code == (64 if name else 0)
