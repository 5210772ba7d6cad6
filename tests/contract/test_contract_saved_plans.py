"""A saved plan: ``apply PLANFILE`` does exactly that, or refuses and names what moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.dashboard import Dashboard
from support.projects import ProjectFolder
from support.server import RecordingServer


@pytest.fixture
def saved(remote: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project with ``a`` to update, ``b`` to delete, ``c`` to create and ``d`` unchanged, saved in x.plan."""
    for key in ("a", "b", "d"):
        remote.manifest(key, instructions="First.")
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("a", instructions="Second.")
    remote.remove("b")
    remote.manifest("c")
    server.clear()
    assert remote.run("plan", "--out", "x.plan").code == 0
    assert server.mutations == []
    return remote


def test_a_saved_plan_is_the_plan_as_json(saved: ProjectFolder) -> None:
    document = json.loads((saved.path / "x.plan").read_text())
    shown = saved.run("plan", "--format", "json").json
    assert {name: document[name] for name in shown} == shown
    assert (saved.path / "x.plan").stat().st_mode & 0o077 == 0, "it may hold prompts"


def test_a_saved_plan_is_applied_as_it_is(saved: ProjectFolder, dashboard: Dashboard) -> None:
    applied = saved.run("apply", "x.plan", "--yes", "--format", "json")
    assert applied.code == 0
    assert {one["key"]: one["action"] for one in applied.json["results"]} == {
        "a": "update",
        "b": "delete",
        "c": "create",
    }
    assert dashboard.names() == ["a", "c", "d"]
    assert saved.run("plan", "--detailed-exitcode").code == 0


def test_a_saved_plan_without_a_terminal_wants_yes(saved: ProjectFolder, server: RecordingServer) -> None:
    server.clear()
    assert saved.run("apply", "x.plan").code == 3
    assert server.mutations == []


Move = Callable[[Dashboard], object]
MOVES: dict[str, tuple[Move, str]] = {
    "what it updates was edited": (lambda them: them.change(them.named("a"), instructions="Theirs."), "a"),
    "what it updates was edited elsewhere": (lambda them: them.change(them.named("a"), temperature=0.1), "a"),
    "what it updates was deleted": (lambda them: them.delete(them.named("a")), "a"),
    "what it deletes was edited": (lambda them: them.change(them.named("b"), instructions="Theirs."), "b"),
    "what it deletes is gone": (lambda them: them.delete(them.named("b")), "b"),
    "somebody else made what it creates": (lambda them: them.create(name="c"), "c"),
}


@pytest.mark.parametrize(("move", "key"), MOVES.values(), ids=MOVES)
def test_a_stale_plan_is_refused_and_names_what_moved(
    saved: ProjectFolder, server: RecordingServer, dashboard: Dashboard, move: Move, key: str
) -> None:
    move(dashboard)
    before = dashboard.all()
    server.clear()
    shown = saved.run("apply", "x.plan", "--yes")
    assert shown.code == 3, shown.err + shown.out
    assert key in shown.err.replace(",", " ").replace(":", " ").replace("'", " ").split()
    assert server.mutations == []
    assert dashboard.all() == before


def test_what_others_do_with_theirs_does_not_make_it_stale(saved: ProjectFolder, dashboard: Dashboard) -> None:
    dashboard.create(name="nobody's")
    assert saved.run("apply", "x.plan", "--yes").code == 0


def test_a_plan_is_used_once(saved: ProjectFolder, server: RecordingServer) -> None:
    assert saved.run("apply", "x.plan", "--yes").code == 0
    server.clear()
    assert saved.run("apply", "x.plan", "--yes").code == 3
    assert server.mutations == []


def test_manifests_that_moved_since(saved: ProjectFolder, server: RecordingServer, dashboard: Dashboard) -> None:
    """What was reviewed is done, or nothing: never something else."""
    saved.manifest("a", instructions="Third.")
    server.clear()
    shown = saved.run("apply", "x.plan", "--yes")
    if shown.code == 0:
        assert dashboard.named("a")["instructions"] == "Second."
    else:
        assert (shown.code, server.mutations) == (3, [])


