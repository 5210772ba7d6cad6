"""Protection and thresholds: ``plan`` tells, ``apply`` exits 3 before it touches anything."""

from __future__ import annotations

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot
from support.projects import Outcome, ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

PROTECTED = {"prevent_destroy": True}


def blocked(shown: Outcome) -> dict[str, str | None]:
    """Key → the rule that blocks its delete."""
    return {
        change["key"]: change.get("blocked") for change in shown.json["changes"] if change["action"] == "delete"
    }


@pytest.mark.parametrize("how", ["manifest deleted", "destroy", "destroy of a key"])
def test_a_protected_assistant_is_not_deleted(
    remote: ProjectFolder,
    server: RecordingServer,
    dashboard: Dashboard,
    apply_snapshot: ApplySnapshot,
    how: str,
) -> None:
    apply_snapshot(desk={"lifecycle": PROTECTED}, other={})
    if how == "manifest deleted":
        remote.remove("desk")
        remote.remove("other")
        remote.manifest("fresh")
    destroy = [] if how == "manifest deleted" else ["--destroy"]
    keys = ["desk"] if how == "destroy of a key" else []
    planned = remote.run("plan", *keys, *destroy, "--format", "json", "--detailed-exitcode")
    assert planned.code == 2, "plan never exits 3"
    assert blocked(planned)["desk"] == "protected"
    assert any(
        diagnostic["key"] == "desk" and "protect" in str(diagnostic) for diagnostic in planned.json["diagnostics"]
    )
    server.clear()
    refused = remote.run("destroy" if destroy else "apply", *keys, "--yes")
    assert refused.code == 3
    assert "desk" in refused.err + refused.out
    assert server.mutations == []
    assert dashboard.names() == ["desk", "other"]


