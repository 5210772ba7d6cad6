"""Identities: taken over by id, carried to a new key, let go; and renames that are none."""

from __future__ import annotations

from typing import Any

import httpx2

from support.projects import ProjectFolder
from support.server import RecordingServer

HEADERS = {"OpenAI-Beta": "assistants=v2"}


def create(server: RecordingServer, **fields: Any) -> str:
    answer = httpx2.post(f"{server.url}/assistants", json={"model": "gpt-4.1", **fields}, headers=HEADERS)
    return str(answer.json()["id"])


def retrieve(server: RecordingServer, identifier: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx2.get(f"{server.url}/assistants/{identifier}", headers=HEADERS).json()
    return answer


def test_import_takes_over_that_one_and_no_other(remote: ProjectFolder, server: RecordingServer) -> None:
    ids = [create(server, name="desk"), create(server, name="desk")]
    remote.write("assistants/desk.yaml", f"model: gpt-4.1\nimport: {ids[1]}\n")
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("output").json == {"desk": ids[1]}
    assert retrieve(server, ids[0])["metadata"] == {}
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_what_cannot_be_imported_stops_everything(remote: ProjectFolder, server: RecordingServer) -> None:
    theirs = create(server, name="x", metadata={"assistctl": "project=other target=prod key=x"})
    for identifier, words in ((theirs, "is owned by project=other"), ("asst_none", "there is no assistant")):
        remote.write("assistants/desk.yaml", f"model: gpt-4.1\nimport: {identifier}\n")
        remote.manifest("innocent")
        server.clear()
        shown = remote.run("apply", "--yes")
        assert (shown.code, server.mutations) == (1, [])
        assert words in shown.out
        assert "assistants/desk.yaml:2:9" in shown.out


def test_a_renamed_file_with_its_key_changes_nothing(remote: ProjectFolder) -> None:
    remote.manifest("desk", name="Desk")
    remote.run("apply", "--yes")
    remote.remove("desk")
    remote.write("assistants/team/other.yaml", "key: desk\nname: Desk\nmodel: gpt-4.1\n")
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_moved_from_carries_the_assistant_over(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("old", name="Desk", lifecycle={"prevent_destroy": True})
    remote.run("apply", "--yes")
    before = remote.run("output").json["old"]
    remote.remove("old")
    remote.manifest("new", name="Desk", moved_from="old")
    change = remote.run("plan", "--format", "json").json["changes"]
    assert [(one["key"], one["action"], [diff["path"] for diff in one["diffs"]]) for one in change] == [
        ("new", "update", ["key"])
    ]
    server.clear()
    assert remote.run("apply", "--yes").code == 0
    assert [asked.method for asked in server.mutations] == ["POST"]
    assert remote.run("output").json == {"new": before}
    assert remote.run("plan", "--detailed-exitcode").code == 0
    remote.remove("new")
    assert remote.run("apply", "--yes").code == 3, "the protection moved with it"


def test_forget_lets_go_and_deletes_nothing(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk", metadata={"team": "support"})
    remote.run("apply", "--yes")
    identifier = remote.run("output").json["desk"]
    assert remote.run("forget", "desk", "--yes").code == 1, "it is still declared"
    remote.remove("desk")
    assert remote.run("forget", "desk").code == 3, "nobody said yes"
    done = remote.run("forget", "desk", "--yes", "--format", "json")
    assert (done.code, done.json["results"][0]["action"], done.json["summary"]["forget"]) == (0, "forget", 1)
    assert retrieve(server, identifier)["metadata"] == {"team": "support"}
    assert remote.run("output").json == {}
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_removed_does_the_same_with_the_next_apply(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk", lifecycle={"prevent_destroy": True})
    remote.manifest("other")
    remote.run("apply", "--yes")
    identifier = remote.run("output").json["desk"]
    remote.remove("desk")
    path = remote.path / "assistctl.yaml"
    path.write_text(path.read_text() + "removed: [desk]\n")
    assert remote.run("apply", "--yes").code == 0
    assert retrieve(server, identifier)["metadata"] == {}
    assert [*remote.run("output").json] == ["other"]
    assert remote.run("plan", "--detailed-exitcode").code == 0
