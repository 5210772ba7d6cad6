"""What applies did: recorded, listed, shown, and put back."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timedelta
from typing import Any

import pytest

from support.dashboard import Dashboard
from support.interruptions import Interruption, Mishap, killed_apply
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots


@pytest.fixture
def there(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """``a`` is applied."""
    snapshots.restore("there", lambda: make(remote, "One."))
    return remote


@pytest.fixture
def changed(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """``a`` was made and changed, by two applies."""
    snapshots.restore("changed", lambda: make(remote, "One.", "Two."))
    return remote


def make(project: ProjectFolder, *instructions: str) -> None:
    """Apply ``a`` with each of these in turn."""
    for text in instructions:
        project.manifest("a", instructions=text)
        applied(project)


def applied(project: ProjectFolder, *args: str) -> str:
    """Apply; the id of the apply in the journal."""
    outcome = project.run("apply", "--yes", *args)
    assert outcome.code == 0, outcome.err
    return str(listed(project)[0]["id"])


def listed(project: ProjectFolder) -> list[dict[str, Any]]:
    return list(project.run("history", "--format", "json").json["applies"])


def test_an_apply_is_recorded_and_shown(changed: ProjectFolder) -> None:
    applies = listed(changed)
    assert [(apply["state"], apply["command"]) for apply in applies] == [("done", "apply")] * 2
    second, first = (apply["id"] for apply in applies)
    assert first != second
    shown = changed.run("history", second, "--format", "json").json
    [entry] = shown["entries"]
    assert (entry["key"], entry["action"], entry["outcome"]) == ("a", "update", "ok")
    assert entry["before"]["fields"]["instructions"] == "One."
    text = changed.run("history", second[-4:])
    assert (text.code, "update  a  ok" in text.out) == (0, True)
    assert second in changed.run("history").out


def test_tools_are_shown_as_in_a_plan(remote: ProjectFolder) -> None:
    asks = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
    first, second = (
        {"type": "function", "function": {"name": "status", "description": text, "parameters": asks}}
        for text in ("Says where an order is.", "Says when an order comes.")
    )
    remote.manifest("a", tools=[first, {"type": "code_interpreter"}])
    created = applied(remote)
    remote.manifest("a", tools=[second])
    planned = remote.run("plan", "--format", "json").json["changes"][0]["diffs"]
    updated = applied(remote)
    assert remote.run("destroy", "--yes").code == 0
    deleted = str(listed(remote)[0]["id"])

    def diffs(apply_id: str) -> dict[str, tuple[Any, Any]]:
        [entry] = remote.run("history", apply_id, "--format", "json").json["entries"]
        return {diff["path"]: (diff["old"], diff["new"]) for diff in entry["diffs"] if "tools" in diff["path"]}

    assert diffs(updated) == {diff["path"]: (diff["old"], diff["new"]) for diff in planned}
    assert diffs(updated).keys() == {"tools[status].function.description", "tools[code_interpreter]"}
    assert diffs(created).keys() == {"tools[status]", "tools[code_interpreter]"}
    assert diffs(deleted).keys() == {"tools[status]"}
    for apply_id, sign, text in ((created, "+", "where an order is"), (deleted, "-", "when an order comes")):
        shown = remote.run("history", apply_id).out
        assert f"{sign}│ status(order_id: string)" in shown
        assert f"{sign}│ Says {text}." in shown
        assert '"type"' not in shown
        assert '"order_id"' in remote.run("history", apply_id, "-v").out


def test_an_apply_without_changes_is_not_recorded(there: ProjectFolder) -> None:
    applied(there)
    assert len(listed(there)) == 1


def test_the_journal_is_for_its_owner_alone(remote: ProjectFolder) -> None:
    remote.manifest("a")
    applied(remote)
    journal = remote.path / ".assistctl" / "journal"
    files = [path for path in journal.rglob("*") if path.is_file()]
    assert files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_what_was_changed_created_and_deleted_goes_back_and_files_stay_as_they_are_declared(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    reads = {"tools": [{"type": "file_search"}], "files": ["docs/*"]}
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("a", **reads, instructions="One.", temperature=0.5, metadata={"team": "x"})
    remote.manifest("old", instructions="Keep me.")
    applied(remote)
    remote.manifest("a", **reads, instructions="Two.", metadata={"team": "y"}, model="gpt-4.1-mini")
    remote.remove("old")
    remote.manifest("new")
    bad = applied(remote, "--allow-deletes")
    assert sorted(assistant["name"] for assistant in stored_objects.assistants()) == ["a", "new"]
    back = remote.run("rollback", bad, "--yes", "--format", "json")
    assert back.code == 0, back.err
    there = {assistant["name"]: assistant for assistant in stored_objects.assistants()}
    assert there.keys() == {"a", "old"}
    assert there["old"]["instructions"] == "Keep me."
    changed, [store] = there["a"], stored_objects.stores()
    assert (changed["instructions"], changed["temperature"], changed["model"]) == ("One.", 0.5, "gpt-4.1")
    assert changed["metadata"]["team"] == "x"
    assert changed["tool_resources"]["file_search"]["vector_store_ids"] == [store["id"]]
    assert list(stored_objects.uploads().values()) == ["one.md"]
    assert listed(remote)[0]["command"] == f"rollback {bad}"
    remote.manifest("a", **reads, instructions="One.", temperature=0.5, metadata={"team": "x"})
    remote.manifest("old", instructions="Keep me.")
    remote.remove("new")
    assert remote.run("plan", "--format", "json").json["changes"] == []


def test_a_rollback_can_be_rolled_back(changed: ProjectFolder, stored_objects: StoredObjects) -> None:
    for text in ("One.", "Two."):
        assert changed.run("rollback", str(listed(changed)[0]["id"]), "--yes").code == 0
        assert stored_objects.assistants()[0]["instructions"] == text


def test_what_was_adopted_is_nobodys_again(remote: ProjectFolder, server: RecordingServer) -> None:
    dashboard = Dashboard(server.url)
    dashboard.create(model="gpt-4.1", name="a", instructions="Theirs.", metadata={"team": "x"})
    before = dashboard.named("a")
    remote.manifest("a", instructions="Ours.", temperature=0.5, metadata={"owner": "y"})
    adopted = applied(remote, "--adopt")
    assert dashboard.named("a")["instructions"] == "Ours."
    back = remote.run("rollback", adopted, "--yes", "--format", "json")
    assert back.code == 0, back.err
    assert [(result["action"], result["status"]) for result in back.json["results"]] == [("forget", "ok")]
    assert dashboard.named("a") == before
    remote.remove("a")
    assert remote.run("plan", "--format", "json").json["changes"] == []
    # And the rollback of that rollback takes it over again.
    assert remote.run("rollback", str(listed(remote)[0]["id"]), "--yes").code == 0
    assert dashboard.named("a")["instructions"] == "Ours."
    assert [change["key"] for change in remote.run("plan", "--format", "json").json["changes"]] == ["a"]
    dashboard.close()


def test_what_was_forgotten_is_taken_over_again(there: ProjectFolder, stored_objects: StoredObjects) -> None:
    [before] = stored_objects.assistants()
    there.remove("a")
    assert there.run("forget", "a", "--yes").code == 0
    assert stored_objects.assistants()[0]["metadata"] == {}
    assert there.run("rollback", str(listed(there)[0]["id"]), "--yes").code == 0
    assert stored_objects.assistants() == [before]


def test_what_was_never_managed_is_left_as_it_is(changed: ProjectFolder, server: RecordingServer) -> None:
    dashboard = Dashboard(server.url)
    dashboard.change(dashboard.named("a"), temperature=0.1)
    assert changed.run("rollback", listed(changed)[0]["id"], "--yes").code == 0
    assert dashboard.named("a")["temperature"] == 0.1
    assert dashboard.named("a")["instructions"] == "One."
    dashboard.close()


def test_no_secret_is_in_the_journal_and_only_a_declared_one_goes_back(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch, stored_objects: StoredObjects
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2-and-more")
    remote.manifest("a", instructions="Use ${env:TOKEN}.", description="One.")
    applied(remote)
    remote.manifest("a", instructions="Use ${env:TOKEN}.", description="Two.")
    bad = applied(remote)
    everything = b"".join(path.read_bytes() for path in (remote.path / ".assistctl").rglob("*") if path.is_file())
    assert b"hunter2" not in everything
    assert remote.run("rollback", bad, "--yes").code == 0
    [assistant] = stored_objects.assistants()
    assert (assistant["instructions"], assistant["description"]) == ("Use hunter2-and-more.", "One.")

    remote.manifest("a", instructions="Use nothing.")
    back = remote.run("rollback", applied(remote), "--yes")
    assert back.code == 0
    assert "instructions held a secret, and what the manifest says in its place holds none" in back.err
    [assistant] = stored_objects.assistants()
    assert (assistant["instructions"], assistant["description"]) == ("Use nothing.", "One.")


def test_a_secret_pair_is_told_as_changed_only_where_it_was(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = []
    for instructions, pin in (("One.", "first"), ("Two.", "first"), ("Two.", "second")):
        monkeypatch.setenv("PIN", f"sk-{pin}-0123456789")
        remote.manifest("a", instructions=instructions, metadata={"pin": "${env:PIN}", "team": "support"})
        shown = remote.run("history", applied(remote), "--format", "json").json
        [entry] = shown["entries"]
        changes.append({diff["path"] for diff in entry["diffs"]})
    assert "metadata.pin" in changes[0]
    assert changes[1:] == [{"instructions"}, {"metadata.pin"}]


def test_without_a_terminal_a_rollback_wants_yes(there: ProjectFolder, server: RecordingServer) -> None:
    refused = there.run("rollback", listed(there)[0]["id"])
    assert (refused.code, server.mutations) == (3, [])
    assert "--yes" in refused.err


@pytest.mark.parametrize("apply_id", ["nonsense", "20200101T000000-0000", ""])
def test_an_apply_that_never_was(there: ProjectFolder, apply_id: str) -> None:
    for command in ("rollback", "history"):
        if command == "history" and not apply_id:
            continue
        outcome = there.run(command, apply_id)
        assert outcome.code == 1
        assert "there is no apply" in outcome.err


def test_a_target_without_applies_says_nothing_of_the_others(there: ProjectFolder) -> None:
    other = there.run("history", "-t", "local")
    assert (other.code, other.out) == (0, "")
    assert other.err.startswith("No apply to local is recorded in ")
    assert len(listed(there)) == 1


def test_what_was_applied_elsewhere_is_not_put_back_here(there: ProjectFolder) -> None:
    elsewhere = there.run("rollback", listed(there)[0]["id"], "--yes", "--target", "local")
    assert elsewhere.code == 3
    assert "--target prod" in elsewhere.err


def test_a_killed_apply_is_shown_as_interrupted(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("a")
    interruption = Interruption(Mishap.KILLED_AFTER, 0)
    interruption.on(server)
    assert killed_apply(remote.path, interruption) == -9
    interruption.over(server)
    [past] = listed(remote)
    assert past["state"] == "interrupted"
    assert "unknown: it was cut off" in remote.run("history", past["id"]).out
    assert remote.run("rollback", past["id"], "--yes").code == 0
    assert json.loads(remote.run("list", "--format", "json").out)["assistants"] == []


@pytest.mark.parametrize("kinds", [("intent", "outcome"), ("outcome",), ("intent",)])
def test_a_record_that_lacks_something_is_not_undone_in_part(
    there: ProjectFolder, stored_objects: StoredObjects, kinds: tuple[str, ...]
) -> None:
    """As where a segment in a bucket is gone: what is left reads well, and is not all."""
    there.manifest("a", instructions="Two.")
    there.manifest("b")
    apply_id = applied(there)
    [path] = there.path.rglob(f"{apply_id}.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if _about(line) not in {(kind, 1) for kind in kinds}))
    before = stored_objects.assistants()
    for command in (("history", apply_id), ("rollback", apply_id, "--yes")):
        outcome = there.run(*command)
        assert outcome.code == 1, outcome
        assert f"the apply {apply_id} cannot be read: it is damaged" in outcome.err
    assert stored_objects.assistants() == before
    assert there.run("history").code == 0


def _about(line: bytes) -> tuple[str, int | None]:
    parsed = json.loads(line)
    return parsed["type"], parsed.get("number")


def test_the_order_is_that_of_the_applies_whatever_clocks_say(there: ProjectFolder) -> None:
    """Another machine, whose clock is an hour ahead, made the first one."""
    [first] = listed(there)
    [path] = there.path.rglob(f"{first['id']}.jsonl")
    ahead = datetime.strptime(first["id"][:15], "%Y%m%dT%H%M%S") + timedelta(hours=1)  # noqa: DTZ007  # UTC
    made_ahead = f"{ahead:%Y%m%dT%H%M%S}-0003"
    path.with_stem(made_ahead).write_bytes(path.read_bytes().replace(first["id"].encode(), made_ahead.encode()))
    path.unlink()
    there.manifest("a", instructions="Two.")
    second = applied(there)
    there.manifest("a", instructions="Three.")
    third = applied(there)
    assert [apply["id"] for apply in listed(there)] == [third, second, made_ahead]
    assert first["id"] < made_ahead < second < third
