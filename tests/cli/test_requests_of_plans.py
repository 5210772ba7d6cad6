"""How many requests a plan makes: a page each for a hundred assistants, and three beside those."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistctl.platforms.http.pager import PAGE_SIZE, all_items
from assistctl.platforms.openai import assistants
from support.benchmark_project import write_project
from support.projects import ProjectFolder
from support.server import recording_server

# A page is as long as is asked for, so that a short one shows the same.
PAGE = 8
BESIDE = 3


def test_a_plan_without_changes(project: ProjectFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PAGE_SIZE == 100
    monkeypatch.setattr(assistants, "PAGE_SIZE", PAGE)
    monkeypatch.setattr(all_items, "__defaults__", (PAGE,))
    place = tmp_path / "measured"
    place.mkdir()
    with recording_server(tmp_path / "server.db") as server:
        write_project(place, PAGE + 1, server.url)
        manifests = sorted((place / "assistants").iterdir())
        later = {path: path.read_text() for path in manifests[3:]}
        for path in later:
            path.unlink()
        for count in (3, PAGE, PAGE + 1):
            for path in manifests[3:count]:
                path.write_text(later[path])
            assert project.run("-C", place, "apply", "--yes", "--parallelism", "16").code == 0
            server.clear()
            done = project.run("-C", place, "plan", "--detailed-exitcode")
            assert done.code == 0, done.err
            assert {asked.method for asked in server.asked} == {"GET"}
            assert len(server.asked) <= -(-count // PAGE) + BESIDE, count
