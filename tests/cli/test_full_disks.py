"""A journal that cannot be written to its end: what is told is true all the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from support.dashboard import Dashboard
from support.projects import ProjectFolder
from support.served_command import with_file_limit
from support.server import RecordingServer
from support.stored_objects import StoredObjects

TOOLS = [{"type": "code_interpreter"}]


@pytest.mark.usefixtures("assistctl_on_path")
@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (1, (1, "failed", "failed", ["a"])),
        (2, (4, "failed", "interrupted", ["a", "b"])),
        (3, (0, "ok", "interrupted", ["a", "b"])),
    ],
    ids=["before it begins", "once it is done", "at the end"],
)
def test_what_is_told_is_true(
    remote: ProjectFolder, stored_objects: StoredObjects, lines: int, expected: tuple[int, str, str, list[str]]
) -> None:
    remote.manifest("a")
    assert remote.run("apply", "--yes").code == 0
    [journal] = (remote.path / ".assistctl" / "journal").rglob("*.jsonl")
    sizes = [len(line) for line in journal.read_bytes().splitlines(keepends=True)]
    journal.unlink()
    remote.manifest("b")
    limit = sum(sizes[:lines]) + sizes[lines] // 2
    done = subprocess.run(
        with_file_limit(limit, "apply", "--yes", "--format", "json"),
        cwd=remote.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    [result] = json.loads(done.stdout)["results"]
    [past] = remote.run("history", "--format", "json").json["applies"]
    there = sorted(assistant["name"] for assistant in stored_objects.assistants())
    assert (done.returncode, result["status"], past["state"], there) == expected
    assert ("this was done, and is not on record" in (result["error"] or "")) is (lines == 2)


@pytest.mark.usefixtures("assistctl_on_path")
@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
@pytest.mark.parametrize("command", [("migrate", "--from", "prod", "--to", "local"), ("dump",)])
def test_manifests_are_written_all_or_none(
    remote: ProjectFolder, stored_objects: StoredObjects, server: RecordingServer, command: tuple[str, ...]
) -> None:
    """A manifest without what it names would be left alone by the next run, as declared already."""
    upload = stored_objects.upload("large.csv", b"x" * 50_000, "user_data")
    dashboard = Dashboard(server.url)
    resources = {"code_interpreter": {"file_ids": [upload]}}
    dashboard.create(name="small", instructions="Be brief.")
    dashboard.create(name="large", instructions="Be kind. " * 4_000, tools=TOOLS, tool_resources=resources)
    dashboard.close()
    before = remote.snapshot()
    failed = subprocess.run(
        with_file_limit(10_000, *command), cwd=remote.path, capture_output=True, text=True, check=False, timeout=60
    )
    assert failed.returncode == 1, failed
    assert "cannot be written" in failed.stderr
    assert remote.snapshot() == before
    assert remote.run(*command).code == 0
    assert remote.run("validate").code == 0
    assert {path.stem for path in (remote.path / "assistants").glob("*.yaml")} == {"small", "large"}
