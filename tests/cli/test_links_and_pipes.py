"""What a checkout puts in the place of a file: links that lead out of it, pipes, sockets and devices."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from support.projects import Outcome, ProjectFolder

Put = Callable[[Path], None]


def pipe(place: Path) -> None:
    """A pipe to which nobody writes: to open it would wait for ever."""
    os.mkfifo(place)


def unix_socket(place: Path) -> None:
    """A socket that nobody listens on."""
    here = Path.cwd()
    os.chdir(place.parent)  # its whole path may be longer than a socket's name
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place.name)
    os.chdir(here)


def device(place: Path) -> None:
    """A device without an end, through a link."""
    place.symlink_to("/dev/zero")


@pytest.fixture(params=[pipe, unix_socket, device])
def put(request: pytest.FixtureRequest) -> Put:
    """Something that is no file."""
    made: Put = request.param
    return made


def refused(done: Outcome, *words: str) -> None:
    """An error in a sentence."""
    assert done.code == 1, done.out + done.err
    assert any(word in done.err + done.out for word in words), done.err
    assert "defect" not in done.err


NOT_A_FILE = ("not a regular file", "not a plain file", "leaves the project", "lies outside", "leads out")


@pytest.mark.parametrize("name", ["assistctl.yaml", ".env", "assistants/one.yaml"])
@pytest.mark.parametrize("command", [("validate",), ("plan",), ("apply", "--yes"), ("plan", "--format", "json")])
def test_in_the_place_of_what_every_command_reads(
    project: ProjectFolder, put: Put, name: str, command: tuple[str, ...]
) -> None:
    (project.path / name).unlink(missing_ok=True)
    put(project.path / name)
    refused(project.run(*command), *NOT_A_FILE)


@pytest.mark.parametrize(
    "fields",
    [
        {"instructions": {"file": "it"}},
        {"tools": [{"type": "function", "function": {"file": "it"}}]},
        {"tools": [{"type": "file_search"}], "files": ["it"]},
        {"tools": [{"type": "code_interpreter"}], "files": ["it"]},
    ],
)
def test_in_the_place_of_what_a_manifest_names(
    project: ProjectFolder, put: Put, fields: dict[str, object]
) -> None:
    project.manifest("one", **fields)
    put(project.path / "assistants/it")
    refused(project.run("plan"), *NOT_A_FILE)


def test_in_the_place_of_a_saved_plan(project: ProjectFolder, put: Put) -> None:
    put(project.path / "it.plan")
    refused(project.run("apply", "it.plan", "--yes"), *NOT_A_FILE)
    refused(project.run("plan", "--out", "it.plan"), *NOT_A_FILE)


def test_in_the_place_of_an_export(project: ProjectFolder, put: Put) -> None:
    put(project.path / "it.json")
    refused(project.run("migrate", "--from", "it.json", "--to", "local"), *NOT_A_FILE)
    (project.path / "folder").mkdir()
    put(project.path / "folder/it.json")
    refused(project.run("migrate", "--from", "folder", "--to", "local"), *NOT_A_FILE)


def test_in_the_place_of_what_assistctl_keeps(project: ProjectFolder, put: Put) -> None:
    project.manifest("one")
    assert project.run("apply", "--yes").code == 0
    logs = sorted((project.path / ".assistctl/journal").rglob("*.jsonl"))
    for log in logs:
        log.unlink()
        put(log)
    uploads = project.path / ".assistctl/uploads"
    uploads.mkdir(exist_ok=True)
    put(uploads / "it.jsonl")
    for command in (["history"], ["plan"], ["gc", "--yes"], ["rollback", "x", "--yes"]):
        done = project.run(*command)
        assert "defect" not in done.err
        assert done.code in {0, 1}


def test_in_the_place_of_the_database(project: ProjectFolder, put: Put) -> None:
    project.manifest("one")
    (project.path / ".assistctl").mkdir()
    put(project.path / ".assistctl/local.db")
    for command in (["plan"], ["apply", "--yes"]):
        done = project.run(*command)
        assert done.code == 1
        assert "defect" not in done.err
        assert "local.db" in done.err


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is none of the project's business."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file").write_text("precious")
    return folder


def untouched(outside: Path) -> bool:
    """Whether it is as it was."""
    return [(path.name, path.read_text()) for path in outside.iterdir()] == [("file", "precious")]


def test_a_project_file_that_is_a_link(project: ProjectFolder, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("project: other\n")
    (project.path / "assistctl.yaml").unlink()
    (project.path / "assistctl.yaml").symlink_to(tmp_path / "other.yaml")
    for command in (["plan"], ["validate"], ["gc"], ["apply", "--yes"]):
        refused(project.run(*command), "leaves the project")
    (project.path / "assistctl.yaml").unlink()
    project.write("real.yaml", "project: acme\n")
    (project.path / "assistctl.yaml").symlink_to("real.yaml")
    assert project.run("validate").code == 0


@pytest.mark.parametrize(
    "name",
    [
        *(".assistctl", ".assistctl/journal", ".assistctl/journal/acme", ".assistctl/uploads"),
        *(".assistctl/local.db", ".assistctl/local.db.files", ".assistctl/local.db-wal"),
    ],
)
def test_what_assistctl_keeps_stays_in_the_project(project: ProjectFolder, outside: Path, name: str) -> None:
    project.manifest("one", tools=[{"type": "file_search"}], files=["one.md"])
    project.write("assistants/one.md", "x")
    place = project.path / name
    place.parent.mkdir(exist_ok=True, parents=True)
    is_file = "local.db" in name and not name.endswith(".files")
    place.symlink_to(outside / "file" if is_file else outside)
    done = project.run("apply", "--yes")
    refused(done, "leaves the project, through a link")
    assert untouched(outside)
    assert place.is_symlink()


def test_the_journals_files_stay_in_the_project(project: ProjectFolder, outside: Path) -> None:
    project.manifest("one")
    assert project.run("apply", "--yes").code == 0
    files = [path for path in (project.path / ".assistctl/journal").rglob("*") if path.is_file()]
    assert files
    for path in files:
        for name in (path.name, f".{path.name}.new", f".{path.name}.guard"):
            path.with_name(name).unlink(missing_ok=True)
            path.with_name(name).symlink_to(outside / "file")
    project.manifest("one", description="more")
    for command in (["apply", "--yes"], ["history"], ["destroy", "--yes"]):
        assert "precious" not in (done := project.run(*command)).out + done.err
    assert untouched(outside)


@pytest.mark.parametrize("database", ["link.db", "folder/x.db"])
def test_a_database_through_a_link(project: ProjectFolder, outside: Path, database: str) -> None:
    options = json.dumps({"database": database})
    project.write(
        "assistctl.yaml", f"project: acme\ntargets: {{local: {{platform: local, options: {options}}}}}\n"
    )
    project.manifest("one")
    (project.path / "link.db").symlink_to(outside / "new.db")
    (project.path / "folder").symlink_to(outside)
    for command in (["plan"], ["apply", "--yes"]):
        refused(project.run(*command), "leaves the project, through a link")
    assert untouched(outside)


@pytest.mark.parametrize("out", ["change.plan", "folder/change.plan", "dangling.plan"])
def test_a_plan_is_not_saved_through_a_link_out_of_the_project(
    project: ProjectFolder, outside: Path, out: str
) -> None:
    (project.path / "change.plan").symlink_to(outside / "file")
    (project.path / "dangling.plan").symlink_to(outside / "new")
    (project.path / "folder").symlink_to(outside)
    refused(project.run("plan", "--out", out), "leaves the project, through a link")
    refused(project.run("plan", "--out", project.path / out), "leaves the project, through a link")
    assert untouched(outside)


@pytest.mark.parametrize("content", ["project: acme\n", "{}", '{"format_version": "1.0"}', "[1]", "\0"])
def test_a_plan_is_not_saved_over_another_file(project: ProjectFolder, content: str) -> None:
    project.write("it", content)
    for out in ("it", "assistctl.yaml", "./it"):
        done = project.run("plan", "--out", out, "--format", "json")
        refused(done, "is not a saved plan, so it was not overwritten")
        assert done.json["diagnostics"]
    assert (project.path / "it").read_text() == content


def test_a_plan_is_saved_over_a_plan_or_nothing(project: ProjectFolder, tmp_path: Path) -> None:
    project.manifest("one")
    project.write("empty", "")
    for out in (Path("new.plan"), Path("new.plan"), Path("empty"), tmp_path / "elsewhere.plan"):
        assert project.run("plan", "--out", out).code == 0
    assert project.run("plan", "--format", "json").code == 0
    assert project.run("apply", "./new.plan", "--yes").code == 0


def test_manifests_are_not_written_through_a_link(project: ProjectFolder, outside: Path) -> None:
    project.manifest("one", instructions="A long text.\n" * 40)
    assert project.run("apply", "--yes").code == 0
    project.remove("one")
    (project.path / "assistants/prompts").symlink_to(outside)
    refused(project.run("dump"), "through a link")
    assert untouched(outside)


@pytest.mark.parametrize("name", [".gitignore", ".github", "assistants", "schemas"])
def test_a_project_is_not_scaffolded_through_a_link(project: ProjectFolder, outside: Path, name: str) -> None:
    (project.path / "assistants").rmdir()
    (project.path / name).symlink_to(outside / "file" if name == ".gitignore" else outside)
    # What assistctl.yaml says is looked at first, and then this is not a folder of its own.
    refused(project.run("init"), "through a link", "assistants is outside the project")
    assert untouched(outside)
