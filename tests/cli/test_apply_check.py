"""``apply --check``: what answers worse than before is put back, with its files, and the truth is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from assistctl.local.runs.model_client import ModelSettings
from assistctl.manifest.validation.schema import whole_schema
from assistctl.testing.scripted_model import Failure, ModelRequest, ScriptedModel, ToolCall
from support.dashboard import Dashboard
from support.project_snapshots import ProjectSnapshots, project_snapshots
from support.projects import Outcome, ProjectFolder
from support.server import RecordingServer, recording_server
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

GOOD, BAD = "Name the number of the order in every answer.", "Be brief."
ASK = "Where is order 1001?"
CHECK = {"ask": ASK, "expect": {"contains": "1001"}}
TOOLS = [{"type": "file_search"}, {"type": "code_interpreter"}]


def answer(request: ModelRequest) -> str:
    """The model's answer, which is as good as its instructions."""
    said = " ".join(str(message["content"]) for message in request.messages if message["role"] != "user")
    return "Order 1001 is on its way." if "number" in said else "On its way."


@pytest.fixture(scope="module")
def module_model() -> Iterator[ScriptedModel]:
    """The model that answers runs, on whatever platform."""
    with ScriptedModel() as running:
        running.on("cost", ToolCall("file_search", {"queries": ["cost"]}), lambda asked: asked.tool_results[-1])
        yield running.on(None, answer)


@pytest.fixture
def model(module_model: ScriptedModel) -> ScriptedModel:
    """The same, not asked yet."""
    module_model.requests.clear()
    return module_model


@pytest.fixture(scope="module")
def module_snapshots(
    module_model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProjectSnapshots]:
    """The embedded platform over HTTP, with that model."""
    root = tmp_path_factory.mktemp("snapshots")
    with project_snapshots(root, model=ModelSettings(module_model.url)) as snapshots:
        yield snapshots


