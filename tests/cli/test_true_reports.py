"""An apply that ends early or in part: report, journal and platform tell the same of each operation."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from support.agreement import Before
from support.command_process import exit_code, started
from support.interruptions import wrong_after
from support.project_snapshots import ProjectSnapshots
from support.projects import Outcome, ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

BAD = b"\x00\x01\x02"
TOOLS = [{"type": "file_search"}, {"type": "code_interpreter"}]
DESK: dict[str, Any] = {
    "tools": TOOLS,
    "files": [{"path": "docs/*", "tool": "file_search"}, {"path": "data/*", "tool": "code_interpreter"}],
}


def disagreements(project: ProjectFolder, before: Before, applied: Outcome) -> list[str]:
    return list(before.disagreements(project.run, applied.code, applied.json))


def by_name(document: Any) -> dict[tuple[str, str], Any]:
    return {(result["kind"], result["key"]): result for result in document["results"]}


def write_desk(project: ProjectFolder) -> None:
    for name in ("one", "two"):
        project.write(f"assistants/docs/{name}.md", f"About {name}.")
    project.write("assistants/data/prices.csv", "sku,price\n1,2\n")
    project.manifest("desk", **DESK)


@pytest.fixture
def two_applied(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """The desk and another assistant, applied."""
    snapshots.restore("two applied", lambda: apply_two(remote))
    return remote


def apply_two(project: ProjectFolder) -> None:
    write_desk(project)
    project.write("assistants/more/three.md", "About three.")
    project.manifest("other", tools=TOOLS[:1], files=["more/*"])
    assert project.run("apply", "--yes").code == 0


def change_desk(project: ProjectFolder) -> None:
    """One document is changed, one moved away, one new, a table changed, and a second assistant gone."""
    project.write("assistants/docs/one.md", "Something else.")
    (project.path / "assistants/docs/two.md").unlink()
    project.write("assistants/data/prices.csv", "sku,price\n1,3\n")
    project.remove("other")


class Held:
    """The ``place``-th request (from 0) that changes something waits until it is let go."""

    def __init__(self, server: RecordingServer, place: int) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._server, self._place, self._seen = server, place, -1
        server.gate = self._gate

    def over(self) -> None:
        """Let everything pass."""
        self.go_on.set()
        self._server.gate = lambda _: None

    def over_for_nobody(self) -> None:
        """Let everything pass, and wait for what was asked by somebody who is gone."""
        self.over()
        self._server.wait_until_idle()

    def _gate(self, asked: Asked) -> threading.Event | None:
        if asked.method == "GET":
            return None
        self._seen += 1
        if self._seen != self._place:
            return None
        self.begun.set()
        return self.go_on


def interrupted(project: ProjectFolder, held: Held, *, twice: bool) -> Outcome:
    """An apply that gets Ctrl-C while a request is held; a second one, or the request goes on."""
    out, err = project.path.parent / "results.json", project.path.parent / "err.txt"
    process = started(project.path, "apply", "--yes", "--format", "json", "--parallelism", "1", out=out, err=err)
    assert process.pid
    assert held.begun.wait(30)
    os.kill(process.pid, signal.SIGINT)
    _wait_for("Stopping", err)
    if twice:
        os.kill(process.pid, signal.SIGINT)
        code = exit_code(process, 30)
        held.over_for_nobody()
    else:
        held.over()
        code = exit_code(process, 30)
    return Outcome(code, out.read_text(), err.read_text())


def _wait_for(word: str, path: Path) -> None:
    pause = threading.Event()
    for _ in range(3_000):
        if word in path.read_text():
            return
        pause.wait(0.01)
    raise AssertionError(f"{word!r} is not in {path.read_text()!r}")


def once_at(*places: int) -> list[Any]:
    """Cases of one Ctrl-C: what is under way ends, and nothing else is begun."""
    return [pytest.param(place, False, id=f"{place}-once") for place in places]


def twice_at(*places: int) -> list[Any]:
    """Cases of two: nobody knows how what was under way ended."""
    return [pytest.param(place, True, id=f"{place}-twice") for place in places]


# The vector store, two uploads, the batch, the upload for the other tool, the settling and the assistant: seven
# requests change something. An upload is like the next, but for what is there by then when no more is begun.
@pytest.mark.parametrize(("place", "twice"), [*once_at(0, 2, 3, 5, 6), *twice_at(0, 2, 3, 5, 6)])
def test_a_first_apply_that_is_interrupted_tells_the_truth(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, place: int, twice: bool
) -> None:
    write_desk(remote)
    before = Before(stored_objects)
    applied = interrupted(remote, Held(server, place), twice=twice)
    assert disagreements(remote, before, applied) == []
    assert list(wrong_after(remote.run, stored_objects, keys=1)) == []


# An upload, the batch, the other upload, the settling, two to take out, the assistant, the other assistant, its
# vector store, and what nothing reads any more. The first apply had uploads already, a batch that ends, and
# the last of all.
@pytest.mark.parametrize(("place", "twice"), [*once_at(6, 7), *twice_at(1, 4, 6, 7, 9)])
def test_a_later_apply_that_is_interrupted_tells_the_truth(
    two_applied: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, place: int, twice: bool
) -> None:
    change_desk(two_applied)
    before = Before(stored_objects)
    applied = interrupted(two_applied, Held(server, place), twice=twice)
    assert disagreements(two_applied, before, applied) == []
    assert list(wrong_after(two_applied.run, stored_objects, keys=1)) == []


# Places 1, 2 and 4 are uploads, and those after them fail as well: all of them, all but one, and the last.
@pytest.mark.parametrize(
    ("place", "status"),
    [*((place, status) for place in (0, 2, 3, 5, 6) for status in (400, 500)), (1, 400), (4, 500)],
)
def test_an_apply_with_a_request_that_fails_tells_the_truth(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, place: int, status: int
) -> None:
    write_desk(remote)
    before = Before(stored_objects)
    seen: list[Asked] = []

    def fault(asked: Asked) -> Answer | None:
        if asked.method == "GET":
            return None
        seen.append(asked)
        failing = asked.path == seen[place].path if len(seen) > place else False
        return Answer(status, error_body("no"), headers=((b"retry-after-ms", b"1"),)) if failing else None

    server.fault = fault
    applied = remote.run("apply", "--yes", "--format", "json")
    server.fault = lambda _: None
    assert applied.code in {1, 4}
    assert disagreements(remote, before, applied) == []


def test_one_bad_file_is_the_only_one_that_fails(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    write_desk(remote)
    remote.write("assistants/docs/broken.bin", BAD)
    before = Before(stored_objects)
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.code == 4
    assert disagreements(remote, before, applied) == []
    results = by_name(applied.json)
    [store] = stored_objects.stores()
    assert (results["vector_store", "desk"]["status"], results["vector_store", "desk"]["id"]) == (
        "failed",
        store["id"],
    )
    good = ["assistants/data/prices.csv", "assistants/docs/one.md", "assistants/docs/two.md"]
    uploads = stored_objects.uploads()
    for path in good:
        result = results["file", path]
        assert (result["status"], result["upload"], uploads[result["id"]]) == ("ok", True, Path(path).name)
    bad = results["file", "assistants/docs/broken.bin"]
    assert (bad["status"], bad["id"], bad["upload"]) == ("failed", None, False)
    assert results["assistant", "desk"]["status"] == "failed"
    assert applied.json["files"]["upload"] == 3
    assert (applied.json["summary"]["create"], applied.json["summary"]["files"]["upload"]) == (1, 3)
    tells_an_error_in_full_once(applied.json["results"])
    history_counts_what_was_done(remote)


def tells_an_error_in_full_once(told: list[Any]) -> None:
    [reason] = [result["error"] for result in told if result["key"].endswith("broken.bin")]
    others = [
        result["error"]
        for result in told
        if result["status"] == "failed" and not result["key"].endswith("broken.bin")
    ]
    assert len(others) == 2
    for error in others:
        assert "assistants/docs/broken.bin" in error
        assert reason not in error


def history_counts_what_was_done(remote: ProjectFolder) -> None:
    [past] = remote.run("history", "--format", "json").json["applies"]
    assert (past["summary"]["create"], past["planned"]["create"], past["state"]) == (1, 2, "partial")
    assert "1 create" in remote.run("history").out
    entries = remote.run("history", past["id"], "--format", "json").json["entries"]
    outcomes = {(entry["kind"], Path(entry["key"]).name): entry["outcome"] for entry in entries}
    assert outcomes == {
        ("vector_store", "desk"): "failed",
        ("file", "one.md"): "ok",
        ("file", "two.md"): "ok",
        ("file", "prices.csv"): "ok",
        ("file", "broken.bin"): "withdrawn",
    }


def test_what_failed_is_not_said_to_be_indexed(remote: ProjectFolder) -> None:
    remote.write("assistants/docs/broken.bin", BAD)
    remote.manifest("desk", tools=TOOLS[:1], files=["docs/*"])
    applied = remote.run("apply", "--yes")
    assert "indexed 0 of 1 file of desk, 1 failed" in applied.err
    assert "indexed 1 of 1" not in applied.err


def test_uploads_that_are_used_again_are_not_counted(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    write_desk(remote)

    def no_batches(asked: Asked) -> Answer | None:
        return Answer(400, error_body("no")) if asked.path.endswith("/file_batches") else None

    server.fault = no_batches
    assert remote.run("apply", "--yes").code == 4
    server.fault = lambda _: None
    before = Before(stored_objects)
    server.clear()
    applied = remote.run("apply", "--yes", "--format", "json")
    assert (applied.code, disagreements(remote, before, applied)) == (0, [])
    assert [asked.path for asked in server.mutations if asked.path == "/v1/files"] == []
    assert applied.json["files"] == {"upload": 0, "remove": 0, "bytes": 0}
    assert "uploading" not in applied.err
    files = [result for result in applied.json["results"] if result["kind"] == "file"]
    assert {(file["action"], file["status"], file["upload"]) for file in files} == {("update", "ok", False)}


def test_a_file_that_another_one_reads_already_is_not_created(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    write_desk(remote)
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("other", **DESK)
    planned = remote.run("plan", "--format", "json").json
    files = [change for change in planned["changes"] if change["kind"] == "file"]
    assert {(file["action"], file["upload"]) for file in files} == {("update", False)}
    before = Before(stored_objects)
    applied = remote.run("apply", "--yes", "--format", "json")
    assert (applied.code, disagreements(remote, before, applied)) == (0, [])
    results = [result for result in applied.json["results"] if result["kind"] == "file"]
    assert {
        (result["action"], result["upload"], result["id"] in stored_objects.uploads()) for result in results
    } == {("update", False, True)}


def test_the_same_bytes_at_two_paths_are_one_upload(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    for folder in ("docs", "more"):
        remote.write(f"assistants/{folder}/one.md", "hello")
    for key, folder in (("a", "docs"), ("b", "more")):
        remote.manifest(key, tools=TOOLS[:1], files=[f"{folder}/*"])
    planned = remote.run("plan", "--format", "json").json
    before = Before(stored_objects)
    applied = remote.run("apply", "--yes", "--format", "json")
    assert disagreements(remote, before, applied) == []
    assert planned["files"] == applied.json["files"] == {"upload": 1, "remove": 0, "bytes": 5}


def test_a_plan_to_destroy_says_whom_it_means(remote: ProjectFolder) -> None:
    remote.manifest("desk")
    remote.manifest("orders", name="Order desk")
    assert remote.run("apply", "--yes").code == 0
    shown = remote.run("plan", "--destroy").out
    assert "- desk    delete  owned by this project  asst_" in shown
    assert "- orders  delete  named Order desk  asst_" in shown
    reasons = {change["reason"] for change in remote.run("plan", "--destroy", "--format", "json").json["changes"]}
    assert reasons == {"destroy"}
    remote.remove("desk")
    assert "- desk  delete  no longer declared  asst_" in remote.run("plan").out
