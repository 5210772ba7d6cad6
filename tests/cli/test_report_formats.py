"""Every result in every format through the command, and notes at the lines for editors and code hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from assistctl.secrets.plain_words import WORDS
from support.dashboard import Dashboard
from support.git_project import begin, commit_all
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body

MANIFEST = """\
model: gpt-4.1
instructions: |
  Answer briefly.
tools:
  - type: code_interpreter
  - type: function
    function:
      name: order_status
      description: {description}
      parameters: {{type: object, properties: {{}}}}
temperature: {temperature}
"""


def write(remote: ProjectFolder, description: str = "Looks up", temperature: float = 0.5) -> None:
    remote.write("assistants/a.yaml", MANIFEST.format(description=description, temperature=temperature))


@pytest.fixture
def applied(remote: ProjectFolder) -> ProjectFolder:
    """A project in git with one assistant applied."""
    write(remote)
    begin(remote.path)
    assert remote.run("apply", "--yes").code == 0
    return remote


def test_an_apply_is_a_comment_that_a_bot_finds_again(remote: ProjectFolder) -> None:
    write(remote)
    done = remote.run("apply", "--yes", "--format", "markdown")
    assert done.code == 0
    first, heading, *rest = done.out.splitlines()
    assert (first, heading) == ("<!-- assistctl:apply acme/prod -->", "### acme → prod (openai-assistants)")
    assert "**Done: 1 created, 0 unchanged.**" in rest
    again = remote.run("apply", "--yes", "--format", "markdown").out
    assert again.splitlines()[0] == first
    assert "No changes. 1 assistant is as declared." in again


def test_destroy_and_rollback_are_pages_too(applied: ProjectFolder) -> None:
    last = applied.run("history", "--format", "json").json["applies"][0]["id"]
    back = applied.run("rollback", last, "--yes", "--allow-deletes", "--format", "html")
    assert back.code == 0, back.err
    assert "Done: 1 deleted" in back.out
    assert applied.run("destroy", "--yes", "--format", "html").out.startswith("<!doctype html>")


def test_what_failed_is_told_at_the_end_of_a_long_report(remote: ProjectFolder, server: RecordingServer) -> None:
    for number in range(12):
        remote.manifest(f"k{number:02}")

    def fault(asked: Asked) -> Answer | None:
        is_first = asked.method == "POST" and isinstance(asked.body, dict) and asked.body.get("name") == "k00"
        return Answer(400, error_body("no such model")) if is_first else None

    server.fault = fault
    done = remote.run("apply", "--yes")
    assert done.code == 4
    assert re.search(r"\nFailed:\n  ✗ create k00: .*no such model.*\n\Z", done.out)
    assert done.out.count("no such model") == 1, "and nowhere else"


NO_MODEL = "The requested model does not exist."


@pytest.fixture
def without_models(remote: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project on a server that refuses each create for the same reason."""
    server.fault = lambda asked: Answer(400, error_body(NO_MODEL)) if asked.method == "POST" else None
    return remote


@pytest.mark.parametrize("number", [3, 25])
@pytest.mark.parametrize("output_format", ["text", "markdown", "html"])
def test_a_reason_that_many_share_is_read_once(
    without_models: ProjectFolder, number: int, output_format: str
) -> None:
    keys = [f"k{place:02}" for place in range(number)]
    for key in keys:
        without_models.manifest(key)
    failed = without_models.run("apply", "--yes", "--format", output_format)
    assert failed.code == 1
    assert (failed.out + failed.err).count(NO_MODEL) == 1
    assert all(len(re.findall(rf"\b{key}\b", failed.out)) > 1 for key in keys), "what happened to each, and why"
    results = without_models.run("apply", "--yes", "--format", "json").json["results"]
    assert [(each["key"], NO_MODEL in each["error"]) for each in results] == [(key, True) for key in keys]
    [last, _] = without_models.run("history", "--format", "json").json["applies"]
    past = without_models.run("history", last["id"], "--format", output_format)
    assert past.out.count(NO_MODEL) == 1
    assert past.out.count("the same as for k") == number - 1


