"""Drift inside a plan: what somebody else changed, what is ignored, and whose metadata is whose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot
from support.projects import ProjectFolder, key_of

pytestmark = pytest.mark.from_snapshots


def planned(remote: ProjectFolder, *args: str) -> tuple[dict[str, str], set[str]]:
    """Path → origin of the changes, and the paths under ``drift``."""
    document = remote.run("plan", "--format", "json", *args).json
    origins = {diff["path"]: diff["origin"] for change in document["changes"] for diff in change["diffs"]}
    return origins, {drift["path"] for drift in document["drift"]}


def planned_of_each(remote: ProjectFolder, keys: Iterable[str]) -> dict[str, tuple[dict[str, str], set[str]]]:
    """The same of each of these assistants."""
    document = remote.run("plan", "--format", "json").json
    found: dict[str, tuple[dict[str, str], set[str]]] = {key: ({}, set()) for key in keys}
    for change in document["changes"]:
        found[change["key"]][0].update({diff["path"]: diff["origin"] for diff in change["diffs"]})
    for drift in document["drift"]:
        found[drift["key"]][1].add(drift["path"])
    return found


def by_name(dashboard: Dashboard) -> dict[str, dict[str, Any]]:
    """Those on the account by their names."""
    return {assistant["name"]: assistant for assistant in dashboard.all()}


ORIGINS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str], set[str]]] = {
    "only the manifest": ({"instructions": "new"}, {}, {"instructions": "manifest"}, set()),
    "only somebody else": (
        {"instructions": "old"},
        {"instructions": "theirs"},
        {"instructions": "drift"},
        {"instructions"},
    ),
    "both, differently": (
        {"instructions": "new"},
        {"instructions": "theirs"},
        {"instructions": "both"},
        {"instructions"},
    ),
    "one field each": (
        {"instructions": "old", "temperature": 0.9},
        {"instructions": "theirs"},
        {"instructions": "drift", "temperature": "manifest"},
        {"instructions"},
    ),
    "the name": ({"instructions": "old"}, {"name": "theirs"}, {"name": "drift"}, {"name"}),
    "the model": ({"instructions": "old"}, {"model": "gpt-4o"}, {"model": "drift"}, {"model"}),
    "a field taken away": (
        {"instructions": "old"},
        {"instructions": None},
        {"instructions": "drift"},
        {"instructions"},
    ),
    "a tool added": ({"instructions": "old"}, {"tools": [{"type": "file_search"}]}, {}, set()),
}


def test_who_moved_it(remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot) -> None:
    cases = {key_of(name): case for name, case in ORIGINS.items()}
    apply_snapshot(**{key: {"instructions": "old"} for key in cases})
    before = by_name(dashboard)
    for key, (manifest, edit, _, _) in cases.items():
        dashboard.change(before[key], **edit)
        remote.manifest(key, **manifest)
    assert planned_of_each(remote, cases) == {key: case[2:] for key, case in cases.items()}
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0
    now = by_name(dashboard)
    for key, (manifest, *_) in cases.items():
        assert {name: now[key][name] for name in manifest} == manifest, key


def test_somebody_made_the_same_change_as_the_manifest(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    """Nothing differs, so nothing of the assistant is to be changed."""
    apply_snapshot(one={"instructions": "old"})
    dashboard.change(dashboard.all()[0], instructions="new")
    remote.manifest("one", instructions="new")
    origins, _ = planned(remote)
    assert origins == {}
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_a_tool_that_was_declared_and_that_somebody_extended(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("one", tools=[{"type": "code_interpreter"}])
    remote.run("apply", "--yes")
    dashboard.change(dashboard.all()[0], tools=[{"type": "code_interpreter"}, {"type": "file_search"}])
    origins, drift = planned(remote)
    assert set(origins.values()) == {"drift"}
    assert all(path.startswith("tools") for path in {*origins, *drift})
    assert remote.run("apply", "--yes").code == 0
    assert dashboard.all()[0]["tools"] == [{"type": "code_interpreter"}]


def test_drift_names_what_is_there_and_what_is_declared(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("one", model="gpt-4o-mini")
    remote.run("apply", "--yes")
    (stored,) = dashboard.all()
    dashboard.change(stored, model="gpt-4o")
    (drift,) = remote.run("plan", "--format", "json").json["drift"]
    assert (drift["key"], drift["id"], drift["path"]) == ("one", stored["id"], "model")
    assert (drift["observed"], drift["desired"]) == ("gpt-4o", "gpt-4o-mini")


def test_deleted_by_somebody_else_is_created_again(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(one={})
    dashboard.clear()
    (change,) = remote.run("plan", "--format", "json").json["changes"]
    assert (change["action"], change["id"]) == ("create", None)
    assert remote.run("apply", "--yes").code == 0
    assert dashboard.names() == ["one"]


# Metadata


def test_declared_pairs_are_managed_and_pairs_of_others_stay(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("one", metadata={"team": "support", "tier": "1"})
    remote.run("apply", "--yes")
    (stored,) = dashboard.all()
    dashboard.change(stored, metadata=stored["metadata"] | {"theirs": "x", "team": "sales"})
    assert planned(remote) == ({"metadata.team": "drift"}, {"metadata.team"})
    remote.manifest("one", metadata={"team": "support"})
    assert planned(remote)[0] == {"metadata.team": "drift", "metadata.tier": "manifest"}
    assert remote.run("apply", "--yes").code == 0
    now = dashboard.all()[0]["metadata"]
    assert (now["team"], now["theirs"], "tier" in now) == ("support", "x", False)
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_dropping_the_whole_metadata_drops_ours_and_not_theirs(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    left: dict[str, dict[str, Any]] = {"nothing": {}, "empty": {"metadata": {}}, "null": {"metadata": None}}
    apply_snapshot(**{key: {"metadata": {"team": "support"}} for key in left})
    for stored in dashboard.all():
        dashboard.change(stored, metadata=stored["metadata"] | {"theirs": "x"})
    for key, fields in left.items():
        remote.manifest(key, **fields)
    assert remote.run("apply", "--yes").code == 0
    for stored in dashboard.all():
        now = stored["metadata"]
        assert (now["theirs"], "team" in now) == ("x", False), stored["name"]
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_a_pair_of_others_stays_through_an_update_of_something_else(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(one={})
    (stored,) = dashboard.all()
    dashboard.change(stored, metadata=stored["metadata"] | {"provider_id": "p-1"})
    remote.manifest("one", instructions="new")
    assert remote.run("apply", "--yes").code == 0
    assert dashboard.all()[0]["metadata"]["provider_id"] == "p-1"


# ignore_changes

IGNORED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "temperature": ("temperature", {"temperature": 0.2}, {"temperature": 0.9}),
    "instructions": ("instructions", {"instructions": "a"}, {"instructions": "b"}),
    "metadata.team": ("metadata.team", {"metadata": {"team": "a"}}, {"metadata": {"team": "b"}}),
    "tools": ("tools", {"tools": [{"type": "code_interpreter"}]}, {"tools": [{"type": "file_search"}]}),
    "a function's description": (
        "tools[f].function.description",
        {"tools": [{"type": "function", "function": {"name": "f", "description": "a"}}]},
        {"tools": [{"type": "function", "function": {"name": "f", "description": "b"}}]},
    ),
}


def fields_of(stored: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Of an assistant, these fields; of its metadata, the pairs that ``fields`` has."""
    pairs = {name: stored["metadata"].get(name) for name in fields.get("metadata", {})}
    return {name: pairs if name == "metadata" else stored[name] for name in fields}


