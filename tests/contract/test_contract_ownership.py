"""Never touched: an assistant this project does not own. Owned means marked with the project's name and key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot
from support.projects import Outcome, ProjectFolder
from support.server import RecordingServer

pytestmark = pytest.mark.from_snapshots


def changes(shown: Outcome) -> dict[str, tuple[str, str | None]]:
    """Key → action and what blocks it."""
    return {change["key"]: (change["action"], change.get("blocked")) for change in shown.json["changes"]}


def on_the_same_account(project: ProjectFolder, server: RecordingServer, name: str, targets: str = "prod") -> str:
    """Another project's folder beside the first, on the same server."""
    lines = "".join(
        f"  {target}: {{platform: openai-assistants, base_url: '{server.url}', api_key: other-key}}\n"
        for target in targets.split()
    )
    project.write(
        f"../{name}/assistctl.yaml",
        f"project: {name}\ndefault_target: {targets.split(maxsplit=1)[0]}\ntargets:\n{lines}",
    )
    return str(project.path.parent / name)


def test_our_pairs_are_at_most_four_and_name_project_and_key(remote: ProjectFolder, dashboard: Dashboard) -> None:
    pairs = {f"user-{number}": "x" * 512 for number in range(12)}
    remote.manifest(
        "order-desk",
        instructions="i" * 256_000,
        description="d" * 512,
        name="n" * 256,
        tools=[{"type": "function", "function": {"name": f"f{number}"}} for number in range(126)],
        temperature=0.1,
        top_p=0.2,
        response_format={"type": "json_object"},
        metadata=pairs,
        lifecycle={"prevent_destroy": True, "ignore_changes": ["temperature", "metadata.user-1"]},
    )
    applied = remote.run("apply", "--yes")
    assert applied.code == 0, applied.err
    (stored,) = dashboard.all()
    ours = {name: value for name, value in stored["metadata"].items() if name not in pairs}
    assert 1 <= len(ours) <= 4
    assert "acme" in " ".join(ours.values())
    assert "order-desk" in " ".join(ours.values())
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_more_user_pairs_than_are_left_is_an_error_that_says_so(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    remote.manifest("one", metadata={f"m{number}": "x" for number in range(13)})
    shown = remote.run("apply", "--yes")
    assert (shown.code, server.asked) == (1, [])
    assert "assistants/one.yaml:1:" in shown.err
    assert "12" in shown.err


def test_foreign_pairs_that_leave_no_room_for_ours_are_named_and_nothing_is_lost(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    theirs = dashboard.create(name="one", metadata={f"theirs-{number}": "x" for number in range(16)})
    remote.manifest("one")
    shown = remote.run("apply", "--yes", "--adopt")
    assert shown.code != 0
    assert "metadata" in shown.err + shown.out
    assert dashboard.all() == [theirs]


def test_no_state_file_a_fresh_checkout_knows_what_is_deployed(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    remote.manifest("one", instructions="Be brief.", temperature=0.5)
    remote.run("apply", "--yes")
    left = {path.relative_to(remote.path).parts[0] for path in remote.path.rglob("*")}
    assert left <= {"assistctl.yaml", "assistants", ".assistctl"}
    elsewhere = on_the_same_account(remote, server, "clone")
    remote.write("../clone/assistctl.yaml", (remote.path / "assistctl.yaml").read_bytes())
    remote.write("../clone/assistants/one.yaml", (remote.path / "assistants/one.yaml").read_bytes())
    assert remote.run("-C", elsewhere, "plan", "--detailed-exitcode").code == 0
    remote.write("../clone/assistants/one.yaml", "model: gpt-4.1\ninstructions: Be brief.\n")
    removed = remote.run("-C", elsewhere, "plan", "--format", "json").json["changes"]
    assert [[diff["path"] for diff in change["diffs"]] for change in removed] == [["temperature"]]


def test_two_projects_on_one_account_never_see_each_other(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard
) -> None:
    other = on_the_same_account(remote, server, "other")
    remote.manifest("desk", name="Desk", instructions="acme's")
    remote.write("../other/assistants/desk.yaml", "model: gpt-4.1\nname: Desk\ninstructions: other's\n")
    assert remote.run("apply", "--yes").code == 0
    mine = dashboard.all()[0]

    seen = remote.run("-C", other, "plan", "--format", "json")
    assert changes(seen) == {"desk": ("create", None)}
    assert "adopt" not in json.dumps(seen.json["diagnostics"])
    assert remote.run("-C", other, "apply", "--yes", "--adopt").code == 0
    assert len(dashboard.all()) == 2

    for args in (["apply", "--yes"], ["destroy", "--yes"]):
        assert remote.run("-C", other, *args).code == 0
        assert dashboard.all()[0] == mine
    assert dashboard.all() == [mine]
    assert remote.run("-C", other, "list", "--format", "json").json["assistants"] == []
    assert remote.run("-C", other, "output").json == {}
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_two_targets_on_one_account_never_see_each_other(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard
) -> None:
    folder = on_the_same_account(remote, server, "both", targets="staging prod")
    remote.write("../both/assistants/desk.yaml", "model: gpt-4.1\nname: Desk\n")
    assert remote.run("-C", folder, "apply", "--yes").code == 0
    staged = dashboard.all()
    for adopt in ([], ["--adopt"], ["--no-adopt"]):
        assert changes(remote.run("-C", folder, "plan", "-t", "prod", "--format", "json", *adopt)) == {
            "desk": ("create", None)
        }
    assert remote.run("-C", folder, "apply", "-t", "prod", "--yes").code == 0
    assert len(dashboard.all()) == 2
    assert remote.run("-C", folder, "destroy", "-t", "prod", "--yes").code == 0
    assert dashboard.all() == staged


@pytest.mark.parametrize(
    ("mark_of", "name"),
    [("acme", "acme-2"), ("acme-2", "acme"), ("acme", "acm"), ("a", "a_b"), ("a.b", "a"), ("acme", "ACME")],
)
def test_projects_with_similar_names_are_different(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, mark_of: str, name: str
) -> None:
    """A prefix, a suffix or another case of a name is another name."""
    first, second = (on_the_same_account(remote, server, folder) for folder in ("first", "second"))
    for folder, project in (("first", mark_of), ("second", name)):
        text = (remote.path.parent / folder / "assistctl.yaml").read_text()
        remote.write(f"../{folder}/assistctl.yaml", text.replace(f"project: {folder}", f"project: {project}"))
        remote.write(f"../{folder}/assistants/b.yaml", "model: gpt-4.1\nname: Same\n")
    remote.run("-C", first, "apply", "--yes")
    before = dashboard.all()
    assert changes(remote.run("-C", second, "plan", "--format", "json")) == {"b": ("create", None)}
    remote.run("-C", second, "destroy", "--yes")
    assert dashboard.all() == before


# Adoption


@pytest.fixture
def found(remote: ProjectFolder, dashboard: Dashboard) -> dict[str, Any]:
    """Somebody's assistant with the name that ``order-desk`` declares."""
    remote.manifest("order-desk", name="Order desk", instructions="Ours.")
    return dashboard.create(
        name="Order desk", instructions="Theirs.", temperature=0.3, metadata={"team": "theirs"}
    )


def test_undecided_adoption_is_a_warning_in_the_plan_and_stops_the_apply(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, found: dict[str, Any]
) -> None:
    shown = remote.run("plan", "--format", "json", "--detailed-exitcode")
    assert shown.code == 2
    (change,) = shown.json["changes"]
    assert change["blocked"] == "adoption"
    (warning,) = (diagnostic for diagnostic in shown.json["diagnostics"] if "adopt" in json.dumps(diagnostic))
    assert warning["severity"] == "warning"
    assert found["id"] in warning["summary"] + warning["detail"]
    server.clear()
    for args in (["apply", "--yes"], ["apply"], ["apply", "--yes", "--format", "json"]):
        refused = remote.run(*args)
        assert refused.code == 3
        assert "--adopt" in refused.err + refused.out
    assert server.mutations == []
    assert dashboard.all() == [found]


def test_adopt_takes_it_over_and_keeps_what_is_not_declared(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, found: dict[str, Any]
) -> None:
    planned = remote.run("plan", "--adopt", "--format", "json")
    assert changes(planned) == {"order-desk": ("adopt", None)}
    assert planned.json["changes"][0]["id"] == found["id"]
    assert planned.json["summary"]["adopt"] == 1
    server.clear()
    applied = remote.run("apply", "--adopt", "--yes", "--format", "json")
    assert applied.code == 0
    assert applied.json["results"][0]["action"] == "adopt"
    assert len(server.mutations) == 1
    (now,) = dashboard.all()
    assert (now["id"], now["instructions"], now["temperature"]) == (found["id"], "Ours.", 0.3)
    assert now["metadata"]["team"] == "theirs"
    assert remote.run("output").json == {"order-desk": found["id"]}
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_no_adopt_makes_another_and_leaves_theirs(
    remote: ProjectFolder, dashboard: Dashboard, found: dict[str, Any]
) -> None:
    assert changes(remote.run("plan", "--no-adopt", "--format", "json")) == {"order-desk": ("create", None)}
    assert remote.run("apply", "--no-adopt", "--yes").code == 0
    assert len(dashboard.all()) == 2
    assert found in dashboard.all()
    assert remote.run("plan", "--detailed-exitcode").code == 0
    assert remote.run("destroy", "--yes").code == 0
    assert dashboard.all() == [found]


def test_two_candidates_stop_the_run(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, found: dict[str, Any]
) -> None:
    second = dashboard.create(name="Order desk")
    shown = remote.run("plan", "--adopt", "--format", "json")
    assert shown.code == 0
    assert [change["blocked"] for change in shown.json["changes"]] == ["ambiguous"]
    server.clear()
    assert remote.run("apply", "--adopt", "--yes").code == 3
    assert server.mutations == []
    assert dashboard.all() == [found, second]


def test_two_owned_for_one_key_stop_the_run(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(one={})
    original = dashboard.all()[0]
    copy = dashboard.create(name="one", metadata=original["metadata"])
    shown = remote.run("plan", "--format", "json")
    assert shown.code == 0
    assert {change.get("blocked") for change in shown.json["changes"]} == {"ambiguous"}
    assert copy["id"] in shown.out
    server.clear()
    remote.manifest("one", instructions="Second.")
    remote.manifest("two")
    assert remote.run("apply", "--yes").code == 3
    assert server.mutations == []


def test_an_unowned_assistant_with_another_name_is_invisible(remote: ProjectFolder, dashboard: Dashboard) -> None:
    theirs = [
        dashboard.create(name=name, metadata=metadata)
        for metadata in ({}, {"team": "x"}, None)
        for name in ("someone", None, "order-desk-2")
    ]
    remote.manifest("order-desk")
    assert remote.run("apply", "--yes").code == 0
    assert [assistant["key"] for assistant in remote.run("list", "--format", "json").json["assistants"]] == [
        "order-desk"
    ]
    assert remote.run("destroy", "--yes").code == 0
    assert dashboard.all() == theirs


def test_a_renamed_assistant_is_still_ours(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(one={})
    (mine,) = dashboard.all()
    dashboard.change(mine, name="Somebody renamed it")
    assert changes(remote.run("plan", "--format", "json")) == {"one": ("update", None)}
    assert remote.run("apply", "--yes").code == 0
    assert [(assistant["id"], assistant["name"]) for assistant in dashboard.all()] == [(mine["id"], "one")]


def test_an_assistant_whose_mark_was_removed_is_not_ours_any_more(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(one={})
    unmarked = dashboard.change(dashboard.all()[0], metadata={})
    assert remote.run("destroy", "--yes").code == 0
    assert dashboard.all() == [unmarked]
    assert changes(remote.run("plan", "--format", "json"))["one"][1] == "adoption"
