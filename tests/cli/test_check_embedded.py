"""``check`` on the embedded platform, whose runs a scripted model answers: from the manifest to the report."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistctl.testing.scripted_model import Failure, ModelRequest, ScriptedModel, ToolCall
from support.projects import ProjectFolder

FUNCTION = {
    "type": "function",
    "function": {
        "name": "order_status",
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
    },
}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    """What answers the runs of the embedded platform."""
    with ScriptedModel() as running:
        monkeypatch.setenv("ASSISTCTL_MODEL_URL", running.url)
        yield running


def deploy(project: ProjectFolder, *checks: object, **fields: object) -> None:
    """An assistant with these checks, deployed."""
    project.manifest("order-desk", checks=checks, **fields)
    applied = project.run("apply", "--yes")
    assert applied.code == 0, applied.err


def test_answers_are_held_against_what_is_wanted(project: ProjectFolder, model: ScriptedModel) -> None:
    model.on("1001", "Order 1001 is on its way.")
    model.on("1002", "I cannot say.")
    deploy(
        project,
        {"ask": "Where is order 1001?", "expect": {"contains": "1001", "latency": 60_000, "cost": 0.1}},
        {"ask": "Where is order 1002?", "expect": {"contains": "1002"}},
        instructions="You are the order desk.",
    )
    outcome = project.run("check", "--format", "json")
    assert outcome.code == 2, outcome.out
    first, second = outcome.json["checks"]
    assert (first["status"], first["answer"]) == ("passed", "Order 1001 is on its way.")
    assert first["tokens"] > 0
    assert (second["status"], second["answer"]) == ("failed", "I cannot say.")


def test_a_document_is_cited_by_its_name(project: ProjectFolder, model: ScriptedModel) -> None:
    project.write("assistants/docs/returns.md", "Returns are free within thirty days of delivery.")

    def citing(request: ModelRequest) -> str:
        return f"Thirty days {_mark(request.tool_results[-1])}."

    model.on("return", ToolCall("file_search", {"queries": ["returns"]}), citing)
    deploy(
        project,
        {"ask": "How long can I return?", "expect": {"cites": "docs/returns.md", "contains": "Thirty days"}},
        tools=[{"type": "file_search"}],
        files=["docs/returns.md"],
    )
    outcome = project.run("check", "--format", "json")
    assert outcome.code == 0, outcome.out


def _mark(result: str) -> str:
    """The first mark by which results of the search may be cited."""
    start = result.index("【")
    return result[start : result.index("】", start) + 1]


def test_functions_are_answered_turns_are_remembered_and_nothing_is_left_of_them(
    project: ProjectFolder, model: ScriptedModel
) -> None:
    def told(request: ModelRequest) -> str:
        return f"The shop says {request.tool_results[-1]}"

    def remembered(request: ModelRequest) -> str:
        return "You said: " + " | ".join(
            str(message["content"]) for message in request.messages if message["role"] == "user"
        )

    model.on("1001", ToolCall("order_status", {"order_id": "1001"}), told)
    model.on("is mine", "Yes?")
    model.on("What", remembered)
    model.on("March", "Good.")
    project.write("assistants/data/march.md", "March was good.")
    calls = {"name": "order_status", "arguments": {"order_id": "1001"}}
    turns = [
        {"ask": "1002 is mine.", "expect": {"equals": "Yes?"}},
        {"ask": "What did I say?", "expect": {"equals": "You said: 1002 is mine. | What did I say?"}},
    ]
    deploy(
        project,
        {
            "ask": "Where is order 1001?",
            "tools": {"order_status": {"status": "shipped"}},
            "expect": {"calls": calls, "contains": "shipped"},
        },
        {"ask": "Only call for 1001", "expect": {"calls": "order_status"}},
        {"turns": turns},
        {"turns": turns, "repeat": 2},
        {"ask": "March?", "attach": ["data/march.md"], "expect": {"contains": "Good"}},
        tools=[FUNCTION, {"type": "file_search"}],
    )
    outcome = project.run("check")
    assert outcome.code == 0, outcome.out
    assert outcome.out.rstrip().endswith("5 passed.")
    assert project.run("plan", "--detailed-exitcode").code == 0
    import sqlite3

    with sqlite3.connect(project.path / ".assistctl" / "local.db") as database:
        kinds = [kind for (kind,) in database.execute("SELECT kind FROM objects")]
    database.close()
    assert kinds == ["assistant"]


@pytest.mark.parametrize("configured", [True, False])
def test_without_an_answer_of_a_model_it_is_an_error(
    project: ProjectFolder, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, configured: bool
) -> None:
    model.on(None, Failure(400, "no such model"))
    if not configured:
        monkeypatch.delenv("ASSISTCTL_MODEL_URL")
    deploy(project, {"ask": "Hello?", "expect": {"not-contains": "x"}})
    outcome = project.run("check", "--format", "json")
    assert outcome.code == 1
    (check,) = outcome.json["checks"]
    assert (check["status"], check["answer"]) == ("error", "")
    assert ("no such model" if configured else "ASSISTCTL_MODEL_URL") in check["error"]
