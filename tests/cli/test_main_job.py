"""Declare, plan, apply: the main job through the front door, on the embedded platform and over HTTP."""

from __future__ import annotations

import pytest

from support.projects import ProjectFolder
from support.server import RecordingServer


@pytest.fixture(params=["embedded", "over HTTP"])
def anywhere(request: pytest.FixtureRequest, project: ProjectFolder) -> ProjectFolder:
    """The same project on each platform there is without a key."""
    if request.param == "over HTTP":
        folder: ProjectFolder = request.getfixturevalue("remote")
        return folder
    return project


def test_create_then_nothing_then_update_then_delete(anywhere: ProjectFolder) -> None:
    project = anywhere
    project.manifest("one", instructions="Be brief.", temperature=0.2, metadata={"team": "support"})
    project.manifest("two", name="Number two", tools=[{"type": "file_search"}, {"type": "code_interpreter"}])

    assert project.run("plan", "--detailed-exitcode").code == 2
    first = project.run("apply", "--yes", "--format", "json")
    assert (first.code, first.json["summary"]["create"]) == (0, 2)
    assert project.run("plan", "--detailed-exitcode").code == 0

    project.manifest("one", instructions="Be very brief.", temperature=0.2, metadata={"team": "support"})
    project.remove("two")
    pending = project.run("plan", "--format", "json", "--detailed-exitcode")
    assert pending.code == 2
    assert {change["key"]: change["action"] for change in pending.json["changes"]} == {
        "one": "update",
        "two": "delete",
    }
    assert {change["key"]: [diff["path"] for diff in change["diffs"]] for change in pending.json["changes"]} == {
        "one": ["instructions"],
        "two": ["name", "model", "tools[file_search]", "tools[code_interpreter]"],
    }

    second = project.run("apply", "--yes", "--format", "json")
    assert second.json["summary"] == {"create": 0, "update": 1, "delete": 1, "adopt": 0, "unchanged": 0}
    assert {result["status"] for result in second.json["results"]} == {"ok"}
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert [assistant["key"] for assistant in project.run("list", "--format", "json").json["assistants"]] == [
        "one"
    ]


def test_every_field_comes_back_as_declared(anywhere: ProjectFolder) -> None:
    anywhere.write(
        "assistants/all.yaml",
        """\
        name: Everything
        description: All there is
        model: gpt-4.1
        instructions: |
          Braces {x} and {{y}} and ${not-ours} and $${var:z} stay.
        tools:
          - type: code_interpreter
          - type: file_search
            file_search: {max_num_results: 7, ranking_options: {ranker: auto, score_threshold: 0.5}}
          - type: function
            function:
              name: lookup
              description: Looks it up
              strict: true
              parameters:
                {type: object, properties: {id: {type: string}}, required: [id], additionalProperties: false}
        tool_resources:
          code_interpreter: {file_ids: [file-a, file-b]}
          file_search: {vector_store_ids: [vs_1]}
        response_format: {type: json_schema, json_schema: {name: answer, schema: {type: object}}}
        temperature: 0
        top_p: 0.25
        metadata: {team: support, tier: "1"}
        """,
    )
    applied = anywhere.run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert anywhere.run("plan", "--detailed-exitcode").code == 0


def test_each_changed_assistant_costs_one_request(remote: ProjectFolder, server: RecordingServer) -> None:
    for number in range(5):
        remote.manifest(f"a{number}", temperature=0.1)
    remote.run("apply", "--yes")
    assert [asked.method for asked in server.mutations] == ["POST"] * 5
    server.clear()

    remote.manifest("a1", temperature=0.2, instructions="New.", top_p=0.5)
    remote.remove("a2")
    assert remote.run("apply", "--yes").code == 0
    assert [(asked.method, asked.body and {*asked.body} - {"metadata"}) for asked in server.mutations] == [
        ("POST", {"temperature", "instructions", "top_p"}),
        ("DELETE", None),
    ]
    server.clear()

    assert remote.run("plan").code == 0
    assert sorted((asked.method, asked.path, asked.query) for asked in server.asked) == [
        ("GET", "/v1/assistants", "limit=100&order=asc"),
        ("GET", "/v1/models", ""),
        ("GET", "/v1/vector_stores", "limit=100&order=asc"),
    ]


def test_one_failure_does_not_stop_the_others(remote: ProjectFolder) -> None:
    remote.manifest("good")
    remote.manifest("bad", model="o3", temperature=0.5)
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.code == 4
    assert {result["key"]: result["status"] for result in applied.json["results"]} == {
        "good": "ok",
        "bad": "failed",
    }
    assert applied.json["summary"]["create"] == 1
    assert "temperature" in next(result["error"] for result in applied.json["results"] if result["key"] == "bad")


def test_exit_code_is_1_when_all_failed(remote: ProjectFolder) -> None:
    remote.manifest("bad", model="o3", temperature=0.5)
    assert remote.run("apply", "--yes").code == 1


def test_only_named_keys_are_looked_at(project: ProjectFolder) -> None:
    project.manifest("one")
    project.manifest("two")
    assert project.run("apply", "one", "--yes", "--format", "json").json["summary"]["create"] == 1
    unknown = project.run("plan", "tow")
    assert unknown.code == 1
    assert "did you mean 'two'?" in unknown.err.lower()


def test_a_plan_changes_nothing_anywhere(project: ProjectFolder) -> None:
    project.manifest("one")
    before = project.snapshot()
    assert project.run("plan").code == 0
    assert project.snapshot() == before
    project.run("apply", "--yes")
    before = project.snapshot()
    project.manifest("one")
    assert project.run("plan").code == 0
    assert project.snapshot() == before


def test_output_in_each_format(project: ProjectFolder) -> None:
    project.manifest("order-desk")
    project.run("apply", "--yes")
    ids = project.run("output").json
    assert [*ids] == ["order-desk"]
    assert project.run("output", "--format", "dotenv").out == f"ASSISTANT_ORDER_DESK={ids['order-desk']}\n"
    assert project.run("output", "--format", "github").out == f"order-desk={ids['order-desk']}\n"


def test_destroy_deletes_what_is_owned_and_only_that(project: ProjectFolder) -> None:
    project.manifest("mine")
    project.run("apply", "--yes")
    project.write(
        "other/assistctl.yaml",
        "project: other\ntargets: {local: {platform: local, options: {database: ../.assistctl/local.db}}}\n",
    )
    project.write("other/assistants/theirs.yaml", "model: gpt-4.1\n")
    assert project.run("-C", "other", "apply", "--yes").code == 0

    assert project.run("plan", "--destroy", "--detailed-exitcode").code == 2
    refused = project.run("destroy")
    assert refused.code == 3
    assert project.run("destroy", "--yes").code == 0
    assert project.run("output").json == {}
    assert [*project.run("-C", "other", "output").json] == ["theirs"]
    assert project.run("destroy", "--yes").code == 0