@pytest.fixture
def local(project: ProjectFolder, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """The project on the embedded platform, in process, with that model."""
    monkeypatch.setenv("ASSISTCTL_MODEL_URL", model.url)
    return project


@pytest.fixture
def good(local: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """The same with an assistant that answers well, applied."""
    snapshots.restore("good", lambda: apply_good(local))
    return local


def apply_good(project: ProjectFolder) -> None:
    """Bring that about."""
    declare(project, GOOD)
    assert project.run("apply", "--yes").code == 0


@pytest.fixture
def reading(remote: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """One over HTTP, with an assistant that answers well and has files, applied."""
    snapshots.restore("reading", lambda: apply_reading(remote))
    return remote


def apply_reading(project: ProjectFolder) -> None:
    """Bring that about."""
    with_files(project, GOOD, "may")
    assert project.run("apply", "--yes").code == 0


def declare(
    project: ProjectFolder, instructions: str, *checks: object, key: str = "desk", **fields: object
) -> None:
    """An assistant with these instructions and checks."""
    project.manifest(key, instructions=instructions, checks=checks or (CHECK,), **fields)


def told(outcome: Outcome, code: int) -> Any:
    """The JSON of an apply, held against its schema."""
    assert outcome.code == code, outcome.out + outcome.err
    problems = [error.message for error in Draft202012Validator(whole_schema("results")).iter_errors(outcome.json)]
    assert problems == []
    return outcome.json


def pending(project: ProjectFolder) -> list[tuple[str, str, str]]:
    """The changes that a plan would make."""
    changes = project.run("plan", "--format", "json").json["changes"]
    return [(change["kind"], change["key"], change["action"]) for change in changes]


def test_what_answers_worse_is_put_back_and_pending(local: ProjectFolder) -> None:
    declare(local, GOOD)
    declare(local, "Anything.", {"ask": "Hello?"}, key="other")
    assert local.run("apply", "--yes").code == 0
    declare(local, BAD)
    declare(local, "Something else.", {"ask": "Hello?"}, key="other")
    outcome = local.run("apply", "--yes", "--check")
    assert outcome.code == 4, outcome.out + outcome.err
    assert "  ✗ desk 1. Where is order 1001?  passed before, failed after" in outcome.out
    assert "contains: wanted the answer to contain '1001'; it is 'On its way.'" in outcome.out
    assert "│ answered  On its way." in outcome.out
    assert "desk got worse and was put back; its manifest still says otherwise." in outcome.out
    assert pending(local) == [("assistant", "desk", "update")]
    assert local.run("check").code == 0


def test_a_reasoning_effort_stays_when_a_prompt_is_put_back(local: ProjectFolder, model: ScriptedModel) -> None:
    settings: dict[str, dict[str, Any]] = {
        "desk": {"reasoning_effort": "none", "temperature": 0.2},
        "other": {"reasoning_effort": "low"},
    }
    for prompt, options, code in ((GOOD, (), 0), (BAD, ("--check",), 4)):
        for key, fields in settings.items():
            declare(local, prompt, key=key, model="gpt-5.1", **fields)
        outcome = local.run("apply", "--yes", *options, "--format", "json")
        assert outcome.code == code, outcome.out + outcome.err
    assert outcome.json["put_back"] == [{"key": key, "status": "ok", "error": None} for key in settings]
    model.requests.clear()
    assert local.run("check").code == 0
    asked = [
        {name: request.body[name] for name in ("reasoning_effort", "temperature") if name in request.body}
        for request in model.requests
    ]
    assert sorted(asked, key=str, reverse=True) == [*settings.values()]


def test_what_does_not_go_back_with_it_is_told(local: ProjectFolder) -> None:
    declare(local, GOOD, key="before")
    assert local.run("apply", "--yes").code == 0
    (local.path / "assistants" / "before.yaml").unlink()
    declare(local, BAD, moved_from="before")
    outcome = local.run("apply", "--yes", "--check", "--format", "json")
    assert told(outcome, 4)["put_back"] == [{"key": "desk", "status": "ok", "error": None}]
    reason = "desk does not go back in full: it had the key before then, and keeps the one it has now"
    assert reason in outcome.err
    assert reason in {
        diagnostic["summary"] for diagnostic in outcome.json["diagnostics"] if diagnostic["severity"] == "warning"
    }
    assert pending(local) == [("assistant", "desk", "update")]


def test_the_log_the_report_and_the_journal_say_which_answers_got_worse(good: ProjectFolder) -> None:
    declare(good, BAD, CHECK, {"ask": "Hello?", "expect": {"contains": "Bonjour"}})
    outcome = good.run("apply", "--yes", "--check", "--format", "json")
    document = told(outcome, 4)
    logged = ["desk 1: passed before", "update desk: ok", "desk 1: failed after", "put back: update desk: ok"]
    logged += ["update desk: failed"]
    assert [line for line in outcome.err.splitlines() if "desk 2" not in line] == logged
    first, second = document["checks"]
    assert {name: first[name] for name in ("before", "before_from", "answer_before", "worse")} == {
        "before": "passed",
        "before_from": "asked",
        "answer_before": "Order 1001 is on its way.",
        "worse": True,
    }
    assert (first["after"]["status"], first["after"]["answer"]) == ("failed", "On its way.")
    assert (second["before"], second["worse"], second["after"]["status"]) == ("failed", False, "failed")
    assert document["put_back"] == [{"key": "desk", "status": "ok", "error": None}]
    [result] = document["results"]
    assert result["status"] == "failed"
    assert result["error"] == "it was put back: check 1 passed before it and fails now"
    assert document["summary"]["update"] == 0
    back, apply, _ = good.run("history", "--format", "json").json["applies"]
    assert back["summary"]["update"] == 1
    assert (apply["state"], back["state"], back["command"]) == ("partial", "done", f"put back {apply['id']}")
    entry = good.run("history", apply["id"], "--format", "json").json
    problems = [error.message for error in Draft202012Validator(whole_schema("history")).iter_errors(entry)]
    assert problems == []
    assert [(check["index"], check["before"], check["after"], check["worse"]) for check in entry["checks"]] == [
        (0, "passed", "failed", True),
        (1, "failed", "failed", False),
    ]
    assert entry["put_back_by"] == back["id"]
    assert good.run("history", back["id"], "--format", "json").json["put_back_by"] is None
    for form in ("text", "markdown", "html"):
        assert f"put back by {back['id']}" in good.run("history", apply["id"], "--format", form).out
    shown = good.run("history", apply["id"]).out
    assert "check   desk 1. Where is order 1001?  passed → failed, worse" in shown
    assert "wanted the answer to contain '1001'" in shown


def test_what_is_on_record_of_that_very_state_is_not_asked_again(
    local: ProjectFolder, model: ScriptedModel
) -> None:
    declare(local, GOOD, CHECK, {"ask": "And 1001 again?", "expect": {"contains": "1001"}})
    assert local.run("apply", "--yes").code == 0
    assert local.run("check").code == 0
    model.requests.clear()
    declare(local, f"{GOOD} Be kind.", CHECK, {"ask": "And 1001 again?", "expect": {"contains": "1001"}})
    assert told(local.run("apply", "--yes", "--check", "--format", "json"), 0)["put_back"] == []
    # One question tells whether anything answers at all.
    assert len(model.requests) == 3
    model.requests.clear()
    # Another model may answer otherwise.
    declare(local, GOOD, CHECK, {"ask": "And 1001 again?", "expect": {"contains": "1001"}}, model="gpt-4o")
    assert local.run("apply", "--yes").code == 0
    declare(local, BAD, CHECK, {"ask": "And 1001 again?", "expect": {"contains": "1001"}}, model="gpt-4o")
    assert local.run("apply", "--yes", "--check").code == 4
    assert len(model.requests) == 4


def test_what_cannot_be_put_back_says_so_once(remote: ProjectFolder, tmp_path: Path) -> None:
    def answer_and_copy(request: ModelRequest) -> str:
        said = answer(request)
        if "1001" not in said:
            (desk,) = someone.all()
            someone.create(name="twin", metadata=desk["metadata"])
        return said

    with ScriptedModel() as model, recording_server(tmp_path / "x.db", model=ModelSettings(model.url)) as server:
        model.on(None, answer_and_copy)
        someone = Dashboard(server.url)
        declare(remote, GOOD)
        settings = f'{{platform: openai-assistants, base_url: "{server.url}", api_key: k}}'
        remote.write("assistctl.yaml", f"project: acme\ntargets:\n  prod: {settings}\n")
        assert remote.run("apply", "--yes", "-t", "prod").code == 0
        declare(remote, BAD)
        outcome = remote.run("apply", "--yes", "-t", "prod", "--check", "--format", "json")
        someone.close()
    (result,), (back,) = told(outcome, 4)["results"], outcome.json["put_back"]
    assert back["status"] == "failed"
    assert "put back" not in back["error"]
    assert (
        result["error"] == f"check 1 passed before it and fails now, and it could not be put back: {back['error']}"
    )


def test_warn_only_tells(good: ProjectFolder) -> None:
    declare(good, BAD)
    outcome = good.run("apply", "--yes", "--check=warn")
    assert outcome.code == 0
    assert "desk got worse and stays as it was applied (--check=warn)." in outcome.out
    assert pending(good) == []


def test_a_created_assistant_that_fails_stays_and_is_told(local: ProjectFolder) -> None:
    declare(local, BAD)
    document = told(local.run("apply", "--yes", "--check", "--format", "json"), 4)
    assert [(check["before"], check["worse"], check["after"]["status"]) for check in document["checks"]] == [
        (None, False, "failed")
    ]
    assert ([result["status"] for result in document["results"]], document["put_back"]) == (["ok"], [])
    assert local.run("history", "--format", "json").json["applies"][0]["state"] == "partial"
    assert pending(local) == []


def test_what_failed_before_keeps_nothing_from_going_through(local: ProjectFolder) -> None:
    declare(local, BAD)
    assert local.run("apply", "--yes").code == 0
    declare(local, "Be briefer.")
    outcome = local.run("apply", "--yes", "--check")
    assert outcome.code == 0
    assert "failed before, failed after" in outcome.out
    assert pending(local) == []


def test_where_nothing_can_answer_nothing_is_changed(good: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(good, BAD)
    with ScriptedModel() as broken:
        broken.on(None, Failure(400, "no such model"))
        for mode in ("--check", "--check=warn"):
            monkeypatch.delenv("ASSISTCTL_MODEL_URL")
            outcome = good.run("apply", "--yes", mode)
            assert (outcome.code, "no model is configured, and nothing was changed" in outcome.err) == (1, True)
            monkeypatch.setenv("ASSISTCTL_MODEL_URL", broken.url)
            outcome = good.run("apply", "--yes", mode, "--format", "json")
            assert outcome.code == 1
            assert "nothing was changed: the checks could not be asked before it" in outcome.out
            assert "no such model" in outcome.out
            assert pending(good) == [("assistant", "desk", "update")]
    assert len(good.run("history", "--format", "json").json["applies"]) == 1


@pytest.mark.parametrize("mode", ["--check", "--check=warn"])
def test_where_nothing_will_be_able_to_answer_nothing_is_created(
    project: ProjectFolder, tmp_path: Path, mode: str
) -> None:
    """There is nobody yet to ask before the change; a server without a model says that it has none."""
    with recording_server(tmp_path / "server.db") as server:
        declare(project.use("openai-assistants", server.url), GOOD)
        refused = project.run("apply", "--yes", mode)
        assert (refused.code, "its server has no model, and nothing was changed" in refused.err) == (1, True)
        assert "--model-url" in refused.err
        [diagnostic] = project.run("apply", "--yes", mode, "--format", "json").json["diagnostics"]
        assert "its server has no model, and nothing was changed" in diagnostic["summary"]
        assert server.mutations == []
        assert project.run("history", "--format", "json").json["applies"] == []
        assert project.run("apply", "--yes").code == 0


def test_what_is_created_on_a_server_with_a_model_is_asked(
    project: ProjectFolder, model: ScriptedModel, tmp_path: Path
) -> None:
    with recording_server(tmp_path / "server.db", model=ModelSettings(model.url)) as server:
        declare(project.use("openai-assistants", server.url), GOOD)
        document = told(project.run("apply", "--yes", "--check", "--format", "json"), 0)
    assert [(check["before"], check["after"]["status"]) for check in document["checks"]] == [(None, "passed")]


def test_a_check_that_cannot_be_asked_keeps_no_other_from_telling(local: ProjectFolder) -> None:
    """Some check was answered before, so something can answer; that another breaks off is known and no worse."""
    broken = {"ask": "Break off."}
    local.manifest("desk", instructions=GOOD, checks=(CHECK, broken))
    with ScriptedModel() as half:
        half.on("Break", Failure(400, "no such prompt"))
        half.on(None, answer)
        local.write(
            "assistctl.yaml",
            f'project: acme\ntargets: {{local: {{platform: local, options: {{model_url: "{half.url}"}}}}}}\n',
        )
        assert local.run("apply", "--yes").code == 0
        assert local.run("check").code == 1
        half.requests.clear()
        declare(local, f"{GOOD} Be kind.", CHECK, broken)
        document = told(local.run("apply", "--yes", "--check", "--format", "json"), 0)
    assert [(check["before"], check["after"]["status"], check["worse"]) for check in document["checks"]] == [
        ("passed", "passed", False),
        ("error", "error", False),
    ]
    # Each once before the change and once after it.
    assert len(half.requests) == 4
    assert pending(local) == []


def test_one_that_answers_no_more_is_put_back(good: ProjectFolder) -> None:
    function = {"type": "function", "function": {"name": "order_status", "parameters": {"type": "object"}}}
    with ScriptedModel() as changed:
        changed.on(lambda request: bool(request.body.get("tools")), Failure(400, "too many tools"))
        changed.on(None, answer)
        good.write(
            "assistctl.yaml",
            f'project: acme\ntargets: {{local: {{platform: local, options: {{model_url: "{changed.url}"}}}}}}\n',
        )
        declare(good, GOOD, tools=[function])
        document = told(good.run("apply", "--yes", "--check", "--format", "json"), 4)
        assert [(check["worse"], check["after"]["status"]) for check in document["checks"]] == [(True, "error")]
        assert document["put_back"] == [{"key": "desk", "status": "ok", "error": None}]
        assert pending(good) == [("assistant", "desk", "update")]


def documents(stored_objects: StoredObjects) -> set[str]:
    """The paths of what the assistant's vector store holds, and the names of its code interpreter's files."""
    [assistant] = stored_objects.assistants()
    uploads = stored_objects.uploads()
    [store] = assistant["tool_resources"]["file_search"]["vector_store_ids"]
    found = {file["attributes"]["assistctl_path"] for file in stored_objects.files_of(store)}
    assert {file["id"] for file in stored_objects.files_of(store)} <= uploads.keys()
    return found | {uploads[file_id] for file_id in assistant["tool_resources"]["code_interpreter"]["file_ids"]}


def test_an_upload_goes_back_with_no_assistant_that_another_one_reads(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    tools, files = [{"type": "file_search"}], ["docs/*.md"]
    for month, instructions in (("May", GOOD), ("June", BAD)):
        remote.write("assistants/docs/prices.md", f"Prices of {month}.")
        declare(remote, instructions, tools=tools, files=files)
        declare(remote, GOOD, key="other", tools=tools, files=files)
        outcome = remote.run("apply", "--yes", "--check", "--format", "json")
    results = {(result["kind"], result["key"]): result["status"] for result in told(outcome, 4)["results"]}
    assert (results["vector_store", "other"], results["vector_store", "desk"]) == ("ok", "failed")
    uploads = stored_objects.sizes()
    stores = {store["name"]: stored_objects.files_of(store["id"]) for store in stored_objects.stores()}
    sizes = {name: [uploads[file["id"]][1] for file in held] for name, held in stores.items()}
    assert sizes == {"desk": [len("Prices of May.")], "other": [len("Prices of June.")]}
    assert [key for _, key, _ in pending(remote)] == ["desk", "desk", "assistants/docs/prices.md"]


def with_files(project: ProjectFolder, instructions: str, version: str) -> None:
    """An assistant that reads two documents, one of them at a path of this version."""
    project.write("assistants/docs/prices.md", f"Prices of {version}.")
    project.write(f"assistants/data/{version}.csv", version)
    files = [
        {"path": "docs/*", "tool": "file_search"},
        {"path": f"data/{version}.csv", "tool": "code_interpreter"},
    ]
    declare(project, instructions, files=files, tools=TOOLS)


def test_files_are_put_back_as_they_were(reading: ProjectFolder, stored_objects: StoredObjects) -> None:
    uploads = stored_objects.uploads()
    with_files(reading, BAD, "june")
    reading.write("assistants/docs/new.md", "New.")
    outcome = reading.run("apply", "--yes", "--check", "--format", "json")
    assert outcome.code == 4, outcome.out + outcome.err
    assert documents(stored_objects) == {"assistants/docs/prices.md", "may.csv"}
    # The very same uploads are read again, and what was uploaded for the change is gone.
    assert stored_objects.uploads() == uploads
    assert outcome.json["files"] == {"upload": 0, "remove": 0, "bytes": 0}
    uploaded = [result for result in outcome.json["results"] if result["kind"] == "file"]
    assert {(result["status"], result["id"]) for result in uploaded if result["action"] != "delete"} == {
        ("failed", None)
    }
    assert ("assistant", "desk", "update") in pending(reading)
    assert reading.run("gc", "--format", "json", "--unproven").json["garbage"] == []
    assert reading.run("apply", "--yes").code == 0
    assert documents(stored_objects) == {"assistants/docs/prices.md", "assistants/docs/new.md", "june.csv"}
    assert len(stored_objects.uploads()) == 3


def test_each_list_is_asked_for_before_it_after_it_and_for_the_way_back(
    reading: ProjectFolder, server: RecordingServer
) -> None:
    with_files(reading, BAD, "june")
    server.clear()
    assert reading.run("apply", "--yes", "--check").code == 4
    asked = Counter(f"{asked.method} {asked.path}" for asked in server.asked)
    assert (asked["GET /v1/assistants"], asked["GET /v1/vector_stores"]) == (3, 3)
    # The two plans, and who uploads, ask for the files; nobody but the plans for the models.
    assert (asked["GET /v1/files"], asked["GET /v1/models"]) == (3, 2)
    [store] = [path for path in asked if path.startswith("GET /v1/vector_stores/") and path.endswith("/files")]
    assert asked[store] == 2


def test_documents_alone_may_make_it_worse(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    question = {"ask": "What do they cost?", "expect": {"contains": "twelve"}}
    remote.manifest("desk", checks=[question], files=["docs/*"], tools=[{"type": "file_search"}])
    remote.write("assistants/docs/prices.md", "Apples cost twelve euros.")
    assert remote.run("apply", "--yes").code == 0
    uploads = stored_objects.uploads()
    remote.write("assistants/docs/prices.md", "Apples cost much.")
    document = told(remote.run("apply", "--yes", "--check", "--format", "json"), 4)
    assert [(check["before"], check["worse"]) for check in document["checks"]] == [("passed", True)]
    assert document["put_back"] == [{"key": "desk", "status": "ok", "error": None}]
    assert stored_objects.uploads() == uploads
    assert ("vector_store", "desk", "update") in pending(remote)
    [store] = stored_objects.stores()
    assert stored_objects.found(store["id"], "twelve euros") == ["prices.md"]


def test_a_vector_store_that_was_to_go_stays(reading: ProjectFolder, stored_objects: StoredObjects) -> None:
    uploads = stored_objects.uploads()
    declare(reading, BAD)
    outcome = reading.run("apply", "--yes", "--check")
    assert outcome.code == 4, outcome.out + outcome.err
    assert documents(stored_objects) == {"assistants/docs/prices.md", "may.csv"}
    assert stored_objects.uploads() == uploads
    assert reading.run("apply", "--yes").code == 0
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})


def test_a_vector_store_that_was_new_goes(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    declare(remote, GOOD)
    assert remote.run("apply", "--yes").code == 0
    with_files(remote, BAD, "may")
    outcome = remote.run("apply", "--yes", "--check")
    assert outcome.code == 4, outcome.out + outcome.err
    assert (stored_objects.stores(), stored_objects.uploads()) == ([], {})
    assert ("assistant", "desk", "update") in pending(remote)


def test_one_that_is_taken_over_and_got_worse_is_let_go(remote: ProjectFolder, server: RecordingServer) -> None:
    import httpx2

    headers = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer test-key"}
    with httpx2.Client(base_url=server.url, headers=headers) as client:
        theirs = {"model": "gpt-4.1", "name": "desk", "instructions": GOOD}
        made = client.post("/assistants", json=theirs).raise_for_status().json()
        declare(remote, BAD)
        outcome = remote.run("apply", "--yes", "--adopt", "--check")
        assert outcome.code == 4, outcome.out + outcome.err
        now = client.get(f"/assistants/{made['id']}").json()
    assert (now["instructions"], now["metadata"]) == (GOOD, {})
