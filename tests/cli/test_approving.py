"""Approving a plan: what is lost, what is undone, where it is declared, and what had to give way."""

from __future__ import annotations

import httpx2
import pytest

from support.projects import ProjectFolder
from support.server import RecordingServer

PROMPT = "# Desk\n\nBe brief.\n\n## Returns\n\nReturns take 30 days.\nNever guess.\n"
SECRET = "hunter2-and-more"


def edit(server: RecordingServer, identifier: str, **fields: object) -> None:
    """Change an assistant as somebody at the dashboard would."""
    headers = {"OpenAI-Beta": "assistants=v2"}
    httpx2.post(f"{server.url}/assistants/{identifier}", json=fields, headers=headers).raise_for_status()


def test_a_delete_shows_what_is_lost(project: ProjectFolder) -> None:
    project.manifest("old", model="gpt-4o", instructions=PROMPT, temperature=0.2, metadata={"team": "support"})
    project.manifest("kept")
    project.run("apply", "--yes")
    project.remove("old")
    for options in ((), ("--destroy", "old")):
        (change,) = project.run("plan", "--format", "json", *options).json["changes"]
        assert change["action"] == "delete", options
        lost = {diff["path"]: (diff["old"], diff["new"]) for diff in change["diffs"]}
        assert lost == {
            "name": ("old", None),
            "model": ("gpt-4o", None),
            "instructions": (PROMPT, None),
            "temperature": (0.2, None),
            "metadata.team": ("support", None),
        }, options
    assert "        7 -│ Returns take 30 days.\n" in project.run("plan", "-v").out
    assert "-     7 │ Returns take 30 days.\n" in project.run("plan", "--format", "markdown").out


def test_a_delete_shows_no_secret(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINE", SECRET)
    project.manifest("old", instructions="Call ${env:LINE} for help.")
    project.manifest("kept")
    project.run("apply", "--yes")
    monkeypatch.delenv("LINE")
    project.remove("old")
    plan = project.run("plan", "--format", "json")
    assert SECRET not in plan.out
    (change,) = plan.json["changes"]
    diff = next(diff for diff in change["diffs"] if diff["path"] == "instructions")
    assert (diff["old"], diff["new"], diff["secret"]) == ("(secret)", None, True)


def test_changes_say_where_they_are_declared(project: ProjectFolder) -> None:
    function = {"name": "status", "description": "Looks it up"}
    project.manifest("desk", top_p=0.5, tools=[{"type": "function", "function": function}])
    project.run("apply", "--yes")
    project.manifest("desk", tools=[{"type": "function", "function": {**function, "description": "Finds it"}}])
    (change,) = project.run("plan", "--format", "json").json["changes"]
    text = (project.path / "assistants/desk.yaml").read_text(encoding="utf-8").splitlines()
    places = {diff["path"]: text[diff["line"] - 1][diff["column"] - 1 :] for diff in change["diffs"]}
    assert change["file"] == "assistants/desk.yaml"
    assert "Finds it" in places["tools[status].function.description"]
    undeclared = [diff["path"] for diff in change["diffs"] if diff.get("undeclared")]
    assert undeclared == ["top_p"]
    assert "0.5 → default (1)\n" in project.run("plan").out


def test_a_saved_plan_holds_when_a_comment_moves_the_lines(project: ProjectFolder) -> None:
    project.manifest("desk", temperature=0.2)
    project.run("apply", "--yes")
    project.manifest("desk", temperature=0.4)
    project.run("plan", "--out", "change.plan")
    manifest = project.path / "assistants/desk.yaml"
    manifest.write_text(f"# reviewed\n{manifest.read_text(encoding='utf-8')}", encoding="utf-8")
    assert project.run("apply", "./change.plan", "--yes").code == 0


def test_a_field_that_both_changed_has_three_values(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk", temperature=1, instructions="Be brief.")
    remote.run("apply", "--yes")
    edit(server, remote.run("output").json["desk"], temperature=0.9, instructions="Be rude.")
    remote.manifest("desk", temperature=0.5, instructions="Be kind.")
    drift = {
        difference["path"]: difference for difference in remote.run("drift", "--format", "json").json["drift"]
    }
    assert {path: (difference["origin"], difference["last_applied"]) for path, difference in drift.items()} == {
        "temperature": ("both", {"known": True, "value": 1}),
        "instructions": ("both", {"known": False}),
    }
    shown = remote.run("plan").out
    assert "0.9 → 0.5  (changed here and outside; last applied: 1)" in shown
    assert "(changed here and outside; last applied: not known)" in shown
    again = remote.run("show", saved(remote), "--format", "json").json
    assert {difference["path"]: difference["last_applied"] for difference in again["drift"]} == {
        path: difference["last_applied"] for path, difference in drift.items()
    }


def saved(project: ProjectFolder) -> str:
    """The path of a plan that is saved now."""
    project.run("plan", "--out", "now.plan")
    return "now.plan"


def test_an_edit_that_apply_undoes_is_told_as_such(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk", temperature=0.2)
    remote.run("apply", "--yes")
    edit(server, remote.run("output").json["desk"], temperature=0.9)
    assert "0.9 → 0.2  (changed outside; apply will undo this edit)" in remote.run("plan").out
    assert "Apply will undo these edits" in remote.run("drift").out


def test_deletes_come_first_and_are_named_however_small_the_comment(project: ProjectFolder) -> None:
    before, after = PROMPT + "never-guess-" * 450, PROMPT + "always-guess" * 450
    for number in range(12):
        project.manifest(f"z{number}", instructions=PROMPT)
    for number in range(16):
        project.manifest(f"a{number}", instructions=before)
    project.run("apply", "--yes")
    for number in range(12):
        project.remove(f"z{number}")
    for number in range(16):
        project.manifest(f"a{number}", instructions=after)
    result = project.run("plan", "--format", "markdown", "--max-size", "2500")
    assert len(result.out.encode()) <= 2500
    assert all(f"`z{number}` | delete" in result.out for number in range(12))
    assert "Shortened to fit" in result.out
    rows = [line for line in result.out.splitlines() if line.startswith("| `")]
    assert [row[:5] for row in rows[:12]] == ["| `-`"] * 12
    assert len(project.run("plan", "--format", "markdown", "--max-size", "step-summary").out) > 65_536


@pytest.mark.parametrize("options", [("--max-size", "comment"), ("--format", "markdown", "--max-size", "2k")])
def test_a_size_that_means_nothing_is_a_wrong_command_line(
    project: ProjectFolder, options: tuple[str, ...]
) -> None:
    result = project.run("plan", *options)
    assert result.code == 64
    assert "--max-size" in result.err
