"""``ask`` through the command and real HTTP: what is asked and shown, and what is left behind."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any, Never

import pytest
from jsonschema import Draft202012Validator

from assistctl.manifest.validation.schema import whole_schema
from assistctl.operations.deployment import Deployment
from support.order_desk import deploy
from support.projects import Outcome, ProjectFolder
from support.scripted_runs import ScriptedRuns
from support.server import Answer, Asked, RecordingServer

pytestmark = pytest.mark.from_snapshots

ASK = "Where is order 1001?"
CALL = {"calls": {"order_status": {"order_id": "1001"}}}


def reported(outcome: Outcome, code: int) -> Any:
    """The JSON of an answer, held against its schema."""
    assert outcome.code == code, outcome.out + outcome.err
    problems = [error.message for error in Draft202012Validator(whole_schema("answer")).iter_errors(outcome.json)]
    assert problems == []
    return outcome.json


def test_an_answer_is_printed_and_the_thread_stays(desk: ProjectFolder, runs: ScriptedRuns) -> None:
    runs.answers = {"1001": ["Order 1001 is on its way."]}
    outcome = desk.run("ask", "order-desk", ASK)
    assert (outcome.code, outcome.out) == (0, "Order 1001 is on its way.\n")
    assert "120 tokens, $0.000027." in outcome.err
    assert "Go on with: assistctl ask order-desk --thread thread_1" in outcome.err
    assert [*runs.threads] == ["thread_1"]
    again = desk.run("ask", "order-desk", ASK, "--thread", "thread_1", "-q")
    assert (again.code, again.out, again.err) == (0, "Order 1001 is on its way.\n", "")
    assert runs.made == 1


def test_more_tokens_than_there_can_be_are_not_counted(desk: ProjectFolder, runs: ScriptedRuns) -> None:
    runs.answers = {"1001": [{"text": "Hello.", "usage": {"prompt_tokens": 10**400, "completion_tokens": 3}}]}
    report = desk.run("ask", "order-desk", "Where is 1001?", "--format", "json")
    assert report.code == 0, report.err
    assert report.json["usage"] == {"input_tokens": 0, "output_tokens": 3, "total_tokens": 3}


def test_manifests_are_not_read_where_conversations_have_nothing_beside_them(
    desk: ProjectFolder, runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.answers = {"1001": ["Order 1001 is on its way."]}

    def read(_: Deployment) -> Never:
        raise AssertionError

    monkeypatch.setattr(Deployment, "keys_only", read)
    outcome = desk.run("ask", "order-desk", ASK)
    assert (outcome.code, outcome.out) == (0, "Order 1001 is on its way.\n")


def test_a_thread_that_is_not_to_stay_goes_and_one_that_was_there_stays(
    desk: ProjectFolder, runs: ScriptedRuns
) -> None:
    gone = desk.run("ask", "order-desk", ASK, "--no-keep")
    assert (gone.code, runs.threads) == (0, {})
    assert "Go on with" not in gone.err
    desk.run("ask", "order-desk", ASK)
    assert desk.run("ask", "order-desk", ASK, "--thread", "thread_2", "--no-keep").code == 0
    assert [*runs.threads] == ["thread_2"]
    nowhere = desk.run("ask", "order-desk", ASK, "--thread", "thread_9")
    assert (nowhere.code, "No thread found" in nowhere.err) == (1, True)


def test_json_for_scripts(able_desk: ProjectFolder, runs: ScriptedRuns) -> None:
    runs.answers = {"1001": [CALL, "It was shipped."]}
    program = f"{sys.executable} -c 'import sys; print(sys.stdin.read())'"
    outcome = able_desk.run("ask", "order-desk", ASK, "--format", "json", "--tool", f"order_status={program}")
    report = reported(outcome, 0)
    assert report["target"] == {"name": "prod", "platform": "openai-assistants"}
    assert (report["key"], report["thread_id"], report["status"]) == ("order-desk", "thread_1", "completed")
    assert report["answer"] == "It was shipped."
    output = '{"order_id": "1001"}'
    assert report["calls"] == [{"name": "order_status", "arguments": output, "output": output}]
    assert report["usage"] == {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
    assert report["cost"] == pytest.approx(2.7e-05)
    assert report["error"] is None
    assert runs.outputs == [{"tool_call_id": "call_order_status", "output": output}]


def test_an_answer_to_a_function_that_it_does_not_have_is_refused(
    able_desk: ProjectFolder, server: RecordingServer
) -> None:
    before = len(server.mutations)
    outcome = able_desk.run("ask", "order-desk", ASK, "--tool", "ordr_status=true")
    assert (outcome.code, len(server.mutations)) == (1, before)
    assert "order-desk has no function 'ordr_status' to answer" in outcome.err
    assert "did you mean 'order_status'?" in outcome.err


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_a_function_that_nothing_answers_is_shown(
    able_desk: ProjectFolder, runs: ScriptedRuns, output_format: str
) -> None:
    runs.answers = {"1001": [CALL, "Never said."]}
    outcome = able_desk.run("ask", "order-desk", ASK, "--format", output_format)
    assert outcome.code == 1
    reason = 'nothing answers the function order_status, called with \'{"order_id": "1001"}\''
    assert reason in outcome.err
    assert "--tool order_status=COMMAND" in outcome.err
    assert runs.cancelled == ["thread_1"]
    if output_format == "json":
        assert reason in reported(outcome, 1)["error"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"status": "failed", "error": {"message": "No model is configured."}}, "No model is configured."),
        ({"status": "expired"}, "the run ended as expired"),
        ({"status": "incomplete", "text": "Half an answ"}, "the run ended as incomplete"),
    ],
)
def test_a_run_that_came_to_no_good_end(
    desk: ProjectFolder, runs: ScriptedRuns, said: dict[str, Any], reason: str
) -> None:
    runs.answers = {"1001": [said]}
    outcome = desk.run("ask", "order-desk", ASK)
    assert (outcome.code, reason in outcome.err) == (1, True)
    assert outcome.out == (f"{said['text']}\n" if "text" in said else "")
    report = reported(desk.run("ask", "order-desk", ASK, "--format", "json"), 1)
    assert (report["status"], reason in report["error"]) == (said["status"], True)


def test_hostile_text_moves_no_cursor_and_secrets_stay_secret(desk: ProjectFolder, runs: ScriptedRuns) -> None:
    desk.write(".env", "ORDER_TOKEN=sesame-4711-open\n")
    # The pieces that the server streams are seven characters long.
    runs.answers = {"1001": ["\x1b[2J\x1b[H\r\u202egood sesame-4711-open ❤️👩‍👩‍👧 می‌خواهم\nnext"]}
    outcome = desk.run("ask", "order-desk", ASK)
    assert outcome.out == ("\\x1b[2J\\x1b[H\\r\\u202egood (secret ORDER_TOKEN) ❤️👩‍👩‍👧 می‌خواهم\nnext\n")


def test_citations_are_told_by_file_name(desk: ProjectFolder, runs: ScriptedRuns, server: RecordingServer) -> None:
    def fault(asked: Asked) -> Answer | None:
        if asked.path == "/v1/files/file_1":
            return Answer(200, json.dumps({"id": "file_1", "filename": "returns\x1b.md", "bytes": 1}).encode())
        return runs(asked)

    server.fault = fault
    runs.answers = {"1001": [{"text": "Within thirty days [1].", "cites": "file_1"}]}
    outcome = desk.run("ask", "order-desk", ASK)
    assert outcome.out == "Within thirty days [1].\nCited: returns\\x1b.md  [1]\n"
    report = reported(desk.run("ask", "order-desk", ASK, "--format", "json"), 0)
    assert report["citations"] == [{"text": "[1]", "name": "returns\x1b.md", "file_id": "file_1"}]


@pytest.mark.parametrize("message", ["", " \n"])
def test_an_empty_message_is_not_sent(desk: ProjectFolder, server: RecordingServer, message: str) -> None:
    server.clear()
    outcome = desk.run("ask", "order-desk", message)
    assert (outcome.code, server.asked) == (64, [])
    assert "the MESSAGE is empty" in outcome.err


def test_the_message_comes_from_standard_input(
    desk: ProjectFolder, runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text, code in (("Zwei\nZeilen für 1001\n", 0), ("\n", 1)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="ascii"))
        assert desk.run("ask", "order-desk", "-").code == code
    assert [message["content"] for message in runs.messages] == ["Zwei\nZeilen für 1001"]


def test_files_go_along(
    remote: ProjectFolder, runs: ScriptedRuns, server: RecordingServer, tmp_path: Path
) -> None:
    deploy(remote, tools=[{"type": "file_search"}, {"type": "code_interpreter"}])
    outside = tmp_path / "march.csv"
    outside.write_text("a,b\n1,2\n")
    assert remote.run("ask", "order-desk", ASK, "--attach", f"{outside}:code_interpreter").code == 0
    (attached,) = runs.messages[0]["attachments"]
    assert attached["tools"] == [{"type": "code_interpreter"}]
    unclear = remote.run("ask", "order-desk", ASK, "--attach", outside)
    assert (unclear.code, f"--attach {outside}:code_interpreter" in unclear.err) == (1, True)
    remote.write(".env", "SECRET=very-secret-value\n")
    for name, reason in ((".env", "never read"), ("nothing.csv", "no such file"), ("assistants", "folder")):
        refused = remote.run("ask", "order-desk", ASK, "--attach", f"{name}:file_search")
        assert (refused.code, reason in refused.err.lower()) == (1, True), refused.err
    deleted = [asked for asked in server.asked if asked.method == "DELETE"]
    assert deleted == []
    assert remote.run("ask", "order-desk", ASK, "--attach", f"{outside}:file_search", "--no-keep").code == 0
    gone = [asked.path for asked in server.asked if asked.method == "DELETE"]
    assert any(path.startswith("/v1/files/") for path in gone)


def test_who_cannot_be_asked(desk: ProjectFolder, runs: ScriptedRuns) -> None:
    desk.manifest("billing")
    for args, reason in (
        (("order-dsk", "x"), "did you mean 'order-desk'?"),
        (("billing", "x"), "billing is not deployed on prod"),
    ):
        refused = desk.run("ask", *args)
        assert (refused.code, reason in refused.err) == (1, True), refused.err
    for usage in (("order-desk",), ("order-desk", "--format", "json"), ("order-desk", "x", "--tool", "name")):
        assert desk.run("ask", *usage).code == 64
    assert runs.made == 0


def test_files_that_were_made_are_saved_and_overwrite_nothing(
    desk: ProjectFolder, runs: ScriptedRuns, server: RecordingServer, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 40

    def fault(asked: Asked) -> Answer | None:
        if asked.path == "/v1/files/file_1/content":
            return Answer(200, content, headers=((b"content-type", b"application/octet-stream"),))
        if asked.path.startswith("/v1/files/"):
            name = asked.path.removeprefix("/v1/files/")
            return Answer(404, b'{"error": {"message": "gone"}}') if name == "file_2/content" else None
        return runs(asked)

    server.fault = fault
    hostile = "sandbox:/mnt/data/../../.bash\x1brc:x.png"
    runs.answers = {
        "1001": [{"text": "Here: [1]", "makes": "file_1", "mark": hostile}],
        "1002": [{"text": "Here: [1]", "makes": "file_2", "mark": "sandbox:/mnt/data/b.csv"}],
    }
    told = desk.run("ask", "order-desk", ASK)
    assert "Made: .bash\\x1brc:x.png  (file_1; --save DIR writes it)\n" in told.out
    charts = tmp_path / "charts"
    for name in ("bash_rc_x.png", "bash_rc_x-2.png"):
        outcome = desk.run("ask", "order-desk", ASK, "--save", charts)
        assert (outcome.code, outcome.out) == (0, f"Here: [1]\nSaved: {charts / name}\n")
        assert (charts / name).read_bytes() == content
    report = reported(desk.run("ask", "order-desk", ASK, "--save", charts, "--format", "json"), 0)
    (saved,) = report["files"]
    assert (saved["id"], saved["path"]) == ("file_1", str(charts / "bash_rc_x-3.png"))
    assert sorted(path.name for path in charts.iterdir()) == [
        "bash_rc_x-2.png",
        "bash_rc_x-3.png",
        "bash_rc_x.png",
    ]
    lost = desk.run("ask", "order-desk", "Where is 1002?", "--save", charts)
    assert (lost.code, "b.csv could not be fetched" in lost.err) == (1, True)


def test_the_embedded_platform_is_called_by_its_name(project: ProjectFolder) -> None:
    """The address that it has in this process leads nobody anywhere, and no setting of a target changes it."""
    project.manifest("desk")
    assert project.run("apply", "--yes").code == 0
    asked = project.run("ask", "desk", ASK, "--thread", "thread_none")
    summary = "No thread found with id 'thread_none'. (HTTP 404 from the embedded platform)"
    assert (asked.code, asked.err) == (1, f"error: {summary}\n    It may have been deleted.\n")
    told = project.run("ask", "desk", ASK, "--thread", "thread_none", "--format", "json")
    assert [(each["summary"], each["detail"]) for each in told.json["diagnostics"]] == [
        (summary, "It may have been deleted.")
    ]
