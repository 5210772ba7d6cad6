"""An apply with files that is killed in the middle: the next one converges, and ``gc`` names what is left."""

from __future__ import annotations

import pytest

from support.interruptions import Interruption, Mishap, killed_apply, wrong_after
from support.projects import ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots


# The vector store, two uploads, the batch, the upload for the other tool, the settling and the assistant: seven
# requests change something. A kill before one leaves all on record that was done, as a Ctrl-C does
# (test_true_reports.py); one after it, the last is not. An upload for the vector store is lost in
# test_foreign_files.py.
@pytest.mark.parametrize(
    ("mishap", "place"),
    [
        (Mishap.KILLED, 3),
        *((Mishap.KILLED_AFTER, place) for place in (0, 3, 4, 5, 6)),
    ],
)
def test_killed_at(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, mishap: Mishap, place: int
) -> None:
    for name in ("one", "two"):
        remote.write(f"assistants/docs/{name}.md", name)
    remote.write("assistants/data/prices.csv", "1,2\n")
    remote.manifest(
        "desk",
        tools=[{"type": "file_search"}, {"type": "code_interpreter"}],
        files=[{"path": "docs/*", "tool": "file_search"}, {"path": "data/*", "tool": "code_interpreter"}],
    )
    interruption = Interruption(mishap, place)
    interruption.on(server)
    assert killed_apply(remote.path, interruption) == -9
    interruption.over(server)
    assert list(wrong_after(remote.run, stored_objects, keys=1)) == []


def test_what_a_killed_apply_left_is_found_without_another_apply(
    remote: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    interruption = Interruption(Mishap.KILLED, 2)  # the upload and the vector store are there
    interruption.on(server)
    assert killed_apply(remote.path, interruption) == -9
    interruption.over(server)

    found = remote.run("gc", "--format", "json")
    assert found.code == 3
    garbage = [(item["kind"], item["name"], item["proven"]) for item in found.json["garbage"]]
    assert garbage == [("vector_store", "desk", True), ("file", "one.md", True)]
    assert (len(stored_objects.stores()), len(stored_objects.uploads())) == (1, 1)

    assert remote.run("gc", "--yes").code == 0
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})
    assert remote.run("gc", "--format", "json").json["garbage"] == []


def test_what_only_looks_like_ours_is_listed_and_left(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    theirs = stored_objects.upload("one.md", b"olleh")
    stored_objects.upload("other.md", b"hello")
    found = remote.run("gc", "--yes", "--format", "json")
    assert (found.code, [(item["id"], item["proven"]) for item in found.json["garbage"]]) == (0, [(theirs, False)])
    assert len(stored_objects.uploads()) == 2
    assert remote.run("gc", "--yes", "--unproven").code == 0
    assert list(stored_objects.uploads().values()) == ["other.md"]
