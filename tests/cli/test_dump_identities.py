"""dump of what has no name of its own: everything is taken over by the next plan, and nothing is made twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from support.dashboard import Dashboard
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import RecordingServer

pytestmark = pytest.mark.from_snapshots


@pytest.fixture
def dashboard(server: RecordingServer) -> Iterator[Dashboard]:
    seen = Dashboard(server.url)
    yield seen
    seen.close()


@pytest.fixture
def desk(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """An assistant, applied."""
    snapshots.restore("desk", lambda: apply_desk(remote))
    return remote


def apply_desk(project: ProjectFolder) -> None:
    """Bring that about."""
    project.manifest("desk", instructions="one\ntwo")
    assert project.run("apply", "--yes").code == 0


def planned(project: ProjectFolder, *options: str) -> list[tuple[str, str, str | None]]:
    document = project.run("plan", "--format", "json", *options).json
    assert [diagnostic for diagnostic in document["diagnostics"] if diagnostic["severity"] == "error"] == []
    return sorted((change["action"], change["id"], change.get("blocked")) for change in document["changes"])


def manifest(project: ProjectFolder, key: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((project.path / f"assistants/{key}.yaml").read_text())
    return loaded


def test_nameless_ones_and_two_of_one_name_are_taken_over_by_their_ids(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    ids = [
        dashboard.create(**fields)["id"] for fields in ({}, {}, {"name": "Bot"}, {"name": "Bot"}, {"name": "One"})
    ]
    assert remote.run("dump").code == 0
    assert manifest(remote, "bot-2") == {"import": ids[3], "name": "Bot", "model": "gpt-4.1"}
    assert planned(remote) == sorted(("adopt", object_id, None) for object_id in ids)
    server_ids = sorted(assistant["id"] for assistant in dashboard.all())
    assert remote.run("apply", "--yes").code == 0
    assert sorted(assistant["id"] for assistant in dashboard.all()) == server_ids
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_a_second_dump_writes_nothing(remote: ProjectFolder, dashboard: Dashboard) -> None:
    for fields in ({}, {"name": "Bot"}, {"name": "Bot"}):
        dashboard.create(**fields)
    assert remote.run("dump").code == 0
    before = remote.snapshot()
    assert remote.run("dump", "--format", "json").json["assistants"] == []
    assert remote.snapshot() == before


def test_import_is_spoken_of_only_where_a_manifest_says_it(desk: ProjectFolder, dashboard: Dashboard) -> None:
    desk.remove("desk")
    kept = desk.run("dump")
    # Its mark says which one it is.
    assert (kept.code, {"import", "moved_from"} & manifest(desk, "desk").keys()) == (0, set())
    assert "import:" not in kept.out + kept.err
    dashboard.create(name="Bot")
    taken = desk.run("dump")
    assert (taken.code, "import" in manifest(desk, "bot")) == (0, True)
    assert "taken over by the next apply" in taken.out + taken.err


def test_a_name_that_a_key_has_already_hides_nobody(desk: ProjectFolder, dashboard: Dashboard) -> None:
    other = dashboard.create(name="desk")["id"]
    assert [assistant["key"] for assistant in desk.run("dump", "--format", "json").json["assistants"]] == [
        "desk-2"
    ]
    assert planned(desk) == [("adopt", other, None)]


def test_ambiguity_offers_the_way_out(remote: ProjectFolder, dashboard: Dashboard) -> None:
    ids = [dashboard.create(name="desk")["id"] for _ in range(2)]
    remote.manifest("desk")
    shown = remote.run("plan")
    assert "`import: ID` in the manifest says which one it takes over" in " ".join(shown.out.split())
    remote.manifest("desk", **{"import": ids[1]})
    assert planned(remote) == [("adopt", ids[1], None)]


def duplicates(dashboard: Dashboard) -> tuple[str, str]:
    """Two with the mark of ``desk``: somebody copied it with its metadata."""
    desk = dashboard.named("desk")
    fields = {name: desk[name] for name in ("name", "model", "instructions", "metadata")}
    return desk["id"], dashboard.create(**fields)["id"]


def test_twins_are_told_apart_by_their_ids(desk: ProjectFolder, dashboard: Dashboard) -> None:
    ids = duplicates(dashboard)
    assert [blocked for _, _, blocked in planned(desk)] == ["ambiguous"]
    assert "`import: ID`" in desk.run("plan").out
    desk.manifest("desk", instructions="one\ntwo", **{"import": ids[1]})
    assert planned(desk) == []
    desk.manifest("copy", name="desk", instructions="one\ntwo", **{"import": ids[0]})
    assert planned(desk) == [("update", ids[0], None)]
    assert desk.run("apply", "--yes").code == 0
    assert desk.run("output").json == {"desk": ids[1], "copy": ids[0]}
    desk.manifest("desk", instructions="one\ntwo")
    desk.manifest("copy", name="desk", instructions="one\ntwo")
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_twins_that_no_manifest_declares_come_out_as_two(desk: ProjectFolder, dashboard: Dashboard) -> None:
    ids = duplicates(dashboard)
    desk.remove("desk")
    dumped = desk.run("dump", "--format", "json").json
    assert [assistant["key"] for assistant in dumped["assistants"]] == ["desk", "desk-2"]
    assert planned(desk) == [("update", ids[1], None)]
    assert desk.run("apply", "--yes").code == 0
    assert desk.run("output").json == {"desk": ids[0], "desk-2": ids[1]}
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_two_manifests_want_one_twin(desk: ProjectFolder, dashboard: Dashboard) -> None:
    ids = duplicates(dashboard)
    desk.manifest("desk", **{"import": ids[1]})
    desk.manifest("copy", **{"import": ids[1]})
    shown = desk.run("apply", "--yes")
    assert shown.code == 1
    assert f"{ids[1]!r} is owned by project=acme target=prod key=desk" in shown.out


def test_a_key_names_one(remote: ProjectFolder) -> None:
    for key in ("desk", "night"):
        remote.manifest(key, name=f"The {key}")
    assert remote.run("apply", "--yes").code == 0
    for key in ("desk", "night"):
        remote.remove(key)
    assert [
        assistant["key"] for assistant in remote.run("dump", "night", "--format", "json").json["assistants"]
    ] == ["night"]
    unknown = remote.run("dump", "dessk")
    assert unknown.code == 1
    assert "did you mean 'desk'?" in unknown.err.lower()


def test_what_is_declared_is_not_written_beside_its_manifest(desk: ProjectFolder) -> None:
    before = desk.snapshot()
    refused = desk.run("dump", "desk")
    assert refused.code == 1
    assert "'desk' is declared already at assistants/desk.yaml:1:1" in refused.err
    assert desk.snapshot() == before
    assert desk.run("dump", "desk", "--to", "look").code == 0
    assert (desk.path / "look/desk.yaml").exists()


def test_what_is_to_move_or_to_be_let_go_is_declared(remote: ProjectFolder) -> None:
    for key in ("old", "gone"):
        remote.manifest(key)
    assert remote.run("apply", "--yes").code == 0
    for key in ("old", "gone"):
        remote.remove(key)
    remote.manifest("new", name="old", moved_from="old")
    path = remote.path / "assistctl.yaml"
    path.write_text(path.read_text() + "removed: [gone]\n")
    assert remote.run("dump", "--format", "json").json["assistants"] == []


def test_a_key_that_no_file_may_have_is_kept(remote: ProjectFolder) -> None:
    remote.write("assistants/bot.yaml", "key: assistctl\nmodel: gpt-4.1\n")
    assert remote.run("apply", "--yes").code == 0
    (remote.path / "assistants/bot.yaml").unlink()
    assert [assistant["key"] for assistant in remote.run("dump", "--format", "json").json["assistants"]] == [
        "assistctl"
    ]
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_what_others_own_is_written_as_a_copy_and_taken_from_nobody(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    pairs = {"assistctl": "project=other target=prod key=theirs"}
    identifier = dashboard.create(name="theirs", metadata=pairs)["id"]
    assert remote.run("dump", identifier).code == 0
    assert manifest(remote, "theirs") == {"model": "gpt-4.1"}
    assert [action for action, *_ in planned(remote)] == ["create"]


def test_the_key_of_a_server_is_not_free(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.write("assistants/ours.yaml", "kind: mcp_server\nkey: orders\nurl: https://mcp.example.com/mcp\n")
    created = dashboard.create(name="Orders")["id"]
    assert remote.run("dump").code == 0
    assert planned(remote) == [("adopt", created, None)]
    assert manifest(remote, "orders-2")["import"] == created
