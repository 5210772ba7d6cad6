"""Command lines that many write: what is said the first time."""

from __future__ import annotations

import pytest

from assistctl.cli import apply_report
from assistctl.operations.deployment import Deployment
from support.projects import ProjectFolder


@pytest.mark.parametrize("command", [("apply", "--yes"), ("plan",), ("drift",), ("destroy", "--yes")])
@pytest.mark.parametrize("path", ["assistants/desk.yaml", "./desk.yml"])
def test_a_manifest_is_no_key(project: ProjectFolder, command: tuple[str, ...], path: str) -> None:
    project.manifest("desk")
    outcome = project.run(*command, path)
    assert outcome.code == 1
    assert outcome.err.splitlines() == [
        f"error: '{path}' is a file, and this takes keys",
        "    did you mean 'desk'?",
    ]


@pytest.mark.parametrize("command", [("apply", "--yes"), ("plan",), ("destroy", "--yes"), ("check",), ("ask",)])
def test_a_name_is_no_key(project: ProjectFolder, command: tuple[str, ...]) -> None:
    project.manifest("desk", name="Colleague Bot")
    project.manifest("colleague-boot")
    given = ("colleague bot", *(("Hello?",) if command == ("ask",) else ()))
    outcome = project.run(*command, *given)
    assert outcome.code == 1
    assert outcome.err.splitlines()[-1] == "    did you mean 'desk'?"
    assert "'colleague bot'" in outcome.err


def test_what_is_applied_with_a_name_among_keys(project: ProjectFolder) -> None:
    project.manifest("desk", name="Colleague Bot")
    outcome = project.run("apply", "--yes", "desk", "Colleague Bot")
    assert (outcome.code, outcome.err.splitlines()) == (
        1,
        ["error: 'Colleague Bot' is a name, and this takes keys", "    did you mean 'desk'?"],
    )


def test_a_file_with_a_name_for_its_own_is_the_saved_plan(project: ProjectFolder) -> None:
    project.manifest("desk", name="Colleague Bot")
    assert project.run("plan", "--out", "Colleague Bot").code == 0
    assert project.run("apply", "Colleague Bot", "--yes").code == 0


@pytest.mark.parametrize("name", ["json", "html", "markdown"])
def test_a_report_is_no_saved_plan(project: ProjectFolder, name: str) -> None:
    project.manifest("desk")
    project.write("a.report", project.run("plan", "--format", name).out)
    why = "" if name == "json" else ": its contents are not JSON"
    hint = "Give the file that `assistctl plan --out FILE` wrote; what --format prints is only for reading."
    for command in (("apply", "--yes"), ("show",)):
        outcome = project.run(*command, "a.report")
        assert (outcome.code, outcome.err.splitlines()) == (
            1,
            [f"error: a.report is not a saved plan{why}", f"    {hint}"],
        )


@pytest.mark.parametrize(
    ("word", "meant"), [("diff", "plan"), ("deploy", "apply"), ("delete", "destroy"), ("aply", "apply")]
)
def test_other_words_for_commands(project: ProjectFolder, word: str, meant: str) -> None:
    outcome = project.run(word)
    assert outcome.code == 64
    assert f"there is no command '{word}'. Did you mean '{meant}'?" in outcome.err


def test_init_makes_the_folder(project: ProjectFolder) -> None:
    assert project.run("init", "-C", "new/one").code == 0
    assert project.run("-C", "new/one", "plan").code == 0
    project.write("taken", "")
    assert project.run("init", "-C", "taken").code == 1


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("destroy", "--yes"), ("gc", "--yes")])
def test_what_was_interrupted_before_a_change_says_so(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Deployment, "open", interrupted)
    outcome = project.run(*command)
    assert (outcome.code, outcome.err) == (130, "error: interrupted\n    Nothing was changed.\n")