def test_protection_is_stored_and_leaving_the_field_out_keeps_it(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(desk={"lifecycle": PROTECTED})
    remote.manifest("desk", instructions="Changed.")
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0
    remote.manifest("desk", instructions="Changed.", lifecycle={})
    assert remote.run("plan", "--detailed-exitcode").code == 0
    assert remote.run("destroy", "--yes").code == 3
    remote.remove("desk")
    assert remote.run("apply", "--yes").code == 3
    assert dashboard.names() == ["desk"]


def test_only_prevent_destroy_false_lifts_it(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(desk={"lifecycle": PROTECTED})
    remote.manifest("desk", lifecycle={"prevent_destroy": False})
    assert remote.run("plan", "--detailed-exitcode").code == 2, "lifting is a change that apply makes"
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0
    remote.remove("desk")
    assert remote.run("apply", "--yes", "--allow-deletes").code == 0
    assert dashboard.all() == []


def test_protection_added_later_is_stored_too(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(desk={})
    remote.manifest("desk", lifecycle=PROTECTED)
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0
    remote.remove("desk")
    assert remote.run("apply", "--yes").code == 3
    assert dashboard.names() == ["desk"]


def test_protection_does_not_hinder_an_update(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(desk={"lifecycle": PROTECTED})
    remote.manifest("desk", lifecycle=PROTECTED, instructions="New.")
    assert remote.run("apply", "--yes").code == 0
    assert dashboard.all()[0]["instructions"] == "New."


# Thresholds


def deploy(apply_snapshot: ApplySnapshot, count: int) -> None:
    """Begin with ``count`` assistants ``a0`` …"""
    apply_snapshot(**{f"a{number}": {} for number in range(count)})


def safety(remote: ProjectFolder, rules: str) -> None:
    """Set the project's safety rules."""
    text = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", f"{text}safety: {{{rules}}}\n")


DELETES = {
    "a third of ten with the default": ("", 10, 4, True),
    "just 30 percent": ("", 10, 3, False),
    "below min_existing": ("", 9, 8, False),
    "a rule of one's own": ("max_delete_percent: 10", 10, 2, True),
    "exactly a rule of one's own": ("max_delete_percent: 20", 10, 2, False),
    "a smaller min_existing": ("min_existing: 2", 2, 1, True),
    "any share is allowed": ("max_delete_percent: 100, min_existing: 0", 3, 2, False),
    "everything, below min_existing": ("", 9, 9, True),
    "everything, where any share is allowed": ("max_delete_percent: 100, min_existing: 0", 3, 3, True),
    "the only one": ("", 1, 1, True),
    "nothing is allowed": ("max_delete_percent: 0, min_existing: 0", 3, 1, True),
}


@pytest.mark.parametrize("case", DELETES.values(), ids=DELETES)
def test_too_many_deletes_are_refused(
    remote: ProjectFolder,
    server: RecordingServer,
    dashboard: Dashboard,
    case: tuple[str, int, int, bool],
    apply_snapshot: ApplySnapshot,
) -> None:
    rules, existing, deletes, refused = case
    deploy(apply_snapshot, existing)
    safety(remote, rules)
    for number in range(deletes):
        remote.remove(f"a{number}")
    planned = remote.run("plan", "--format", "json")
    assert planned.code == 0
    assert set(blocked(planned).values()) == ({"threshold"} if refused else {None})
    server.clear()
    if refused:
        shown = remote.run("apply", "--yes")
        assert shown.code == 3
        assert "--allow-deletes" in shown.err + shown.out
        assert server.mutations == []
    assert remote.run("apply", "--yes", *(["--allow-deletes"] if refused else [])).code == 0
    assert len(dashboard.all()) == existing - deletes


def test_where_there_are_only_vector_stores_they_are_everything(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    for key in ("one", "two"):
        remote.write(f"assistants/{key}.yaml", "{kind: vector_store}")
    assert remote.run("apply", "--yes").code == 0
    remote.remove("one")
    assert blocked(remote.run("plan", "--format", "json")) == {"one": None}
    remote.remove("two")
    assert blocked(remote.run("plan", "--format", "json")) == {"one": "threshold", "two": "threshold"}
    assert remote.run("apply", "--yes").code == 3
    assert len(stored_objects.stores()) == 2
    assert remote.run("apply", "--yes", "--allow-deletes").code == 0
    assert stored_objects.stores() == []


def test_thresholds_count_what_the_project_owns_and_not_the_account(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    deploy(apply_snapshot, 4)
    safety(remote, "min_existing: 4, max_delete_percent: 30")
    for number in range(10):
        dashboard.create(name=f"theirs-{number}")
    remote.remove("a0")
    remote.remove("a1")
    assert remote.run("apply", "--yes").code == 3


def test_destroy_does_not_obey_the_thresholds(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    deploy(apply_snapshot, 3)
    safety(remote, "min_existing: 0, max_delete_percent: 0, max_update_percent: 0")
    assert set(blocked(remote.run("plan", "--destroy", "--format", "json")).values()) == {None}
    assert remote.run("destroy", "--yes").code == 0
    assert dashboard.all() == []


def test_too_many_updates_are_refused(
    remote: ProjectFolder, server: RecordingServer, apply_snapshot: ApplySnapshot
) -> None:
    deploy(apply_snapshot, 4)
    safety(remote, "max_update_percent: 50, min_existing: 4")
    for number in range(3):
        remote.manifest(f"a{number}", instructions="New.")
    planned = remote.run("plan", "--format", "json")
    assert planned.code == 0
    assert {change.get("blocked") for change in planned.json["changes"]} == {"threshold"}
    server.clear()
    assert remote.run("apply", "--yes").code == 3
    assert remote.run("apply", "--yes", "--allow-deletes").code == 3, "that is for deletes"
    assert server.mutations == []
    told = remote.run("plan").out
    assert ("Raise safety.max_update_percent" in told, "--allow-deletes" in told) == (True, False)
    remote.manifest("a2")
    assert remote.run("apply", "--yes").code == 0


def test_selecting_keys_does_not_get_past_the_threshold(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    deploy(apply_snapshot, 4)
    safety(remote, "min_existing: 4")
    for number in range(4):
        remote.remove(f"a{number}")
    assert remote.run("apply", "a0", "a1", "--yes").code == 3
    assert len(dashboard.all()) == 4


def test_all_manifests_gone_is_refused(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    deploy(apply_snapshot, 10)
    (remote.path / "assistants").rename(remote.path / "moved")
    shown = remote.run("apply", "--yes")
    assert shown.code in {1, 3}
    assert len(dashboard.all()) == 10
