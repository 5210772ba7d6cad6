"""``.env`` is that of the project, and no other: not of where the command runs, nor of a folder above."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistctl.errors import ManifestError
from assistctl.manifest import load_project
from support.projects import ProjectFolder


@pytest.mark.parametrize("place", ["..", "../..", "assistants", ".assistctl"])
def test_no_other_folders_is_read(project: ProjectFolder, place: str) -> None:
    folder = (project.path / place).resolve()
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_text("ELSEWHERE=1\n")
    assert "ELSEWHERE" not in load_project(project.path, {}).environment


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_is_followed_within_the_project_only(project: ProjectFolder, tmp_path: Path, inside: bool) -> None:
    folder = project.path if inside else tmp_path
    (folder / "keys").write_text("KEY=1\n")
    (project.path / ".env").symlink_to(folder / "keys")
    if inside:
        assert load_project(project.path, {}).environment == {"KEY": "1"}
        return
    with pytest.raises(ManifestError) as caught:
        load_project(project.path, {})
    [found] = caught.value.diagnostics
    assert (str(found.position), found.summary) == (".env:1:1", "this is a link that leaves the project")


def test_the_key_of_where_the_command_runs_is_not_taken(
    project: ProjectFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(
        "assistctl.yaml",
        "project: acme\ntargets: {it: {platform: openai-assistants, base_url: 'https://api.example.com/v1'}}\n",
    )
    project.manifest("one")
    here = tmp_path / "here"
    here.mkdir()
    (here / ".env").write_text("OPENAI_API_KEY=sk-of-somebody-else\n")
    project.enter = lambda _: monkeypatch.chdir(here)
    shown = project.run("plan", "-C", project.path, "-t", "it")
    assert shown.code == 1
    assert "there is no API key for target 'it'" in shown.err
