"""What a command leaves behind in the project is readable by its owner alone, however generous the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """Whatever is made without a word about who may read it may be read by all."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """The permissions of all below and with ``folder``, by path."""
    paths = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder.parent)): oct(stat.S_IMODE(path.stat().st_mode)) for path in paths}


def private(folder: Path) -> dict[str, str]:
    """What they have to be."""
    paths = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder.parent)): "0o700" if path.is_dir() else "0o600" for path in paths}


def test_the_embedded_platform(project: ProjectFolder) -> None:
    project.write("assistants/guide.md", "Private.\n")
    project.write("assistants/table.csv", "a,b\n")
    project.manifest(
        "one",
        tools=[{"type": "file_search"}, {"type": "code_interpreter"}],
        files=[{"path": "guide.md", "tool": "file_search"}, {"path": "table.csv", "tool": "code_interpreter"}],
    )
    assert project.run("apply", "--yes").code == 0
    assert project.run("plan", "--out", ".assistctl/saved.plan").code == 0
    left = modes(project.path / ".assistctl")
    assert {
        ".assistctl/local.db",
        ".assistctl/local.db.files/indexing.lock",
        ".assistctl/saved.plan",
    } <= left.keys()
    assert left == private(project.path / ".assistctl")


def test_the_record_of_uploads(remote: ProjectFolder, server: RecordingServer) -> None:
    def fault(asked: Asked) -> Answer | None:
        return Answer(400) if asked.path.endswith("/vector_stores") and asked.method == "POST" else None

    server.fault = fault
    remote.write("assistants/guide.md", "Private.\n")
    remote.manifest("one", tools=[{"type": "file_search"}], files=["guide.md"])
    assert remote.run("apply", "--yes").code in {1, 4}
    left = modes(remote.path / ".assistctl")
    assert any(path.endswith(".jsonl") for path in left), left
    assert left == private(remote.path / ".assistctl")


def test_the_cache_of_hashes(project: ProjectFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    guide = project.write("assistants/guide.md", "Private.\n")
    os.utime(guide, (1, 1))
    project.manifest("one", tools=[{"type": "file_search"}], files=["guide.md"])
    assert project.run("plan").code == 0
    for folder in (tmp_path / "cache").rglob("hashes"):
        assert modes(folder) == private(folder)