def test_an_ignored_field_is_set_on_create_then_neither_planned_nor_drift(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    cases = {key_of(name): case for name, case in IGNORED.items()}

    def declare(side: int, **more: object) -> None:
        for key, (path, *sides) in cases.items():
            remote.manifest(key, lifecycle={"ignore_changes": [path]}, **more, **sides[side])

    declare(0)
    assert remote.run("apply", "--yes").code == 0
    stored = by_name(dashboard)
    for key, (_, first, _) in cases.items():
        expected = fields_of(dashboard.create(**first), first)
        assert fields_of(stored[key], first) == expected, "set on create"
    declare(1)
    assert planned(remote) == ({}, set()), "the manifest moved"
    edited = {}
    for key, (_, _, second) in cases.items():
        edit = {"metadata": stored[key]["metadata"] | second["metadata"]} if "metadata" in second else second
        edited[key] = dashboard.change(stored[key], **edit)
    declare(0)
    assert planned(remote) == ({}, set()), "somebody else moved"

    declare(0, description="new")
    assert planned_of_each(remote, cases) == {key: ({"description": "manifest"}, set()) for key in cases}
    assert remote.run("apply", "--yes").code == 0
    now = by_name(dashboard)
    for key, (_, _, second) in cases.items():
        assert fields_of(now[key], second) == fields_of(edited[key], second), "theirs is left alone by an update"
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_no_longer_ignored_is_planned_again(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.manifest("one", temperature=0.2, lifecycle={"ignore_changes": ["temperature"]})
    remote.run("apply", "--yes")
    dashboard.change(dashboard.all()[0], temperature=0.9)
    remote.manifest("one", temperature=0.2)
    origins, _ = planned(remote)
    assert [*origins] == ["temperature"]
    assert remote.run("apply", "--yes").code == 0
    assert dashboard.all()[0]["temperature"] == 0.2