def test_a_saved_plan_keeps_to_its_keys(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("a")
    remote.manifest("b")
    remote.run("plan", "a", "--out", "x.plan")
    assert remote.run("apply", "x.plan", "--yes").code == 0
    assert dashboard.names() == ["a"]


def test_a_saved_plan_to_destroy(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("a")
    remote.run("apply", "--yes")
    remote.run("plan", "--destroy", "--out", "x.plan")
    assert remote.run("apply", "x.plan", "--yes").code == 0
    assert dashboard.all() == []


def test_a_saved_plan_for_another_target_or_project_is_refused(
    saved: ProjectFolder, server: RecordingServer
) -> None:
    text = (saved.path / "assistctl.yaml").read_text()
    server.clear()
    saved.write(
        "assistctl.yaml",
        text + f"  other: {{platform: openai-assistants, base_url: '{server.url}', api_key: k}}\n",
    )
    assert saved.run("apply", "x.plan", "--yes", "-t", "other").code in {1, 3}
    saved.write("assistctl.yaml", text.replace("project: acme", "project: other"))
    assert saved.run("apply", "x.plan", "--yes").code in {1, 3}
    assert server.mutations == []


def test_a_blocked_saved_plan_is_refused(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("a", lifecycle={"prevent_destroy": True})
    remote.run("apply", "--yes")
    remote.remove("a")
    assert remote.run("plan", "--out", "x.plan").code == 0
    server.clear()
    assert remote.run("apply", "x.plan", "--yes").code == 3
    assert server.mutations == []


def edited(plan: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Edit a saved plan by hand."""
    document = json.loads(plan.read_text())
    change(document)
    plan.write_text(json.dumps(document))


def test_an_edited_plan_does_not_get_past_a_safety_rule(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("a", lifecycle={"prevent_destroy": True})
    remote.run("apply", "--yes")
    remote.remove("a")
    remote.run("plan", "--out", "x.plan")

    def unblock(document: dict[str, object]) -> None:
        for change in document["changes"]:  # type: ignore[attr-defined]
            change.pop("blocked", None)

    edited(remote.path / "x.plan", unblock)
    assert remote.run("apply", "x.plan", "--yes").code in {1, 3}
    assert dashboard.names() == ["a"]


def test_a_later_minor_format_only_adds(saved: ProjectFolder) -> None:
    edited(saved.path / "x.plan", lambda document: document.update(format_version="1.7", new_thing={"a": 1}))
    assert saved.run("apply", "x.plan", "--yes").code == 0


BROKEN = {
    "not there": None,
    "empty": b"",
    "not JSON": b"hello",
    "not UTF-8": b"\xff\xfe{}",
    "a list": b"[]",
    "another document": b'{"hello": "world"}',
    "half of one": b'{"format_version": "1.0", "project": "acme"}',
    "of a later major version": b'{"format_version": "2.0", "project": "acme"}',
    "nested deeply": b"[" * 100_000,
    "wrong types": b'{"format_version": 1, "project": [], "target": 3, "changes": {}, "fingerprint": null}',
    "NaN": b'{"format_version": NaN}',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_plan_is_1(remote: ProjectFolder, server: RecordingServer, text: bytes | None) -> None:
    remote.manifest("a")
    if text is not None:
        remote.write("x.plan", text)
    shown = remote.run("apply", "x.plan", "--yes")
    assert shown.code == 1
    assert "x.plan" in shown.err
    assert server.mutations == []


def test_a_folder_is_no_plan(remote: ProjectFolder) -> None:
    assert remote.run("apply", "./assistants", "--yes").code == 1


def test_plan_file_paths_are_relative_to_where_the_command_runs(saved: ProjectFolder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    saved.enter(tmp_path / "elsewhere")
    path, saved.path = saved.path, tmp_path / "elsewhere"
    assert saved.run("-C", path, "plan", "--out", "here.plan").code == 0
    assert (tmp_path / "elsewhere/here.plan").is_file()
    assert saved.run("-C", path, "apply", "here.plan", "--yes").code == 0


def test_a_plan_that_cannot_be_written_is_1(remote: ProjectFolder) -> None:
    remote.manifest("a")
    shown = remote.run("plan", "--out", "no/such/folder/x.plan")
    assert shown.code == 1
    assert "no/such/folder" in shown.err
