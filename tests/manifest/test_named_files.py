"""What an entry names is no manifest, whatever it ends in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from assistctl.manifest import Loaded, load_manifests, load_project
from assistctl.manifest.files.glob import Folders, matches_below
from support.projects import ProjectFolder

FORM = "question: how are you\noptions: [yes, no]\n"
READS = "tools: [{type: code_interpreter}]\n"


def loaded(folder: Path, files: Mapping[str, str], *paths: str) -> Loaded:
    (folder / "assistants").mkdir(exist_ok=True)
    (folder / "assistctl.yaml").write_text("project: acme\n")
    for name, text in files.items():
        (folder / "assistants" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "assistants" / name).write_text(text)
    asked = [folder / "assistants" / path for path in paths]
    return load_manifests(load_project(folder, {}), None, paths=asked or None, read_files=True)


@pytest.mark.parametrize(
    "entry",
    [
        READS + "files: [data/form.yaml]",
        READS + "files: [{path: data/form.yaml, tool: code_interpreter}]",
        READS + "files: ['data/*']",
        READS + "files: ['data/**/*.yaml']",
        READS + "files: ['./data/../data/form.yaml']",
        "instructions: {file: data/form.yaml}",
    ],
)
def test_a_file_that_is_named_is_no_manifest(tmp_path: Path, entry: str) -> None:
    found = loaded(tmp_path, {"desk.yaml": f"model: m\n{entry}\n", "data/form.yaml": FORM})
    assert ([desired.key for desired in found.desired], found.diagnostics) == (["desk"], ())


def test_a_function_of_a_shared_store_and_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistants/linked.yaml").symlink_to("data/form.yml")
    files = {
        "handbook.yaml": "kind: vector_store\nfiles: [data/form.yml]\n",
        "desk.yaml": "model: m\ntools: [{type: file_search}]\nvector_store: handbook\n",
        "data/form.yml": FORM,
    }
    assert [desired.key for desired in loaded(tmp_path, files).desired] == ["desk"]
    function = '{"name": "f", "parameters": {"type": "object", "properties": {}}}'
    tool = "tools: [{type: function, function: {file: f.yaml}}]\n"
    again = loaded(tmp_path, {**files, "other.yaml": "model: m\n" + tool, "f.yaml": function})
    assert (sorted(desired.key for desired in again.desired), again.errors) == (["desk", "other"], ())


def test_what_nobody_names_is_a_manifest_still(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        {"desk.yaml": READS + "model: m\nfiles: ['data/*.csv']\n", "data/form.yaml": FORM, "data/a.csv": "a"},
    )
    assert {error.position.file for error in found.errors if error.position} == {"assistants/data/form.yaml"}


def test_a_pattern_that_takes_in_its_own_manifest_takes_no_other(tmp_path: Path) -> None:
    files = {"a.yaml": READS + "model: m\nfiles: ['*.yaml']\n", "b.yaml": "model: m\n"}
    assert [desired.key for desired in loaded(tmp_path, files).desired] == ["a", "b"]


def test_what_would_be_a_manifest_is_told(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"a.yaml": READS + "model: m\nfiles: [b.yaml]\n", "b.yaml": "model: m\n"})
    assert [desired.key for desired in found.desired] == ["a"]
    [message] = found.diagnostics
    assert str(message.position) == "assistants/b.yaml:1:1"
    assert message.summary == "this is not a manifest, because assistants/a.yaml:3:9 names it as a file"


def test_a_file_names_nothing(tmp_path: Path) -> None:
    files = {
        "z.yaml": READS + "model: m\nfiles: [data/a.yaml]\n",
        "data/a.yaml": READS + "model: m\nfiles: [../b.yaml]\n",
        "b.yaml": "model: m\n",
    }
    assert [desired.key for desired in loaded(tmp_path, files).desired] == ["b", "z"]


def test_of_two_that_name_each_other_one_is_a_manifest(tmp_path: Path) -> None:
    files = {
        name: READS + f"model: m\nfiles: [{other}]\n"
        for name, other in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml"))
    }
    assert [desired.key for desired in loaded(tmp_path, files).desired] == ["a"]


def test_validate_by_its_path_says_what_it_is(project: ProjectFolder) -> None:
    project.write("assistants/data/form.yaml", FORM)
    project.manifest("desk", tools=[{"type": "code_interpreter"}], files=["data/form.yaml"])
    for path in ("assistants/data/form.yaml", "assistants/data"):
        shown = project.run("validate", path)
        assert shown.code == 0
        assert "this is not a manifest, because assistants/desk.yaml:1:" in shown.out + shown.err
    assert project.run("apply", "--yes").code == 0
    assert [*project.run("output").json] == ["desk"]


@pytest.mark.parametrize(
    "pattern", ["*", "**", "**/*", "a/**", "*/x.yaml", "**/x.*", "a/*/x.yaml", "[ab]/**/x.yaml", "a/.h/*"]
)
def test_a_pattern_matches_what_it_finds(tmp_path: Path, pattern: str) -> None:
    paths = ["x.yaml", ".x.yaml", "a/x.yaml", "a/b/x.yaml", "b/c/d/x.yaml", "a/.h/x.yaml", ".h/x.yaml", "a/x.yml"]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    names = tuple(pattern.split("/"))
    there = {
        (folder / name).relative_to(tmp_path).as_posix()
        for folder, name in Folders().matches(tmp_path, names, tmp_path)
    }
    assert {path for path in paths if matches_below(path.split("/"), names)} == there
