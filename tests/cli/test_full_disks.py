"""A journal that cannot be written to its end: what is told is true all the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from support.projects import ProjectFolder
from support.stored_objects import StoredObjects

# ``assistctl ARGS`` where no file can grow beyond so many bytes, as on a disk that is full.
# Run it with ``-B``: Python would leave compiled modules behind that are cut off.
_LIMITED = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from assistctl.cli.main import run
sys.exit(run(sys.argv[2:]))
"""


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
        [sys.executable, "-B", "-c", _LIMITED, str(limit), "apply", "--yes", "--format", "json"],
        cwd=remote.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    [result] = json.loads(done.stdout)["results"]
    [past] = remote.run("history", "--format", "json").json["applies"]
    there = sorted(one["name"] for one in stored_objects.assistants())
    assert (done.returncode, result["status"], past["state"], there) == expected
    assert ("this was done, and is not on record" in (result["error"] or "")) is (lines == 2)
