"""The schemas of what commands print: they hold for real output, and nothing is printed that they do not name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema_rs import Draft202012Validator as Compiled

from assistctl.manifest.validation.schema import SCHEMAS, whole_schema
from support.dashboard import Dashboard
from support.printed_documents import assert_valid, printed
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import Answer, RecordingServer, error_body

pytestmark = pytest.mark.from_snapshots

PRINTED = ("plan", "results", "drift", "history", "diagnostics")
SCHEMA_FILES = Path(__file__).parent.parent.parent / "schemas"


@pytest.fixture
def busy(snapshots: ProjectSnapshots, remote: ProjectFolder, dashboard: Dashboard) -> ProjectFolder:
    """A project with something of everything: changes, drift, files, secrets, refusals and messages."""
    snapshots.restore("busy", lambda: keep_busy(remote, dashboard))
    return remote


def keep_busy(remote: ProjectFolder, dashboard: Dashboard) -> None:
    """Apply it, and change what is declared and what is there."""
    remote.write("assistants/docs/one.md", "One.")
    remote.write("assistants/handbook.yaml", "{kind: vector_store, key: handbook, files: ['docs/*.md']}")
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    remote.manifest("a", tools=tools, vector_store="handbook", instructions="One.", temperature=0.5)
    remote.manifest("b", lifecycle={"prevent_destroy": True})
    remote.manifest("c")
    remote.manifest("secret", instructions="${var:word}")
    assert remote.run("apply", "--yes", "--var", "word=x").code == 0
    dashboard.change(dashboard.named("a"), instructions="Theirs.", top_p=0.5)
    dashboard.change(dashboard.named("secret"), instructions="Theirs.")
    dashboard.create(name="d")
    remote.write("assistants/docs/one.md", "Two.")
    files = [{"path": "docs/one.md", "tool": "code_interpreter"}]
    remote.manifest("a", tools=tools, vector_store="handbook", files=files, instructions="Use `file_search`.")
    remote.write(".env", "WORD=hidden-word\n")
    remote.manifest("secret", instructions="${env:WORD}")
    remote.manifest("d")
    remote.remove("b")
    remote.remove("c")


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_printed_as_a_schema_that_stands_alone(project: ProjectFolder, name: str) -> None:
    shown = project.run("schema", name)
    assert shown.code == 0
    # It holds every schema against the meta-schema, and follows each reference.
    Compiled(shown.json)
    assert shown.json["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert '.schema.json"' not in shown.out
    assert ".schema.json#" not in shown.out


def test_each_file_is_listed_and_each_listed_is_a_file(project: ProjectFolder) -> None:
    files = {path.name.removesuffix(".schema.json") for path in SCHEMA_FILES.glob("*.json")}
    listed = project.run("schema", "--format", "json").json["schemas"]
    assert files == set(listed) == {line.split()[0] for line in project.run("schema").out.splitlines()}


def test_a_name_that_is_none_is_wrong_usage(project: ProjectFolder) -> None:
    shown = project.run("schema", "plans")
    assert (shown.code, "Did you mean 'plan'?" in shown.err) == (64, True)


@pytest.mark.parametrize("name", PRINTED)
def test_every_field_is_described(name: str) -> None:
    def undescribed(schema: Any) -> list[str]:
        if isinstance(schema, list):
            return [name for inner in schema for name in undescribed(inner)]
        if not isinstance(schema, dict):
            return []
        own = [
            name
            for name, inner in schema.get("properties", {}).items()
            if not inner.get("description", "").endswith(".") and "$ref" not in inner
        ]
        return own + [name for inner in schema.values() for name in undescribed(inner)]

    assert undescribed(whole_schema(name)) == []


MANIFESTS = [
    ({"model": "m"}, True),
    ({"kind": "assistant", "model": "m", "name": "x"}, True),
    ({"kind": "vector_store", "files": ["docs/*.md"]}, True),
    ({"kind": "vector_store", "model": "m"}, False),
    ({"kind": "vector_stores"}, False),
    ({"files": ["docs/*.md"]}, False),
    ({"model": "m", "tools": [{"type": "file_search"}], "files": [{"path": "a", "tool": "x"}]}, False),
]


@pytest.mark.parametrize(("document", "is_valid"), MANIFESTS)
def test_the_schema_of_manifests_takes_both_kinds(document: Any, is_valid: bool) -> None:
    assert Draft202012Validator(whole_schema("manifest")).is_valid(document) is is_valid


def test_plans(busy: ProjectFolder) -> None:
    plan = printed("plan", busy.run("plan", "--format", "json", "--out", "x.plan"), 0)
    assert {change["kind"] for change in plan["changes"]} == {"assistant", "vector_store", "file"}
    assert {change.get("blocked") for change in plan["changes"]} == {None, "protected", "adoption"}
    assert [diff for change in plan["changes"] for diff in change["diffs"] if diff.get("secret")]
    assert plan["drift"]
    assert plan["diagnostics"]
    assert_valid("plan", json.loads((busy.path / "x.plan").read_text()))
    printed("plan", busy.run("show", "x.plan", "--format", "json"), 0)
    printed("plan", busy.run("plan", "--destroy", "--format", "json"), 0)
    printed("plan", busy.run("apply", "--yes", "--format", "json"), 3)


def test_drift(busy: ProjectFolder, project: ProjectFolder) -> None:
    assert printed("drift", busy.run("drift", "--format", "json"), 2)["drift"]
    project.run("apply", "--yes")
    printed("drift", project.run("drift", "--format", "json"), 0, 2)


def test_results_and_history(busy: ProjectFolder, server: RecordingServer) -> None:
    busy.manifest("b", lifecycle={"prevent_destroy": False})
    server.fault = lambda asked: (
        Answer(400, error_body("no")) if asked.path.endswith("/assistants") and asked.method == "POST" else None
    )
    busy.manifest("e")
    results = printed("results", busy.run("apply", "--yes", "--adopt", "--format", "json"), 4)
    assert {result["status"] for result in results["results"]} == {"ok", "failed"}
    server.fault = lambda _: None
    printed("results", busy.run("apply", "--yes", "--adopt", "--format", "json"), 0)
    printed("results", busy.run("apply", "--yes", "--format", "json"), 0)
    [_, middle, *_] = printed("history", busy.run("history", "--format", "json"), 0)["applies"]
    printed("results", busy.run("rollback", middle["id"], "--yes", "--allow-deletes", "--format", "json"), 0, 4)
    busy.remove("a")
    printed("results", busy.run("forget", "a", "--yes", "--format", "json"), 0)
    printed("plan", busy.run("destroy", "--yes", "--format", "json"), 3)
    printed("results", busy.run("destroy", "handbook", "c", "--yes", "--format", "json"), 0)
    printed("results", busy.run("gc", "--yes", "--format", "json"), 0)
    for listed in printed("history", busy.run("history", "--format", "json"), 0)["applies"]:
        printed("history", busy.run("history", listed["id"], "--format", "json"), 0)


def test_a_record_that_cannot_be_read(remote: ProjectFolder) -> None:
    remote.manifest("a")
    assert remote.run("apply", "--yes").code == 0
    [journal] = (remote.path / ".assistctl" / "journal").rglob("*.jsonl")
    journal.write_text("nonsense\n")
    [past] = printed("history", remote.run("history", "--format", "json"), 0)["applies"]
    assert past["problem"]


def test_diagnostics(busy: ProjectFolder) -> None:
    printed("diagnostics", busy.run("validate", "--format", "json"), 0)
    for command in (
        ("plan", "nobody"),
        ("apply", "nobody"),
        ("apply", "no/such.plan"),
        ("show", "no/such.plan"),
        ("drift", "nobody"),
        ("rollback", "nothing"),
        ("history", "nothing"),
        ("list", "-t", "nowhere"),
        ("gc", "-t", "nowhere"),
    ):
        printed("diagnostics", busy.run(*command, "--format", "json"), 1)
    busy.write("assistants/wrong.yaml", "modle: x\n")
    printed("diagnostics", busy.run("validate", "--format", "json"), 1)
    printed("diagnostics", busy.run("plan", "--format", "json"), 1)
