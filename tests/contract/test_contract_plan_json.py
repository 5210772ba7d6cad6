"""The plan as JSON: its shape, its counts, its diffs, and the same head in ``apply``."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot, ProjectSnapshots
from support.projects import ProjectFolder, key_of
from support.server import Answer, Payload, RecordingServer, error_body

pytestmark = pytest.mark.from_snapshots

COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
ID = {"type": ["string", "null"]}
HEAD: dict[str, Any] = {
    "format_version": {"type": "string", "pattern": r"^1\.\d+$"},
    "project": TEXT,
    "target": {
        "type": "object",
        "required": ["name", "platform"],
        "properties": {"name": TEXT, "platform": TEXT},
    },
    "summary": {
        "type": "object",
        "required": ["create", "update", "delete", "adopt", "unchanged"],
        "additionalProperties": COUNT,
    },
}
KIND = {"enum": ["assistant", "vector_store", "file"]}
ACTION = {"enum": ["create", "update", "delete", "adopt", "forget"]}
DIFF = {
    "type": "object",
    "required": ["path", "old", "new", "origin"],
    "properties": {"path": {"type": "string", "minLength": 1}, "origin": {"enum": ["manifest", "drift", "both"]}},
}
PLAN = {
    "type": "object",
    "required": [*HEAD, "changes", "drift", "diagnostics", "fingerprint"],
    "properties": HEAD
    | {
        "fingerprint": {"type": "string", "pattern": "^sha256:.+"},
        "changes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "key", "id", "action", "reason", "diffs"],
                "properties": {
                    "kind": KIND,
                    "key": TEXT,
                    "id": ID,
                    "action": ACTION,
                    "reason": {"type": "string", "minLength": 1},
                    "diffs": {"type": "array", "items": DIFF},
                    "blocked": {"enum": ["protected", "threshold", "adoption", "ambiguous"]},
                },
            },
        },
        "drift": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "key", "id", "path", "observed", "desired"],
                "properties": {"kind": KIND, "key": TEXT, "id": TEXT, "path": TEXT},
            },
        },
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["severity", "key", "file", "line", "column", "summary", "detail"],
                "properties": {
                    "severity": {"enum": ["error", "warning", "info"]},
                    "summary": TEXT,
                    "detail": TEXT,
                },
            },
        },
    },
}
RESULTS = {
    "type": "object",
    "required": [*HEAD, "results"],
    "properties": HEAD
    | {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "key", "id", "action", "status", "error"],
                "properties": {
                    "kind": KIND,
                    "key": TEXT,
                    "id": ID,
                    "action": ACTION,
                    "status": {"enum": ["ok", "failed", "skipped"]},
                    "error": {"type": ["string", "null"]},
                },
            },
        }
    },
}


def counts(document: Payload) -> dict[str, int]:
    """The five counts of a summary."""
    return {name: document["summary"][name] for name in ("create", "update", "delete", "adopt", "unchanged")}


@pytest.fixture
def busy(snapshots: ProjectSnapshots, remote: ProjectFolder, dashboard: Dashboard) -> ProjectFolder:
    """A project with one pending change of each kind, one unchanged, drift and a warning."""
    snapshots.restore("busy", lambda: keep_busy(remote, dashboard))
    return remote


def keep_busy(remote: ProjectFolder, dashboard: Dashboard) -> None:
    """Apply it, and change what is declared and what is there."""
    for key in ("kept", "changed", "dropped", "drifted"):
        remote.manifest(key, instructions="First.")
    remote.run("apply", "--yes")
    remote.manifest("changed", instructions="Second.")
    remote.remove("dropped")
    remote.manifest("fresh")
    remote.manifest("wanted", name="Wanted")
    dashboard.create(name="Wanted")
    dashboard.change(dashboard.named("drifted"), instructions="Somebody else's.")


def test_a_busy_plan_has_the_shape_and_true_counts(busy: ProjectFolder) -> None:
    shown = busy.run("plan", "--adopt", "--format", "json")
    plan = shown.json
    jsonschema.validate(plan, PLAN)
    assert (plan["project"], plan["target"]) == ("acme", {"name": "prod", "platform": "openai-assistants"})
    actions = {change["key"]: change["action"] for change in plan["changes"]}
    assert actions == {
        "changed": "update",
        "dropped": "delete",
        "drifted": "update",
        "fresh": "create",
        "wanted": "adopt",
    }
    assert counts(plan) == {"create": 1, "update": 2, "delete": 1, "adopt": 1, "unchanged": 1}
    ids = {change["key"]: change["id"] for change in plan["changes"]}
    assert ids["fresh"] is None
    assert all(ids[key].startswith("asst_") for key in ids if key != "fresh")
    (drift,) = plan["drift"]
    assert drift == drift | {
        "kind": "assistant",
        "key": "drifted",
        "id": ids["drifted"],
        "path": "instructions",
        "observed": "Somebody else's.",
        "desired": "First.",
    }


def test_apply_repeats_the_head_and_tells_each_result(busy: ProjectFolder) -> None:
    planned = busy.run("plan", "--adopt", "--format", "json").json
    applied = busy.run("apply", "--adopt", "--yes", "--format", "json")
    assert applied.code == 0
    jsonschema.validate(applied.json, RESULTS)
    assert counts(applied.json) == counts(planned)
    told = {(result["kind"], result["key"], result["action"]) for result in applied.json["results"]}
    assert told == {(change["kind"], change["key"], change["action"]) for change in planned["changes"]}
    assert {(result["status"], result["error"]) for result in applied.json["results"]} == {("ok", None)}
    ids = busy.run("output").json
    results = {result["key"]: result["id"] for result in applied.json["results"] if result["action"] != "delete"}
    assert results == {key: ids[key] for key in results}


def test_the_text_says_what_the_json_says(busy: ProjectFolder) -> None:
    for args in (["plan"], ["plan", "--format", "markdown"], ["plan", "--format", "html"]):
        shown = busy.run(*args, "--adopt")
        assert shown.code == 0
        for key in ("changed", "dropped", "drifted", "fresh", "wanted"):
            assert key in shown.out


def test_a_plan_is_the_same_twice_and_its_fingerprint_is_of_what_was_observed(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(one={"instructions": "First."})
    first = remote.run("plan", "--format", "json")
    assert remote.run("plan", "--format", "json").out == first.out
    remote.manifest("one", instructions="Second.")
    assert remote.run("plan", "--format", "json").json["fingerprint"] == first.json["fingerprint"]
    dashboard.change(dashboard.all()[0], instructions="Third.")
    assert remote.run("plan", "--format", "json").json["fingerprint"] != first.json["fingerprint"]


def test_an_empty_plan(remote: ProjectFolder) -> None:
    shown = remote.run("plan", "--format", "json", "--detailed-exitcode")
    assert shown.code == 0
    jsonschema.validate(shown.json, PLAN)
    assert (shown.json["changes"], set(counts(shown.json).values())) == ([], {0})
    applied = remote.run("apply", "--format", "json")
    assert (applied.code, applied.json["results"]) == (0, [])


FUNCTION = {"type": "function", "function": {"name": "order_status", "description": "Old", "strict": False}}
PATHS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, tuple[Any, Any]]]] = {
    "instructions": ({"instructions": "a"}, {"instructions": "b"}, {"instructions": ("a", "b")}),
    "a metadata pair": (
        {"metadata": {"team": "a", "x": "y"}},
        {"metadata": {"team": "b", "x": "y"}},
        {"metadata.team": ("a", "b")},
    ),
    "a metadata pair that goes": (
        {"metadata": {"team": "a", "x": "y"}},
        {"metadata": {"x": "y"}},
        {"metadata.team": ("a", None)},
    ),
    "a function's description": (
        {"tools": [{"type": "code_interpreter"}, FUNCTION]},
        {
            "tools": [
                {"type": "function", "function": FUNCTION["function"] | {"description": "New"}},  # type: ignore[operator]
                {"type": "code_interpreter"},
            ]
        },
        {"tools[order_status].function.description": ("Old", "New")},
    ),
    "temperature": ({"temperature": 0.1}, {"temperature": 0.5}, {"temperature": (0.1, 0.5)}),
}


def test_diff_paths_are_dotted_from_the_manifests_field(
    remote: ProjectFolder, apply_snapshot: ApplySnapshot
) -> None:
    cases = {key_of(name): case for name, case in PATHS.items()}
    apply_snapshot(**{key: before for key, (before, _, _) in cases.items()})
    for key, (_, after, _) in cases.items():
        remote.manifest(key, **after)
    changes = {change["key"]: change["diffs"] for change in remote.run("plan", "--format", "json").json["changes"]}
    assert {
        key: {diff["path"]: (diff["old"], diff["new"]) for diff in diffs} for key, diffs in changes.items()
    } == {key: diffs for key, (_, _, diffs) in cases.items()}
    assert {diff["origin"] for diffs in changes.values() for diff in diffs} == {"manifest"}


def test_a_manifest_that_is_wrong_is_json_too(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.write("assistants/one.yaml", "model: gpt-4.1\nfoo: 1\n")
    shown = remote.run("plan", "--format", "json")
    assert shown.code == 1
    (diagnostic,) = shown.json["diagnostics"]
    jsonschema.validate([diagnostic], PLAN["properties"]["diagnostics"])  # type: ignore[index]
    assert (diagnostic["file"], diagnostic["line"], diagnostic["column"]) == ("assistants/one.yaml", 2, 1)
    assert server.asked == []


@pytest.mark.parametrize("command", [["plan"], ["plan", "--detailed-exitcode"], ["apply", "--yes"], ["list"]])
def test_stdout_is_json_alone_and_quiet_silences_the_rest(remote: ProjectFolder, command: list[str]) -> None:
    remote.manifest("one")
    for args in ([], ["-q"], ["-v"], ["--color", "always"]):
        shown = remote.run(*command, "--format", "json", *args)
        assert isinstance(shown.json, dict)
        if args == ["-q"]:
            assert shown.err == ""


def test_summary_is_true_when_it_failed_half_way(remote: ProjectFolder, server: RecordingServer) -> None:
    for key in ("a", "b", "c", "d"):
        remote.manifest(key)
    remote.manifest("bad", model="o3", temperature=0.5)
    failed = remote.run("apply", "--yes", "--format", "json", "--parallelism", "1")
    assert failed.code == 4
    jsonschema.validate(failed.json, RESULTS)
    assert counts(failed.json)["create"] == 4
    by_status = {result["key"]: result["status"] for result in failed.json["results"]}
    assert by_status == {"a": "ok", "b": "ok", "c": "ok", "d": "ok", "bad": "failed"}
    assert len(server.mutations) == 5


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("drift",)])
def test_an_error_before_the_plan_has_the_head_too(
    remote: ProjectFolder, server: RecordingServer, command: tuple[str, ...]
) -> None:
    remote.manifest("a")
    server.fault = lambda _: Answer(401, error_body("no such key"))
    shown = remote.run(*command, "--format", "json")
    assert shown.code == 1
    assert (shown.json["project"], shown.json["target"]["name"]) == ("acme", "prod")
    assert "no such key" in shown.json["diagnostics"][0]["summary"]
