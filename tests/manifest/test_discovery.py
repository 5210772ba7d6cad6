"""Which files are read, and what is said of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistctl.checkout.untrusted_files import MAX_BYTES
from assistctl.diagnostics import Severity
from assistctl.manifest import Loaded, load_manifests, load_project
from assistctl.manifest.project.discovery import project_of

MANIFEST = "model: gpt-4o-mini\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder with an empty folder for manifests."""
    (tmp_path / "project/assistants").mkdir(parents=True)
    (tmp_path / "project/assistctl.yaml").write_text("project: acme\n")
    return tmp_path / "project"


def load(folder: Path, *paths: Path) -> Loaded:
    """The manifests at ``paths``, or the project's."""
    return load_manifests(load_project(folder, {}), None, paths=paths or None)


def said(loaded: Loaded) -> list[tuple[str, str]]:
    """Where the messages are, and what they say."""
    return [(str(message.position), message.summary) for message in loaded.diagnostics]


def keys(loaded: Loaded) -> list[str]:
    """The keys in the order they were loaded."""
    return [desired.key for desired in loaded.desired]


def test_all_yaml_files_below_the_folder(folder: Path) -> None:
    assistants = folder / "assistants"
    for name in ("b.yaml", "a.yml", "sub/deep/c.yaml", ".hidden.yaml", ".git/d.yaml", "e.json", "assistctl.yaml"):
        (assistants / name).parent.mkdir(parents=True, exist_ok=True)
        (assistants / name).write_text(MANIFEST)
    loaded = load(folder)
    assert (keys(loaded), loaded.diagnostics) == (["a", "b", "c"], ())


def test_a_suffix_in_capitals_is_a_suffix(folder: Path) -> None:
    assistants = folder / "assistants"
    for name in ("a.YAML", "sub/b.Yml", "e.JSON"):
        (assistants / name).parent.mkdir(exist_ok=True)
        (assistants / name).write_text(MANIFEST)
    (assistants / "c.MD").write_text(f"---\n{MANIFEST}---\nBe brief.\n")
    (assistants / "README.MD").write_text(f"---\n{MANIFEST}---\nAbout these.\n")
    loaded = load(folder)
    assert (keys(loaded), loaded.diagnostics) == (["a", "c", "b"], ())
    assert {desired.key: desired.fields.get("instructions") for desired in loaded.desired}["c"] == "Be brief."
    (assistants / "a.yaml").write_text(MANIFEST)
    [message] = load(folder).errors
    assert (str(message.position), "assistants/a.YAML:1:1" in message.summary) == ("assistants/a.yaml:1:1", True)


def test_paths_are_files_or_folders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.yaml", "b.yaml", ".c.yml"):
        (folder / "assistants" / name).write_text(MANIFEST)
    monkeypatch.chdir(folder / "assistants")
    assert keys(load(folder, Path("b.yaml"))) == ["b"]
    assert keys(load(folder, Path("b.yaml"), Path(), folder / "assistants/b.yaml")) == ["b", "a"]
    assert keys(load(folder, folder)) == ["a", "b"]
    assert keys(load(folder, Path("../assistctl.yaml"))) == []
    assert said(load(folder, Path("../assistants/.c.yml"))) == [
        ("assistants/.c.yml:1:1", "the file's name '.c' is not a key")
    ]
    assert said(load(folder, Path("d.yaml"))) == [("assistants/d.yaml:1:1", "there is no such file")]


def test_a_path_outside_the_project(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.yaml").write_text("model: [a]\ninstructions: {file: a.md}\n")
    (other / "b.yaml").write_text(MANIFEST + "instructions: {file: ../project/assistctl.yaml}\n")
    (other / "a.md").write_text("Be brief.")
    monkeypatch.chdir(folder)
    loaded = load(folder, Path("../other"))
    assert [place for place, _ in said(loaded)] == ["../other/a.yaml:1:8", "../other/b.yaml:2:22"]
    assert "leaves the project" in loaded.diagnostics[1].summary


def test_without_a_project_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MANIFEST)
    assert keys(load(tmp_path, tmp_path / "a.yaml")) == ["a"]


def test_a_missing_folder_is_an_error_and_an_empty_one_a_warning(folder: Path) -> None:
    (message,) = load(folder).diagnostics
    assert (message.severity, str(message.position)) == (Severity.WARNING, "assistants")
    (folder / "assistants").rmdir()
    (message,) = load(folder).diagnostics
    assert (message.severity, message.summary) == (Severity.ERROR, "there is no folder assistants")
    assert "assistctl init" in message.detail


def test_what_is_no_readable_file(folder: Path, tmp_path: Path) -> None:
    assistants = folder / "assistants"
    (tmp_path / "outside.yaml").write_text(MANIFEST)
    (assistants / "a.yaml").symlink_to(tmp_path / "outside.yaml")
    (assistants / "b.yaml").symlink_to("nowhere.yaml")
    (assistants / "c.yaml").symlink_to("c.yaml")
    (assistants / "d.yaml").mkdir()
    os.mkfifo(assistants / "e.yaml")
    (assistants / "f.yaml").write_bytes(b"# " + b"x" * MAX_BYTES)
    (assistants / "g.yaml").write_bytes(b"model: a\nname: \xc3\x28\n")
    assert said(load(folder)) == [
        ("assistants/a.yaml:1:1", "it leaves the project, through a link or `..`"),
        ("assistants/b.yaml:1:1", "this is a link to nothing"),
        ("assistants/c.yaml:1:1", "this is a link that leads back to itself"),
        ("assistants/d.yaml", "this is a folder, not a manifest"),
        ("assistants/e.yaml:1:1", "this is not a regular file"),
        ("assistants/f.yaml:1:1", f"this file is larger than {MAX_BYTES:,} bytes"),
        ("assistants/g.yaml:2:7", "this is not UTF-8: byte 0xC3 at offset 15, on line 2"),
    ]


def test_linked_folders(folder: Path, tmp_path: Path) -> None:
    assistants = folder / "assistants"
    (folder / "shared").mkdir()
    (folder / "shared/a.yaml").write_text(MANIFEST)
    (assistants / "in").symlink_to(folder / "shared")
    (assistants / "loop").symlink_to(assistants)
    (assistants / "out").symlink_to(tmp_path)
    loaded = load(folder)
    assert keys(loaded) == ["a"]
    assert said(loaded) == [("assistants/out", "it leaves the project, through a link or `..`")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permissions(folder: Path) -> None:
    path = folder / "assistants/a.yaml"
    path.write_text(MANIFEST)
    path.chmod(0)
    assert said(load(folder)) == [("assistants/a.yaml:1:1", "it cannot be read: permission denied")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_that_is_shut(folder: Path) -> None:
    shut = folder / "assistants/shut"
    shut.mkdir(mode=0)
    (folder / "assistants/a.yaml").write_text(MANIFEST)
    assert said(load(folder)) == [("assistants/shut", "this folder cannot be read: Permission denied")]


def test_a_name_that_is_too_long(folder: Path) -> None:
    path = folder / "assistants" / f"{'a' * 300}.yaml"
    assert said(load(folder, path)) == [(f"assistants/{path.name}:1:1", "it cannot be opened: file name too long")]
    assert project_of([path / "b.yaml"]) == folder


def test_names_that_are_no_text(folder: Path) -> None:
    name = os.fsdecode(b"\xff.yaml")
    (folder / "assistants" / name).write_text(MANIFEST)
    (message,) = load(folder).diagnostics
    assert str(message.position) == "assistants/\\xff.yaml:1:1"
    repr(message).encode()