def test_what_waits_for_something_that_failed_refers_to_it(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.write("assistants/docs/one.md", "hello")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    server.fault = lambda asked: Answer(403, error_body("Not verified.")) if asked.path == "/v1/files" else None
    failed = remote.run("apply", "--yes")
    assert failed.code == 4
    assert (failed.out + failed.err).count("Not verified.") == 1
    told = re.sub(r" +", " ", failed.out)
    assert "✗ desk failed: create\n not attempted: its vector store lacks assistants/docs/one.md\n" in told
    assert "\n files that could not be added: assistants/docs/one.md\n" in told


def test_drift_in_every_format(applied: ProjectFolder, server: RecordingServer) -> None:
    someone = Dashboard(server.url)
    someone.change(someone.all()[0], instructions="Theirs.")
    someone.close()
    comment = applied.run("drift", "--format", "markdown")
    assert comment.code == 2
    assert comment.out.startswith("<!-- assistctl:drift acme/prod -->\n")
    assert "**Drift: 1 field of 1 thing changed outside.**" in comment.out
    assert re.search(r"\n\+ +1 │ \{\+Theirs\+\}\.\n", comment.out)
    page = applied.run("drift", "--format", "html")
    assert page.code == 2
    assert "Drift: 1 field of 1 thing changed outside." in page.out
    assert "Theirs." in page.out


def test_history_tells_the_fields_and_their_words(applied: ProjectFolder) -> None:
    for temperature in (0.6, 0.7):
        write(applied, temperature=temperature)
        assert applied.run("apply", "--yes").code == 0
    last, middle, first = [apply["id"] for apply in applied.run("history", "--format", "json").json["applies"]]
    assert re.search(r"\n +temperature  0\.5 → 0\.6\n", applied.run("history", middle).out)
    shown = applied.run("history", middle, "--format", "json").json
    assert shown["entries"][0]["diffs"] == [{"path": "temperature", "old": 0.5, "new": 0.6}]
    newest = applied.run("history", last, "--format", "json").json["entries"][0]["diffs"]
    assert newest == [{"path": "temperature", "old": 0.6, "new": 0.7}], "before any other apply finds it"
    assert re.search(r"\n +temperature  0\.6 → 0\.7\n", applied.run("history", last).out)
    comment = applied.run("history", middle, "--format", "markdown").out
    assert "- temperature: 0.5\n+ temperature: 0.6\n" in comment
    assert "<bdi" in applied.run("history", first, "--format", "html").out


def test_history_of_an_apply_whose_new_values_were_not_recorded(applied: ProjectFolder) -> None:
    """Earlier versions recorded none: the next apply finds them, and until then that is said."""
    for temperature in (0.6, 0.7):
        write(applied, temperature=temperature)
        assert applied.run("apply", "--yes").code == 0
    for path in (applied.path / ".assistctl/journal").rglob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(f"{json.dumps({**line, 'values': None})}\n" for line in lines))
    last, middle, _ = [apply["id"] for apply in applied.run("history", "--format", "json").json["applies"]]
    assert re.search(r"\n +temperature  0\.5 → 0\.6\n", applied.run("history", middle).out)
    unknown = applied.run("history", last, "--format", "json").json["entries"][0]["diffs"]
    assert unknown == [{"path": "temperature", "old": 0.6, "new": None, "recorded": False}]
    assert "0.6 → (not recorded by that version of assistctl)" in applied.run("history", last).out


