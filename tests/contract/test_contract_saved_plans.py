"""A saved plan: ``apply PLANFILE`` does exactly that, or refuses and names what moved."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistctl.ownership.canonical import sha256
from support.dashboard import Dashboard
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import RecordingServer, recording_server

pytestmark = pytest.mark.from_snapshots


@pytest.fixture
def saved(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """A project with ``a`` to update, ``b`` to delete, ``c`` to create and ``d`` unchanged, saved in x.plan."""
    snapshots.restore("saved", lambda: save(remote, snapshots.server))
    return remote


def save(project: ProjectFolder, server: RecordingServer) -> None:
    """Apply what is there before, and save the plan."""
    for key in ("a", "b", "d"):
        project.manifest(key, instructions="First.")
    assert project.run("apply", "--yes").code == 0
    project.manifest("a", instructions="Second.")
    project.remove("b")
    project.manifest("c")
    server.clear()
    assert project.run("plan", "--out", "x.plan").code == 0
    assert server.mutations == []


def test_a_saved_plan_is_the_plan_as_json(saved: ProjectFolder) -> None:
    document = json.loads((saved.path / "x.plan").read_text())
    shown = saved.run("plan", "--format", "json").json
    assert {name: document[name] for name in shown} == shown
    assert (saved.path / "x.plan").stat().st_mode & 0o077 == 0, "it may hold prompts"


def test_a_saved_plan_is_applied_as_it_is(saved: ProjectFolder, dashboard: Dashboard) -> None:
    applied = saved.run("apply", "x.plan", "--yes", "--format", "json")
    assert applied.code == 0
    assert {result["key"]: result["action"] for result in applied.json["results"]} == {
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
    saved = remote.run("plan", "--destroy", "--out", "x.plan")
    assert "assistctl apply --allow-deletes x.plan" in saved.err
    refused = remote.run("apply", "x.plan", "--yes", "--format", "json")
    assert (refused.code, refused.json["changes"][0]["blocked"]) == (3, "threshold")
    assert dashboard.names() == ["a"]
    assert remote.run("apply", "x.plan", "--yes", "--allow-deletes").code == 0
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


def test_a_saved_plan_for_another_address_of_its_target_is_refused_and_names_the_one(
    remote: ProjectFolder, server: RecordingServer, tmp_path: Path
) -> None:
    """Nothing is on either server, so that all that differs is where they are."""
    remote.manifest("a")
    assert remote.run("plan", "--out", "x.plan").code == 0
    config = (remote.path / "assistctl.yaml").read_text()
    with recording_server(tmp_path / "elsewhere.db") as elsewhere:
        remote.write("assistctl.yaml", config.replace(server.url, elsewhere.url))
        refused = remote.run("apply", "x.plan", "--yes")
        assert (refused.code, elsewhere.mutations) == (3, [])
    words = f"the target prod had another platform or address when it was made (openai-assistants, {server.url})"
    assert words in refused.err


def test_a_blocked_saved_plan_is_refused(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("a", lifecycle={"prevent_destroy": True})
    remote.run("apply", "--yes")
    remote.remove("a")
    assert remote.run("plan", "--out", "x.plan").code == 0
    server.clear()
    assert remote.run("apply", "x.plan", "--yes").code == 3
    assert server.mutations == []


@pytest.mark.parametrize("name", ["a", "saved", "-x.plan", "-", "with space.plan"])
def test_the_command_that_applies_a_saved_plan_can_be_run(remote: ProjectFolder, name: str) -> None:
    remote.manifest("a")
    said = remote.run("plan", f"--out={name}").err
    command = shlex.split(said.split("`")[1])
    assert command[0] == "assistctl"
    applied = remote.run(*command[1:], "--yes")
    assert (applied.code, "1 created" in applied.out) == (0, True), applied.err


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


def test_a_file_that_is_no_plan_is_1(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("a")
    for name, text in BROKEN.items():
        if text is not None:
            remote.write("x.plan", text)
        shown = remote.run("apply", "x.plan", "--yes")
        assert shown.code == 1, name
        assert "x.plan" in shown.err, name
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


# What is shown is what is done


def forged(plan: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit a saved plan, and write its digest anew as somebody would who means it."""

    def forge(document: dict[str, Any]) -> None:
        change(document)
        del document["digest"]
        document["digest"] = f"sha256:{sha256(document)}"

    edited(plan, forge)


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no changes": lambda plan: plan["changes"].clear(),
    "one change less": lambda plan: plan["changes"].pop(),
    "one change more": lambda plan: plan["changes"].append({**plan["changes"][0], "key": "z"}),
    "another action": lambda plan: plan["changes"][1].update(action="update"),
    "another id": lambda plan: plan["changes"][0].update(id="asst_x"),
    "another reason": lambda plan: plan["changes"][0].update(reason="reviewed"),
    "another kind": lambda plan: plan["changes"][0].update(kind="vector_store"),
    "another value": lambda plan: plan["changes"][0]["diffs"][0].update(new="Harmless."),
    "another origin": lambda plan: plan["changes"][0]["diffs"][0].update(origin="drift"),
    "a diff that is secret": lambda plan: plan["changes"][0]["diffs"][0].update(secret=True, new="(secret)"),
    "no diffs": lambda plan: plan["changes"][0]["diffs"].clear(),
    "a rule": lambda plan: plan["changes"][0].update(blocked="protected"),
    "another summary": lambda plan: plan["summary"].update(delete=0),
    "drift": lambda plan: plan["drift"].append(
        {"kind": "assistant", "key": "a", "id": "x", "path": "model", "observed": "m", "desired": "n"}
    ),
    "a message": lambda plan: plan["diagnostics"].append(
        {
            **dict.fromkeys(("key", "file", "line", "column")),
            "severity": "info",
            "summary": "reviewed",
            "detail": "",
            "path": "",
        }
    ),
    "another platform": lambda plan: plan["target"].update(platform="local"),
    "another project": lambda plan: plan.update(project="other"),
    "another fingerprint": lambda plan: plan.update(fingerprint=f"sha256:{'0' * 64}"),
    "nothing observed": lambda plan: plan["observed"].clear(),
    "requests": lambda plan: plan["requests"].update({next(iter(plan["requests"])): "x"}),
    "no requests": lambda plan: plan["requests"].clear(),
    "a key": lambda plan: plan["options"].update(keys=["a"]),
    "destroy": lambda plan: plan["options"].update(destroy=True),
    "a destroy that is no boolean": lambda plan: plan["options"].update(destroy="yes"),
    "something unknown": lambda plan: plan.update(note="reviewed"),
    "something unknown inside": lambda plan: plan["changes"][0].update(note="reviewed"),
}


