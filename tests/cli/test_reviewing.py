"""What a reviewer gets to see: the changed word, who changed it, and what deserves a second look."""

from __future__ import annotations

import httpx2
import pytest

from support.projects import ProjectFolder
from support.server import RecordingServer

SENTENCE = "The desk answers customers about their orders and never guesses at a date of delivery. "


@pytest.mark.parametrize("separator", ["\n", " "])
def test_one_word_in_a_long_prompt_is_what_the_plan_shows(project: ProjectFolder, separator: str) -> None:
    prompt = separator.join(f"{number}. {SENTENCE}" for number in range(440))
    assert len(prompt) > 40_000
    project.manifest("desk", instructions=prompt)
    project.run("apply", "--yes")
    changed = prompt.replace(f"300. {SENTENCE}", f"300. {SENTENCE.replace('customers', 'members')}")
    project.manifest("desk", instructions=changed)
    for output_format in ("text", "markdown"):
        shown = project.run("plan", "--format", output_format).out
        assert "customers" in shown
        assert "members" in shown
        assert "about their orders" in shown
        assert len(shown) < 2_500
    assert project.run("plan", "--format", "json").json["changes"][0]["diffs"][0]["new"] == changed


def test_drift_is_told_apart_on_a_clone_that_never_applied(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk", temperature=0.2, instructions="Be brief.")
    remote.run("apply", "--yes")
    assert remote.run("drift").code == 0
    identifier = remote.run("output").json["desk"]
    httpx2.post(
        f"{server.url}/assistants/{identifier}",
        json={"temperature": 0.9, "description": "undeclared, so nobody's business here"},
        headers={"OpenAI-Beta": "assistants=v2"},
    )
    remote.manifest("desk", temperature=0.2, instructions="Be very brief.")
    found = remote.run("drift", "--format", "json")
    assert found.code == 2
    assert [(drift["path"], drift["observed"], drift["desired"]) for drift in found.json["drift"]] == [
        ("temperature", 0.9, 0.2)
    ]
    origins = {
        diff["path"]: diff["origin"]
        for change in remote.run("plan", "--format", "json").json["changes"]
        for diff in change["diffs"]
    }
    assert origins == {"temperature": "drift", "instructions": "manifest"}
    shown = remote.run("drift")
    assert "temperature" in shown.out
    assert "instructions" not in shown.out


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("model: gpt-4o\n", "will be shut down on"),
        ("model: gpt-4\n", "was shut down on 2026-10-23"),
        ("model: gpt-41\n", "does not list the model 'gpt-41'"),
        (
            "model: gpt-4.1\ninstructions: Use file_search first.\n",
            "mention a tool the assistant does not have: file_search",
        ),
        (
            "model: gpt-4.1\ninstructions: |\n" + 2 * ("  " + SENTENCE * 4 + "\n"),
            "the instructions contain themselves twice",
        ),
        ("model: gpt-4.1\ntools: [{type: file_search}]\n", "nothing for it to search"),
    ],
)
def test_warnings_worth_reading(remote: ProjectFolder, manifest: str, words: str) -> None:
    path = remote.path / "assistants/desk.yaml"
    path.write_text(manifest)
    shown = remote.run("plan", "--format", "json")
    assert shown.code == 0
    found = [diagnostic for diagnostic in shown.json["diagnostics"] if words in diagnostic["summary"]]
    assert [(diagnostic["severity"], diagnostic["file"]) for diagnostic in found] == [
        ("warning", "assistants/desk.yaml")
    ]
    assert found[0]["line"] >= 1


def test_a_server_without_a_list_of_models_is_no_trouble(remote: ProjectFolder, server: RecordingServer) -> None:
    from support.server import Answer

    server.fault = lambda asked: Answer(404, b"{}") if asked.path == "/v1/models" else None
    remote.manifest("desk")
    assert remote.run("plan").code == 0


def test_drift_of_twins_is_an_error_and_one_document(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk")
    remote.run("apply", "--yes")
    headers = {"OpenAI-Beta": "assistants=v2"}
    mark = "project=acme target=prod key=desk"
    httpx2.post(f"{server.url}/assistants", json={"model": "m", "metadata": {"assistctl": mark}}, headers=headers)
    shown = remote.run("drift", "--format", "json")
    assert shown.code == 1
    assert "desk" in shown.json["diagnostics"][0]["summary"]


def test_manifest_errors_come_before_a_missing_key(project: ProjectFolder) -> None:
    targets = "{local: {platform: local, api_key: '${env:NO_KEY}'}}"
    project.write("assistctl.yaml", f"project: acme\ntargets: {targets}\n")
    project.write("assistants/one.yaml", "modle: gpt-4.1\n")
    for command in ("plan", "apply"):
        shown = project.run(command)
        assert "assistants/one.yaml:1:1" in shown.err
        assert "NO_KEY" not in shown.err