def test_history_shows_no_secret(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in ("hunter2-one", "hunter2-two"):
        monkeypatch.setenv("TOKEN", secret)
        remote.manifest("a", metadata={"token": "${env:TOKEN}"})
        assert remote.run("apply", "--yes").code == 0
    monkeypatch.delenv("TOKEN")
    for past in remote.run("history", "--format", "json").json["applies"]:
        for name in ("text", "json", "markdown", "html"):
            shown = remote.run("history", past["id"], "--format", name)
            assert "hunter2" not in shown.out
            assert "metadata.token" in shown.out.replace("<wbr>", "")


def test_lists_are_whole_off_a_terminal_and_tabs_part_them_for_programs(remote: ProjectFolder) -> None:
    remote.manifest("a" * 64, name="A name of many words. " * 8)
    assert remote.run("apply", "--yes").code == 0
    lines = remote.run("list").out.splitlines()
    assert len(lines) == 2
    assert all(line == line.rstrip() for line in lines)
    assert "a" * 64 in lines[1]
    assert ("A name of many words. " * 8).strip() in lines[1]
    heading, row = remote.run("list", "--format", "tsv").out.splitlines()
    assert heading == "KEY\tID\tMODEL\tNAME"
    assert row.split("\t")[0] == "a" * 64
    assert remote.run("history", "--format", "tsv").out.splitlines()[0].startswith("ID\tTARGET\t")
    assert remote.run("gc", "--format", "tsv").out == "WHAT\tID\tNAME\tSIZE\tPROVEN\tWHY\n"


@pytest.mark.parametrize("command", ["list", "gc", "history", "models"])
def test_no_field_of_a_list_is_masked(applied: ProjectFolder, command: str) -> None:
    fields = {*field_names(applied.run(command, "--format", "json").json)}
    assert fields - WORDS == set(), "add them to secrets/plain_words.py, so that no secret masks them"


def field_names(document: object) -> Iterator[str]:
    if isinstance(document, list):
        for item in document:
            yield from field_names(item)
    if isinstance(document, dict):
        yield from document
        yield from field_names([*document.values()])


def test_who_signs_a_saved_plan_sees_the_commit_and_the_command(applied: ProjectFolder) -> None:
    write(applied, temperature=0.9)
    commit = commit_all(applied.path)
    assert applied.run("plan", "--out", "change.plan").code == 0
    page = applied.run("show", "change.plan", "--format", "html").out
    assert commit in page
    assert ">theirs</code>" in page
    assert "assistctl apply change.plan</code>" in page
    assert "127.0.0.1" in page
    assert applied.run("apply", "change.plan", "--yes").code == 0


def test_the_command_that_is_told_for_a_saved_plan_applies_it(applied: ProjectFolder) -> None:
    applied.write("other/assistctl.yaml", (applied.path / "assistctl.yaml").read_text("utf-8"))
    applied.write("other/assistants/b.yaml", "model: ${var:model}\n")
    planned = applied.run("plan", "-C", "other", "--var", "model=gpt-4.1", "--out", "b.plan")
    told = re.search("`assistctl (apply [^`]*)`", planned.err)
    assert told, planned.err
    done = applied.run(*told[1].split(), "--yes", "--allow-deletes")
    assert done.code == 0, done.err


def test_the_page_of_a_plan_names_the_command_that_was_meant(applied: ProjectFolder) -> None:
    write(applied, temperature=0.9)
    page = applied.run("plan", "a", "--no-adopt", "--format", "html").out
    assert "assistctl apply --target prod --no-adopt a</code>" in page


def test_a_plan_has_notes_at_the_lines_that_change(applied: ProjectFolder) -> None:
    write(applied, description="Finds", temperature=0.9)
    lines = applied.run("plan", "--format", "github").out.splitlines()
    at = "::notice file=assistants/a.yaml"
    assert (
        f"{at},line=9,col=20,title=update a::tools[order_status].function.description: Looks up → Finds" in lines
    )
    assert any(line.startswith(f"{at},line=11,col=") and line.endswith("temperature: 0.5 → 0.9") for line in lines)
    assert lines[-1].startswith("::notice title=acme → prod (openai-assistants)::Plan: 0 to create, 1 to update")


def test_notes_on_a_delete_have_the_values_that_are_lost(applied: ProjectFolder) -> None:
    notes = applied.run("plan", "--destroy", "--format", "github").out.splitlines()[:-1]
    assert "::notice title=delete a::model: gpt-4.1" in notes
    assert "::notice title=delete a::temperature: 0.5" in notes
    assert not [note for note in notes if "None" in note or "→" in note]


def test_paths_begin_at_the_root_of_the_repository(remote: ProjectFolder) -> None:
    remote.write("assistants/a.yaml", "modle: x\n")
    begin(remote.path.parent)
    shown = remote.run("validate", "--format", "github")
    assert shown.code == 1
    assert shown.out.startswith("::error file=acme/assistants/a.yaml,line=1,col=1,title=assistctl::")


def test_messages_in_the_forms_that_code_hosts_read(project: ProjectFolder) -> None:
    project.write("assistants/a.yaml", "modle: gpt-4.1\n")
    project.manifest("b")
    told = project.run("validate", "--format", "json").json["diagnostics"]
    sarif = project.run("validate", "--format", "sarif")
    assert sarif.code == 1
    [run] = sarif.json["runs"]
    assert [result["level"] for result in run["results"]] == ["error"] * len(told)
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "assistants/a.yaml"
    assert place["region"] == {"startLine": 1, "startColumn": told[0]["column"]}
    quality = project.run("validate", "--format", "gitlab").json
    assert len({issue["fingerprint"] for issue in quality}) == len(told)
    assert quality[0]["location"] == {"path": "assistants/a.yaml", "lines": {"begin": 1}}
    suites = ET.fromstring(project.run("validate", "--format", "junit").out)  # noqa: S314  # our own output
    assert {suite.get("name"): suite.get("failures") for suite in suites} == {
        "assistants/a.yaml": str(len(told)),
        "assistants/b.yaml": "0",
    }


def test_whatever_is_declared_counts_as_checked(project: ProjectFolder) -> None:
    project.write("assistants/analysis.yaml", "kind: environment\nnetwork: {access: disabled}\n")
    project.write("assistants/orders.yaml", "kind: mcp_server\nurl: https://mcp.example.com/mcp\n")
    suites = ET.fromstring(project.run("validate", "--format", "junit").out)  # noqa: S314  # our own output
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("assistants/analysis.yaml", "1", "0"),
        ("assistants/orders.yaml", "1", "0"),
    ]
    assert project.run("validate").out.splitlines()[-1] == "0 assistants, 1 environment, no errors."