@pytest.mark.parametrize("how", [edited, forged])
def test_an_altered_plan_is_refused_whatever_was_altered(
    saved: ProjectFolder,
    server: RecordingServer,
    how: Callable[[Path, Callable[[dict[str, Any]], object]], None],
) -> None:
    plan = saved.path / "x.plan"
    whole = plan.read_bytes()
    for name, change in EDITS.items():
        plan.write_bytes(whole)
        how(plan, change)
        shown = saved.run("apply", "x.plan", "--yes", "--allow-deletes")
        assert shown.code == 3, (name, shown.err + shown.out)
        assert server.mutations == [], name
        if how is edited:
            assert "x.plan was altered after it was saved" in shown.err, name
            assert saved.run("show", "x.plan").code == 3, name


def test_a_plan_that_shows_one_update_does_not_destroy(saved: ProjectFolder, dashboard: Dashboard) -> None:
    """The requests and the option are those of a plan that deletes everything."""
    saved.run("plan", "--destroy", "--out", "all.plan")
    everything = json.loads((saved.path / "all.plan").read_text())

    def smuggle(plan: dict[str, Any]) -> None:
        plan["changes"] = plan["changes"][:1]
        plan["requests"] = everything["requests"]
        plan["options"]["destroy"] = True

    forged(saved.path / "x.plan", smuggle)
    shown = saved.run("apply", "x.plan", "--yes", "--allow-deletes")
    assert (shown.code, dashboard.names()) == (3, ["a", "b", "d"])
    assert "x.plan was altered" in shown.err

    def match(plan: dict[str, Any]) -> None:
        smuggle(plan)
        plan["requests"] = {"update a " + plan["changes"][0]["id"]: ""}

    saved.run("plan", "--out", "x.plan")
    forged(saved.path / "x.plan", match)
    assert saved.run("apply", "x.plan", "--yes", "--allow-deletes").code == 3
    assert dashboard.names() == ["a", "b", "d"]


