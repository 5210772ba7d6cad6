"""How many requests a plan makes: a page each for a hundred assistants, and three beside those."""

from __future__ import annotations

from pathlib import Path

from support.benchmark_project import write_project
from support.projects import ProjectFolder
from support.server import recording_server

PAGE = 100
BESIDE = 3


def test_a_plan_without_changes(project: ProjectFolder, tmp_path: Path) -> None:
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
