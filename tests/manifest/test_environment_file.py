"""``.env`` is that of the project, and no other: not of where the command runs, nor of a folder above."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistctl.manifest import load_project
from support.projects import ProjectFolder


@pytest.mark.parametrize("place", ["..", "../..", "assistants", ".assistctl"])
def test_no_other_folders_is_read(project: ProjectFolder, place: str) -> None:
    folder = (project.path / place).resolve()
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_text("ELSEWHERE=1\n")
    assert "ELSEWHERE" not in load_project(project.path, {}).environment


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
