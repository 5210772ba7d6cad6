"""The command line itself: where options may stand, exit codes, streams, and what a command imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assistctl import __version__
from assistctl.cli.main import COMMANDS
from support.projects import ProjectFolder


def test_version(project: ProjectFolder) -> None:
    assert project.run("--version").out == f"assistctl {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(project: ProjectFolder, name: str) -> None:
    shown = project.run(name, "--help")
    assert shown.code == 0
    assert f"assistctl {name}" in shown.out.partition("Examples:")[2]
    assert "--color" in shown.out


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("bogus",),
        ("plan", "--bogus"),
        ("plan", "--format", "yaml"),
        ("apply", "--parallelism", "0", "--yes"),
        ("plan", "--var", "novalue"),
        ("apply", "x.plan", "y.plan"),
        ("serve", "--port", "70000"),
    ],
)
def test_a_wrong_command_line_is_64(project: ProjectFolder, args: tuple[str, ...]) -> None:
    assert project.run(*args).code == 64


def test_a_misspelt_command_is_answered_with_the_right_one(project: ProjectFolder) -> None:
    assert "Did you mean 'apply'?" in project.run("aply").err


@pytest.mark.parametrize(
    "args",
    [
        ("plan", "--target", "prod", "--var", "m=gpt-4.1"),
        ("--target", "prod", "--var", "m=gpt-4.1", "plan"),
        ("-tprod", "--var=m=gpt-4.1", "-q", "plan"),
        ("--var", "m=gpt-4.1", "plan", "-t", "prod"),
        ("--format", "text", "plan", "-t", "prod", "--var", "m=gpt-4.1"),
    ],
)
def test_options_before_and_after_the_command(project: ProjectFolder, args: tuple[str, ...]) -> None:
    project.write("assistctl.yaml", "project: acme\ntargets: {prod: {platform: local}}\n")
    project.write("assistants/one.yaml", "model: ${var:m}\n")
    shown = project.run(*args)
    assert (shown.code, shown.err) == (0, "")
    assert "gpt-4.1" in shown.out
    assert "prod" in shown.out


def test_the_target_comes_from_option_environment_project_or_is_local(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def target(*args: str) -> str:
        return str(project.run("plan", "--format", "json", *args).json["target"]["name"])

    targets = "targets: {a: {platform: local}, b: {platform: local}, c: {platform: local}}\n"
    project.write("assistctl.yaml", f"project: acme\n{targets}")
    assert target() == "local"
    project.write("assistctl.yaml", f"project: acme\ndefault_target: a\n{targets}")
    assert target() == "a"
    monkeypatch.setenv("ASSISTCTL_TARGET", "b")
    assert target() == "b"
    assert target("-t", "c") == "c"


@pytest.mark.parametrize("name", ["stagin", "STAGING"])
def test_an_unknown_target_is_1_with_a_suggestion(project: ProjectFolder, name: str) -> None:
    project.write("assistctl.yaml", "project: acme\ntargets: {staging: {platform: local}}\n")
    shown = project.run("plan", "-t", name)
    assert shown.code == 1
    assert "did you mean 'staging'?" in shown.err.lower()


@pytest.mark.parametrize("name", ["plan", "apply", "destroy", "list", "output"])
def test_no_project_is_1_and_names_init(project: ProjectFolder, name: str) -> None:
    (project.path / "assistctl.yaml").unlink()
    shown = project.run(name)
    assert shown.code == 1
    assert "assistctl init" in shown.err


def test_errors_before_a_plan_are_json_too_where_json_was_asked_for(project: ProjectFolder) -> None:
    project.write("assistants/one.yaml", "modle: gpt-4.1\n")
    shown = project.run("plan", "--format", "json")
    assert shown.code == 1
    first = shown.json["diagnostics"][0]
    assert (first["severity"], first["file"], first["line"]) == ("error", "assistants/one.yaml", 1)
    assert "assistants/one.yaml:1:1" in shown.err


def test_without_a_terminal_nothing_waits_and_nothing_is_changed(project: ProjectFolder) -> None:
    project.manifest("one")
    refused = project.run("apply")
    assert refused.code == 3
    assert "--yes" in refused.err
    assert "one" in refused.out
    assert project.run("output").json == {}


# In one process, the most frugal first: none may import what the ones behind it may not.
_NEEDS_NONE_OF: tuple[tuple[str, set[str]], ...] = (
    ("--version", {"openai", "starlette", "rich", "yaml", "jsonschema", "httpx2", "asyncio"}),
    ("completion", {"openai", "starlette", "rich", "jsonschema", "httpx2", "deepdiff"}),
    ("validate", {"openai", "starlette", "httpx2", "deepdiff", "sqlite3"}),
    ("plan --help", {"openai", "starlette", "httpx2", "deepdiff"}),
    ("check", {"openai", "starlette", "deepdiff", "rich.filesize"}),
    ("plan", {
        "assistctl.local.runs.runtime", "assistctl.local.vector_stores.indexer",
        "assistctl.local.vector_stores.search", "assistctl.platforms.http.sdk_errors",
        "assistctl.applying.conflicts", "assistctl.operations.saved_plan", "assistctl.model.provenance",
    }),
)  # fmt: skip
_IMPORTING = """\
import sys
from assistctl.cli.main import COMMANDS, assistctl, run

for command in sys.argv[1:]:
    if command == "completion":
        from assistctl.cli.completion import answer

        assert answer("bash_complete", assistctl, COMMANDS) == "plain,one\\n"
    else:
        assert run(command.split()) == 0
    print("\\nimported:", *sys.modules)
"""


def test_a_command_imports_only_what_it_needs(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the completion of a key, which speaks to nobody."""
    project.manifest("one")
    monkeypatch.setenv("COMP_WORDS", "assistctl plan o")
    monkeypatch.setenv("COMP_CWORD", "2")
    commands = [command for command, _ in _NEEDS_NONE_OF]
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTING, *commands], cwd=project.path, capture_output=True, text=True, check=True
    )
    imported = [line.split() for line in done.stdout.splitlines() if line.startswith("imported: ")]
    for (command, forbidden), modules in zip(_NEEDS_NONE_OF, imported, strict=True):
        assert not forbidden & {*modules}, command