def test_what_the_file_allows_is_wanted_on_the_command_line_as_well(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    for key in ("a", "b"):
        remote.manifest(key)
    remote.run("apply", "--yes")
    remote.remove("a")
    remote.remove("b")
    saved = remote.run("plan", "--allow-deletes", "--out", "x.plan", "--format", "json")
    assert {change.get("blocked") for change in saved.json["changes"]} == {None}
    refused = remote.run("apply", "x.plan", "--yes")
    assert (refused.code, "--allow-deletes" in refused.out) == (3, True)
    assert dashboard.names() == ["a", "b"]
    assert remote.run("apply", "x.plan", "--yes", "--allow-deletes").code == 0
    assert dashboard.all() == []


@pytest.mark.parametrize(("word", "names", "code"), [("--adopt", ["a"], 0), ("--no-adopt", ["a"], 3)])
def test_a_word_on_the_command_line_lifts_a_rule_and_does_nothing_else(
    remote: ProjectFolder, dashboard: Dashboard, word: str, names: list[str], code: int
) -> None:
    dashboard.create(name="a")
    remote.manifest("a")
    remote.run("plan", "--out", "x.plan")
    assert remote.run("apply", "x.plan", "--yes").code == 3
    assert remote.run("apply", "x.plan", "--yes", word).code == code
    assert dashboard.names() == names


def test_a_plan_with_secrets_is_compared_without_them(
    remote: ProjectFolder, dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_TOKEN", "hunter2-hunter2")
    remote.manifest("a", instructions="Use ${env:DESK_TOKEN}.", description="test-key is the API key")
    remote.run("plan", "--out", "x.plan")
    assert "hunter2" not in (remote.path / "x.plan").read_text()
    # Nothing in the file depends on the value, so that nobody can try values against it.
    monkeypatch.setenv("DESK_TOKEN", "another-one")
    assert remote.run("apply", "x.plan", "--yes").code == 0
    assert dashboard.named("a")["instructions"] == "Use another-one."


def test_a_comment_above_a_line_with_a_message_does_not_make_it_stale(remote: ProjectFolder) -> None:
    path = remote.manifest("a", instructions="Use `file_search`.", model="gpt-4.1")
    messages = remote.run("plan", "--out", "x.plan", "--format", "json").json["diagnostics"]
    assert "mention a tool" in " ".join(message["summary"] for message in messages)
    path.write_text(f"# A comment.\n{path.read_text()}")
    assert remote.run("apply", "x.plan", "--yes").code == 0


def test_a_plan_with_files_is_applied_in_another_checkout(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.write("assistants/a file.md", "One.")
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    files = [{"path": "a file.md", "tool": tool["type"]} for tool in tools]
    remote.manifest("a", tools=tools, files=files)
    assert remote.run("plan", "--out", "../x.plan").code == 0
    remote.path = shutil.copytree(remote.path, remote.path.with_name("elsewhere"))
    assert remote.run("apply", "../x.plan", "--yes").code == 0
    assert dashboard.names() == ["a"]
    remote.write("assistants/a file.md", "Two.")
    assert remote.run("plan", "--out", "../x.plan").code == 0
    remote.write("assistants/a file.md", "Three.")
    stale = remote.run("apply", "../x.plan", "--yes")
    assert (stale.code, "a file.md" in stale.err) == (3, True)