def test_a_fingerprint_stays_when_lines_are_added_above(project: ProjectFolder) -> None:
    project.write("assistants/a.yaml", "model: gpt-4.1\ntemprature: 1\n")
    before = project.run("validate", "--format", "gitlab").json
    project.write("assistants/a.yaml", "# A comment\n\nmodel: gpt-4.1\ntemprature: 1\n")
    after = project.run("validate", "--format", "gitlab").json
    assert [issue["fingerprint"] for issue in before] == [issue["fingerprint"] for issue in after]
    assert after[0]["location"]["lines"]["begin"] == 4


@pytest.mark.parametrize("name", ["json", "markdown", "html", "github"])
def test_why_there_is_no_plan_is_told_where_it_was_asked_for(remote: ProjectFolder, name: str) -> None:
    remote.write("assistants/a.yaml", "modle: x\n")
    failed = remote.run("plan", "--format", name)
    assert failed.code == 1
    assert "modle" in failed.out
    assert "modle" in failed.err


def test_hostile_text_is_no_command_of_a_runner(project: ProjectFolder) -> None:
    project.write("assistants/a.yaml", json.dumps({"model": "m", "x\n::add-mask::y": "##[add-mask]z"}))
    shown = project.run("validate", "--format", "github")
    assert shown.code == 1
    assert all(re.match(r"::(error|warning|notice) ", line) for line in shown.out.splitlines())
    assert "##[" not in shown.out


@pytest.mark.parametrize("color", ["never", "always"])
def test_the_problem_matcher_of_the_manual_finds_what_validate_prints(project: ProjectFolder, color: str) -> None:
    manual = Path(__file__).parents[2].joinpath("assistants/docs/continuous-integration.md").read_text("utf-8")
    [text] = re.findall(r"```json\n(\{\n  \"problemMatcher\".*?)```", manual, re.DOTALL)
    [pattern] = json.loads(text)["problemMatcher"][0]["pattern"]
    project.write("assistants/a.yaml", "model: gpt-4.1\ntemprature: 1\n")
    told = project.run("validate", "--format", "json").json["diagnostics"]
    lines = project.run("validate", "--color", color).out.splitlines()
    found = [match for line in lines if (match := re.match(pattern["regexp"], line))]
    assert len(found) == len(told) > 0
    for match, diagnostic in zip(found, told, strict=True):
        named = {name: match[pattern[name]] for name in ("file", "line", "column", "severity")}
        assert named == {name: str(diagnostic[name]) for name in named}
        assert match[pattern["message"]].startswith(diagnostic["summary"])


def test_why_a_rule_refuses_is_read_once(remote: ProjectFolder) -> None:
    remote.manifest("kept", lifecycle={"prevent_destroy": True})
    remote.manifest("other")
    assert remote.run("apply", "--yes").code == 0
    remote.remove("kept")
    refused = remote.run("apply", "--yes")
    assert refused.code == 3
    told = refused.out + refused.err
    assert told.count("prevent_destroy: false") == 1
    assert (
        "\nApply will refuse this plan; the messages above say why and how to pass:\n  PROTECTED  kept\n" in told
    )
    remote.manifest("kept", lifecycle={"prevent_destroy": False})
    assert remote.run("apply", "--yes").code == 0
    remote.remove("kept")
    remote.remove("other")
    refused = remote.run("apply", "--yes")
    assert refused.code == 3
    assert (refused.out + refused.err).count("--allow-deletes") == 1
