"""Identities: taken over by id, carried to a new key, let go; and renames that are none."""

from __future__ import annotations

from typing import Any

import httpx2

from support.projects import ProjectFolder, settled
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


def test_an_id_beside_what_the_key_has_already_is_told(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk")
    assert remote.run("apply", "--yes").code == 0
    theirs = create(server, name="theirs")
    for identifier, told in (
        (theirs, True),
        ("asst_elsewhere", False),
        (remote.run("output").json["desk"], False),
    ):
        remote.write("assistants/desk.yaml", f"model: gpt-4.1\nimport: {identifier}\n")
        planned = remote.run("plan", "--detailed-exitcode")
        assert (planned.code, "is not taken over" in planned.out) == (0, told), planned.out
        assert ("assistants/desk.yaml:2:9: warning" in planned.out) is told


def test_an_id_of_another_target_is_told_and_its_line_can_go(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    identifier = create(server, name="desk")
    remote.write("assistants/desk.yaml", f"model: gpt-4.1\nimport: {identifier}\n")
    assert remote.run("apply", "--yes").code == 0
    shown = remote.run("plan", "-t", "local")
    assert shown.code == 1
    assert "assistants/desk.yaml:2:9" in shown.out
    said = " ".join(shown.out.split())
    assert f"there is no assistant '{identifier}' on the platform" in said
    assert "An id belongs to one target: give the id on this one." in said
    assert "a key that owns its assistant needs it no more." in said
    remote.manifest("desk")
    assert remote.run("plan", "--detailed-exitcode").code == 0, "it is owned by its mark"
    assert remote.run("apply", "--yes", "-t", "local").code == 0


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
    changes = remote.run("plan", "--format", "json").json["changes"]
    assert [
        (change["key"], change["action"], [diff["path"] for diff in change["diffs"]]) for change in changes
    ] == [("new", "update", ["key"])]
    server.clear()
    assert remote.run("apply", "--yes").code == 0
    assert [asked.method for asked in server.mutations] == ["POST"]
    assert remote.run("output").json == {"new": before}
    assert remote.run("plan", "--detailed-exitcode").code == 0
    remote.remove("new")
    assert remote.run("apply", "--yes").code == 3, "the protection moved with it"


def test_a_vector_store_that_moved_is_nobodys_edit_of_those_that_search_it(remote: ProjectFolder) -> None:
    store = "kind: vector_store\nfiles: [docs/*.md]\n"
    searching = "model: gpt-4.1\ntools: [{{type: file_search}}]\nvector_store: {}\n"
    remote.write("assistants/docs/one.md", "One.")
    remote.write("assistants/kb.yaml", store)
    remote.write("assistants/desk.yaml", searching.format("kb"))
    assert remote.run("apply", "--yes").code == 0
    remote.remove("kb")
    remote.write("assistants/wiki.yaml", f"moved_from: kb\n{store}")
    remote.write("assistants/desk.yaml", searching.format("wiki"))
    [desk] = [change for change in planned(remote) if change["kind"] == "assistant"]
    diffs = [(diff["path"], diff["old"], diff["new"], diff["origin"]) for diff in desk["diffs"]]
    assert diffs == [("vector_store", "kb", "wiki", "manifest")]
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0
    remote.remove("wiki")
    remote.manifest("desk")
    assert remote.run("drift").code == 0
    [desk] = [change for change in planned(remote) if change["kind"] == "assistant"]
    assert {diff["origin"] for diff in desk["diffs"]} == {"manifest"}


def test_a_vector_store_that_moves_alone_leaves_an_update_to_those_that_search_it(remote: ProjectFolder) -> None:
    store = "kind: vector_store\nfiles: [docs/*.md]\n"
    searching = "model: gpt-4.1\ntools: [{{type: file_search}}]\nvector_store: {}\n"
    remote.write("assistants/docs/one.md", "One.")
    remote.write("assistants/kb.yaml", store)
    for key in ("desk", "night"):
        remote.write(f"assistants/{key}.yaml", searching.format("kb"))
    assert remote.run("apply", "--yes").code == 0
    remote.remove("kb")
    remote.write("assistants/wiki.yaml", f"moved_from: kb\n{store}")
    for key in ("desk", "night"):
        remote.write(f"assistants/{key}.yaml", searching.format("wiki"))
    alone = remote.run("apply", "wiki", "--yes", "--format", "json")
    assert (alone.code, [result["key"] for result in alone.json["results"]]) == (0, ["wiki"])
    told = [message["key"] for message in alone.json["diagnostics"] if "on record as kb" in message["summary"]]
    assert told == ["desk", "night"]
    # What others would be told of it is what has happened, and nobody is accused.
    assert remote.run("drift").code == 0
    for change in planned(remote):
        assert change["reason"] == "its vector store has another key"
        diffs = [(diff["path"], diff["old"], diff["new"], diff["origin"]) for diff in change["diffs"]]
        assert diffs == [("vector_store", "kb", "wiki", "manifest")]
    assert [change["key"] for change in planned(remote)] == ["desk", "night"]
    # Nor is anybody when the manifests of both change, or go, before that is applied.
    remote.manifest("desk")
    remote.remove("night")
    desk, night = planned(remote)
    assert (desk["reason"], {diff["origin"] for diff in desk["diffs"]}) == ("manifest changed", {"manifest"})
    assert night["reason"] == "no longer declared"
    for key in ("desk", "night"):
        remote.write(f"assistants/{key}.yaml", searching.format("wiki"))
    settled(remote)
    remote.write("assistants/wiki.yaml", store)
    remote.manifest("desk")
    [desk] = [change for change in planned(remote) if change["kind"] == "assistant"]
    assert (desk["reason"], {diff["origin"] for diff in desk["diffs"]}) == ("manifest changed", {"manifest"})


def planned(project: ProjectFolder) -> list[dict[str, Any]]:
    """The changes of a plan."""
    return list(project.run("plan", "--format", "json").json["changes"])


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


def told(project: ProjectFolder, *options: str) -> list[str]:
    document = project.run("plan", "--format", "json", *options).json
    return [
        f"{diagnostic['summary']}. {diagnostic['detail']}"
        for diagnostic in document["diagnostics"]
        if "retired" not in diagnostic["summary"]
    ]


def alike(project: ProjectFolder, *options: str) -> list[str]:
    return [text for text in told(project, *options) if "the same" in text]


def test_a_renamed_manifest_is_told_of_moved_from(remote: ProjectFolder) -> None:
    remote.manifest("desk", instructions="Be brief.")
    remote.manifest("night", name="The night", instructions="Sleep.")
    remote.manifest("stays", instructions="Be brief.")
    assert remote.run("apply", "--yes").code == 0
    for key in ("desk", "night"):
        remote.remove(key)
    remote.manifest("counter", instructions="Be brief.")
    remote.manifest("late", name="The night", instructions="Something else.")
    remote.manifest("new", instructions="Nothing like it.")
    content, name = alike(remote)
    assert content.startswith(
        "'counter' is new, and 'desk', which no manifest declares any more, has the same content."
    )
    assert "`moved_from: desk`" in content
    assert name.startswith("'late' is new, and 'night', which no manifest declares any more, has the same name.")
    remote.manifest("counter", instructions="Be brief.", moved_from="desk")
    remote.manifest("late", name="The night", instructions="Something else.", moved_from="night")
    assert alike(remote) == []


def test_a_renamed_vector_store_is_told_of_moved_from(remote: ProjectFolder) -> None:
    remote.write("assistants/docs/one.md", "one")
    remote.write("assistants/manual.yaml", "kind: vector_store\nfiles: [docs/*]\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], vector_store="manual")
    assert remote.run("apply", "--yes").code == 0
    remote.remove("manual")
    remote.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [docs/*]\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], vector_store="handbook")
    [text] = alike(remote)
    assert text.startswith(
        "'handbook' is new, and 'manual', which no manifest declares any more, has the same files."
    )
    remote.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [docs/*]\nmoved_from: manual\n")
    assert alike(remote) == []


def renamed(project: ProjectFolder, old: str, new: str) -> None:
    path = project.path / "assistctl.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_renamed_project_is_told_of_what_its_old_name_owns(remote: ProjectFolder) -> None:
    for key in ("desk", "night"):
        remote.manifest(key, instructions=f"You are {key}.")
    assert remote.run("apply", "--yes").code == 0
    ids = remote.run("output").json
    renamed(remote, "project: acme", "project: acme-support")
    [text] = alike(remote)
    assert text.startswith("project=acme target=prod owns what looks the same as 2 to be created: ")
    assert all(f"{key} ({object_id})" in text for key, object_id in ids.items())
    assert "`assistctl forget`" in text
    assert "`import: ID`" in text


def test_a_renamed_target_is_told_and_a_second_one_is_not(remote: ProjectFolder) -> None:
    remote.manifest("desk")
    assert remote.run("apply", "--yes").code == 0
    path = remote.path / "assistctl.yaml"
    line = next(text for text in path.read_text().splitlines() if text.strip().startswith("prod:"))
    path.write_text(path.read_text() + line.replace("prod:", "staging:") + "\n")
    assert alike(remote, "--target", "staging") == []
    path.write_text(
        path.read_text().replace(line + "\n", "").replace("default_target: prod", "default_target: staging")
    )
    [text] = alike(remote)
    assert text.startswith("project=acme target=prod owns what looks the same as one to be created: desk (asst_")
    assert text.count("If the target was renamed") == 1


def test_the_way_over_to_a_new_project_name_is_as_told(remote: ProjectFolder) -> None:
    remote.manifest("desk", instructions="Be brief.")
    assert remote.run("apply", "--yes").code == 0
    ids = remote.run("output").json
    remote.remove("desk")
    assert remote.run("forget", "desk", "--yes").code == 0
    renamed(remote, "project: acme", "project: acme-support")
    remote.manifest("desk", instructions="Be brief.", **{"import": ids["desk"]})
    assert alike(remote) == []
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("output").json == ids


def test_other_projects_with_the_same_names_are_left_in_peace(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    create(
        server, name="desk", instructions="Theirs.", metadata={"assistctl": "project=other target=prod key=desk"}
    )
    remote.manifest("desk", instructions="Mine.")
    assert alike(remote) == []


def test_a_target_on_another_platform_is_told_of_what_it_leaves(remote: ProjectFolder) -> None:
    remote.manifest("desk")
    assert not [text for text in told(remote) if "stays there" in text]
    assert remote.run("apply", "--yes").code == 0
    path = remote.path / "assistctl.yaml"
    line = next(text for text in path.read_text().splitlines() if text.strip().startswith("prod:"))
    path.write_text(path.read_text().replace(line, "  prod: {platform: local}"))
    [text] = [text for text in told(remote) if "stays there" in text]
    assert text.startswith("the target prod was on the platform openai-assistants when it was last applied;")
    assert remote.run("apply", "--yes").code == 0
    assert not [text for text in told(remote) if "stays there" in text]


def test_a_plan_of_one_key_takes_no_other_for_undeclared(remote: ProjectFolder) -> None:
    remote.write("assistants/docs/one.md", "one")
    remote.write("assistants/manual.yaml", "kind: vector_store\nfiles: [docs/*]\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], vector_store="manual")
    assert remote.run("apply", "--yes").code == 0
    remote.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [docs/*]\n")
    remote.manifest("night", tools=[{"type": "file_search"}], vector_store="handbook")
    assert alike(remote, "night") == []
    assert alike(remote) == []