def test_what_was_interrupted_after_a_change_does_not(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    project.manifest("desk")
    monkeypatch.setattr(apply_report, "print_results", interrupted)
    outcome = project.run("apply", "--yes")
    assert outcome.code == 130
    assert "Nothing was changed" not in outcome.err
    assert "error: interrupted\n    What was done until then stays done" in outcome.err


@pytest.mark.parametrize("path", ["elsewhere/assistants/desk.yaml", "elsewhere/assistants", "elsewhere"])
def test_validate_finds_the_project_of_a_path(project: ProjectFolder, path: str) -> None:
    project.write("elsewhere/assistctl.yaml", "project: far\ntargets: {local: {variables: {model: m}}}\n")
    project.write("elsewhere/assistants/desk.yaml", "model: ${var:model}\nmodl: x\n")
    outcome = project.run("validate", path)
    assert outcome.code == 1
    assert [line for line in outcome.out.splitlines() if not line.startswith(" ")] == [
        "assistants/desk.yaml:2:1: error: unknown field 'modl'"
    ]


NAMES = """\
key: {key}
name: {key}
model: m
environment: analysis
memory_stores: [notes]
tools: [{{type: mcp, server: orders}}, {{type: file_search}}]
vector_store: handbook
platforms: {{anthropic-agents: {{multiagent: {{type: coordinator, agents: [{{assistant: helper}}]}}}}}}
"""


def summaries(project: ProjectFolder, *paths: str) -> list[str]:
    """All that validating says, in the order of its places."""
    return [
        diagnostic["summary"]
        for diagnostic in project.run("validate", *paths, "--format", "json").json["diagnostics"]
    ]


def test_one_manifest_is_held_against_the_project_that_it_is_of(project: ProjectFolder) -> None:
    project.write("assistants/desk.yaml", NAMES.format(key="desk"))
    undeclared = [
        "no document declares an environment with the key 'analysis'",
        "no document declares a memory store with the key 'notes'",
        "no document declares an MCP server with the key 'orders'",
        "no document declares a vector store with the key 'handbook'",
        "no document declares an assistant with the key 'helper'",
    ]
    assert summaries(project) == summaries(project, "assistants/desk.yaml") == undeclared
    project.write("assistants/other.yaml", NAMES.format(key="other"))
    assert summaries(project, "assistants/desk.yaml") == undeclared
    project.write("assistants/z.yaml", "key: desk\nmodel: m\n")
    assert summaries(project, "assistants/z.yaml") == [
        "the key 'desk' is declared twice: first at assistants/desk.yaml:1:6"
    ]


def test_one_manifest_is_not_blamed_for_what_nobody_can_know(project: ProjectFolder) -> None:
    project.write("drafts/desk.yaml", NAMES.format(key="desk"))
    assert summaries(project, "drafts/desk.yaml") == []
    project.write("assistants/desk.yaml", NAMES.format(key="desk"))
    project.write("assistants/broken.yaml", "key: analysis\nkind: [\n")
    assert summaries(project, "assistants/desk.yaml") == []
    (project.path / "assistctl.yaml").unlink()
    (project.path / "assistants/broken.yaml").unlink()
    assert summaries(project, "assistants/desk.yaml") == []


def test_validate_takes_one_project_at_a_time(project: ProjectFolder) -> None:
    for name in ("a", "b"):
        project.write(f"{name}/assistctl.yaml", f"project: {name}\n")
    outcome = project.run("validate", "a", "b")
    assert (outcome.code, outcome.err.splitlines()[1]) == (1, "    Validate each by itself.")


def test_a_path_that_is_relative_to_another_folder(project: ProjectFolder) -> None:
    project.write("in/assistctl.yaml", "project: in\n")
    project.write("in/assistants/desk.yaml", "model: m\n")
    outcome = project.run("-C", "in", "validate", "assistants/desk.yaml")
    assert outcome.code == 1
    assert "Did you mean in/assistants/desk.yaml? A path is relative to the folder this runs in." in outcome.out


def test_validate_in_a_folder_of_the_project_names_the_project(project: ProjectFolder) -> None:
    project.write("deep/x", "")
    outcome = project.run("-C", "deep", "validate")
    assert (outcome.code, f"There is one in {project.path}: use -C" in outcome.out) == (1, True)


def test_a_folder_has_no_line(project: ProjectFolder) -> None:
    project.write("assistants/inner/assistctl.yaml", "project: inner\n")
    outcome = project.run("validate")
    assert outcome.out.startswith("assistants/inner: error: there is a project in this folder")
    [told] = project.run("plan", "--format", "json").json["diagnostics"]
    assert (told["file"], told["line"], told["column"]) == ("assistants/inner", None, None)


def test_messages_are_sorted_by_place_whoever_says_them(project: ProjectFolder) -> None:
    project.write("assistctl.yaml", "project: acme\ntargets: {prod: {platform: openai-agents}}\n")
    project.manifest("b", model="gpt-4", temperature=0.5, tools=[{"type": "file_search"}], vector_store="none")
    project.manifest("a", model="gpt-4", temperature=0.5, tols=1)
    project.manifest("c", model="gpt-4", temperature=0.5)
    told = project.run("validate", "-t", "prod", "--format", "json").json["diagnostics"]
    places = [(diagnostic["file"], diagnostic["line"], diagnostic["column"]) for diagnostic in told]
    assert places == sorted(places)
    assert {file for file, *_ in places} == {"assistants/a.yaml", "assistants/b.yaml", "assistants/c.yaml"}


def test_a_plan_has_its_messages_by_place_too(project: ProjectFolder) -> None:
    project.manifest("b", tools=[{"type": "file_search"}])
    project.manifest("a", **{"import": "asst_none"})
    told = project.run("plan", "--format", "json").json["diagnostics"]
    places = [(diagnostic["file"], diagnostic["line"], diagnostic["column"]) for diagnostic in told]
    assert places == sorted(places)
    assert {file for file, *_ in places} == {"assistants/a.yaml", "assistants/b.yaml"}


def test_a_tool_has_one_name_in_messages_and_plans(project: ProjectFolder) -> None:
    search = {"type": "file_search", "file_search": {"max_num_results": 99}}
    project.manifest("desk", tools=[{"type": "code_interpreter"}, search])
    assert "tools[file_search].file_search.max_num_results must be from 1 to 50" in project.run("validate").out
    search["file_search"] = {"max_num_results": 9}
    project.manifest("desk", tools=[{"type": "code_interpreter"}, search])
    assert project.run("apply", "--yes").code == 0
    search["file_search"] = {"max_num_results": 8}
    project.manifest("desk", tools=[{"type": "code_interpreter"}, search])
    assert "tools[file_search].file_search.max_num_results" in project.run("plan").out


def test_names_in_other_scripts_become_keys(project: ProjectFolder) -> None:
    project.write("assistctl.yaml", "project: elsewhere\n")
    for name in ("Справочная", "주문", "注文"):
        project.manifest("desk", name=name)
        assert project.run("apply", "--yes", "--allow-deletes").code == 0
        project.write("assistctl.yaml", f"project: p{len(project.written)}\n")
    project.remove("desk")
    assert project.run("dump", "Справочная", "주문", "注文", "--to", "found").code == 0
    assert sorted(path.name for path in (project.path / "found").iterdir()) == [
        "jumun.yaml",
        "spravochnaya.yaml",
        "zhuwen.yaml",
    ]


@pytest.mark.parametrize(
    ("command", "unused"),
    [
        ("schema", ("--timeout", "--config-from", "--var", "--target", "--directory")),
        ("init", ("--timeout", "--config-from", "--var")),
        ("show", ("--timeout", "--config-from", "--var", "--target", "--directory")),
        ("validate", ("--timeout",)),
        ("plan", ()),
    ],
)
def test_help_shows_the_options_that_mean_something(
    project: ProjectFolder, command: str, unused: tuple[str, ...]
) -> None:
    shown = project.run(command, "--help").out
    every = {"--timeout", "--config-from", "--var", "--target", "--directory", "--color", "--quiet"}
    assert {option for option in every if f" {option}" in shown or f", {option}" in shown} == every - {*unused}


def test_an_option_that_promises_nothing_is_refused_and_a_global_one_is_not(project: ProjectFolder) -> None:
    for args in (("schema", "--timeout", "9s"), ("--timeout", "9s", "schema"), ("init", "--config-from", "main")):
        outcome = project.run(*args)
        assert outcome.code == 64
        assert "does not apply to" in outcome.err
    assert project.run("-t", "prod", "--var", "a=b", "-v", "-C", ".", "schema").code == 0


def test_a_variable_for_all_commands_stops_none(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTCTL_CONFIG_FROM", "main")
    assert project.run("schema").code == 0


def test_a_variable_that_many_need_is_told_once(project: ProjectFolder) -> None:
    for number in range(5):
        project.manifest(f"k{number}", metadata={"stage": "${var:stage}"}, description="${var:stage}")
    planned = project.run("plan")
    assert planned.code == 1
    assert (
        planned.err.count("no target has a variable 'stage'") + planned.err.count("has no variable 'stage'") == 1
    )
    assert "The same of assistants/k0.yaml:" in planned.err
    assert "and 7 more." in planned.err
    told = project.run("plan", "--format", "json").json["diagnostics"]
    assert len([each for each in told if each["severity"] == "error"]) == 10, "JSON has every place"
