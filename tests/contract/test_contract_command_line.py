"""Targets, keys, paths, streams and exit codes, as the command line has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from support.projects import ProjectFolder
from support.server import RecordingServer

HEADERS = {"OpenAI-Beta": "assistants=v2"}
ALL = ["validate", "plan", "apply", "destroy", "list", "output", "serve", "init", "migrate"]


@pytest.mark.parametrize("command", ALL)
def test_help_teaches_with_an_example(project: ProjectFolder, command: str) -> None:
    shown = project.run(command, "--help")
    assert shown.code == 0
    assert shown.err == ""
    assert shown.out.count(f"assistctl {command}") >= 2


WRONG = [
    ["frobnicate"],
    ["plan", "--no-such-option"],
    ["plan", "--format", "xml"],
    ["apply", "--format", "yaml"],
    ["output", "--format", "text"],
    ["plan", "--yes"],
    ["apply", "--detailed-exitcode"],
    ["apply", "--parallelism", "none"],
    ["apply", "--parallelism", "-1"],
    ["plan", "--var", "no-equals-sign"],
    ["plan", "--var"],
    ["plan", "--color", "sometimes"],
    ["plan", "--adopt", "--no-such"],
    ["list", "--yes"],
    ["validate", "--destroy"],
    ["serve", "--port", "many"],
    ["-t"],
    [],
]


@pytest.mark.parametrize("args", WRONG, ids=" ".join)
def test_a_wrong_command_line_is_64_and_asks_nobody(
    remote: ProjectFolder, server: RecordingServer, args: list[str]
) -> None:
    remote.manifest("one")
    shown = remote.run(*args)
    assert shown.code == 64
    assert shown.err or args == []
    assert server.asked == []


@pytest.mark.parametrize("name", ["plan", "apply", "destroy", "list", "output", "validate"])
def test_global_options_before_and_after(remote: ProjectFolder, name: str) -> None:
    remote.write("assistants/one.yaml", "model: ${var:m}\n")
    options = ["-C", str(remote.path), "-t", "prod", "--var", "m=gpt-4.1", "--color", "never", "-q"]
    codes = {
        remote.run(*options, name).code,
        remote.run(name, *options).code,
        remote.run(*options[:4], name, *options[4:]).code,
    }
    assert codes == {3 if name == "apply" else 0}


def test_the_option_goes_before_the_environment_before_the_file(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", text + "  here: {platform: local}\n  there: {platform: local}\n")

    def used(*args: str) -> dict[str, str]:
        target: dict[str, str] = remote.run(*args, "plan", "--format", "json").json["target"]
        return target

    assert used() == {"name": "prod", "platform": "openai-assistants"}
    monkeypatch.setenv("ASSISTCTL_TARGET", "here")
    assert used() == {"name": "here", "platform": "local"}
    assert used("-t", "there") == {"name": "there", "platform": "local"}
    assert used("--target", "local") == {"name": "local", "platform": "local"}, "every platform's name is a target"


@pytest.mark.parametrize("how", ["-t", "environment", "default_target"])
def test_an_unknown_target_is_1_with_a_suggestion(
    remote: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    remote.manifest("one")
    args = ["-t", "prdo"] if how == "-t" else []
    if how == "environment":
        monkeypatch.setenv("ASSISTCTL_TARGET", "prdo")
    if how == "default_target":
        text = (remote.path / "assistctl.yaml").read_text()
        remote.write("assistctl.yaml", text.replace("default_target: prod", "default_target: prdo"))
    for command in (["plan"], ["apply", "--yes"], ["destroy", "--yes"], ["list"], ["output"]):
        shown = remote.run(*command, *args)
        assert shown.code == 1
        assert "did you mean 'prod'?" in shown.err.lower()
    assert server.asked == []


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["destroy", "--yes"]])
def test_an_unknown_key_is_1_with_a_suggestion(
    remote: ProjectFolder, server: RecordingServer, command: list[str]
) -> None:
    remote.manifest("order-desk")
    remote.run("apply", "--yes")
    server.clear()
    shown = remote.run(*command, "order-dsek")
    assert shown.code == 1
    assert "did you mean 'order-desk'?" in shown.err.lower()
    assert server.mutations == []


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["destroy", "--yes"], ["list"], ["output"]])
def test_no_project_is_1(tmp_path: Path, project: ProjectFolder, command: list[str]) -> None:
    project.path = tmp_path / "nothing"
    project.path.mkdir()
    shown = project.run(*command)
    assert shown.code == 1
    assert "assistctl.yaml" in shown.err
    assert "init" in shown.err
    assert [*project.path.iterdir()] == []


@pytest.mark.parametrize("where", ["no/such/folder", "assistctl.yaml"])
def test_a_directory_that_is_none(project: ProjectFolder, where: str) -> None:
    shown = project.run("-C", where, "plan")
    assert shown.code in {1, 64}
    assert where in shown.err


def test_keys_select_what_is_planned_and_applied_and_destroyed(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    for key in ("a", "b", "c"):
        remote.manifest(key)
    planned = remote.run("plan", "a", "b", "--format", "json").json
    assert [change["key"] for change in planned["changes"]] == ["a", "b"]
    assert remote.run("apply", "a", "b", "--yes").code == 0
    assert [*remote.run("output").json] == ["a", "b"]
    remote.manifest("a", instructions="New.")
    remote.remove("b")
    server.clear()
    assert remote.run("apply", "b", "--yes").code == 0
    assert [asked.method for asked in server.mutations] == ["DELETE"]
    assert remote.run("plan", "a", "--detailed-exitcode").code == 2
    assert remote.run("destroy", "a", "--yes").code == 0
    assert remote.run("output").json == {}


def test_where_nothing_is_to_be_done_no_more_is_said_than_that(remote: ProjectFolder) -> None:
    for key in ("a", "b"):
        remote.manifest(key)
    assert remote.run("apply", "a", "--yes").code == 0
    remote.remove("a")
    remote.manifest("c", moved_from="a")
    empty = "Nothing is declared, and nothing there is this project's."
    # A key that is not there, and the old key of something that moves: neither says that nothing is declared.
    for command in (
        ("destroy", "b", "--yes"),
        ("plan", "--destroy", "b"),
        ("plan", "a", "--out", "x.plan"),
        ("show", "x.plan"),
    ):
        shown = remote.run(*command)
        assert (shown.code, empty in shown.out, "No changes." in shown.out) == (0, False, True), shown.out
    for key in ("b", "c"):
        remote.remove(key)
    assert remote.run("destroy", "--yes").code == 0
    assert empty in remote.run("plan").out


def test_an_argument_of_apply_that_is_no_key_is_a_plan_file(remote: ProjectFolder) -> None:
    remote.manifest("one")
    remote.run("plan", "--out", "Plan")
    assert remote.run("apply", "Plan", "--yes").code == 0
    assert [*remote.run("output").json] == ["one"]


def test_validate_paths_are_relative_to_where_the_command_runs(project: ProjectFolder, tmp_path: Path) -> None:
    project.write("assistants/good.yaml", "model: gpt-4.1\n")
    project.write("assistants/bad.yaml", "model: gpt-4.1\nfoo: 1\n")
    assert project.run("validate", "assistants/good.yaml").code == 0
    assert project.run("validate", "assistants/bad.yaml").code == 1
    assert project.run("validate", "assistants").code == 1
    root, project.path = project.path, tmp_path
    assert project.run("validate", "acme/assistants/good.yaml").code == 0
    assert project.run("-C", root, "validate", "acme/assistants/good.yaml").code == 0
    missing = project.run("validate", "acme/assistants/no.yaml")
    assert missing.code == 1
    assert "no.yaml" in missing.err + missing.out


def test_validate_is_silent_about_the_network(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("one")
    assert remote.run("validate").code == 0
    assert server.asked == []


def test_neither_needs_the_sdk(project: ProjectFolder) -> None:
    """The version, a validation and help, one after another in a new interpreter."""
    project.manifest("one")
    code = """
import sys
from assistctl.cli.main import run
for args in (["--version"], ["validate"], ["plan", "--help"]):
    assert run(args) == 0, args
    assert "click" in sys.modules
    print({"openai", "httpx2", "starlette"} & {*sys.modules}, file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.path, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-3:] == ["set()"] * 3, done.stderr


def test_output_formats(remote: ProjectFolder) -> None:
    remote.manifest("order-desk")
    remote.manifest("a_b")
    assert remote.run("output").json == {}
    remote.run("apply", "--yes")
    ids = remote.run("output", "--format", "json").json
    assert set(ids) == {"order-desk", "a_b"}
    dotenv = dict(line.split("=", 1) for line in remote.run("output", "--format", "dotenv").out.splitlines())
    assert sorted(dotenv.values()) == sorted(ids.values())
    assert all(name.isidentifier() for name in dotenv)
    github = dict(line.split("=", 1) for line in remote.run("output", "--format", "github").out.splitlines())
    assert github == ids


def test_output_tells_ids_apart_or_gives_none(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("a-b")
    remote.manifest("a_b")
    remote.run("apply", "--yes")
    assert len(remote.run("output").json) == 2
    alike = remote.run("output", "--format", "dotenv")
    assert (alike.code, alike.out) == (1, "")
    assert "two ids come to the name ASSISTANT_A_B here" in alike.err
    owned = httpx2.get(f"{server.url}/assistants/{remote.run('output').json['a-b']}", headers=HEADERS).json()
    again = {"model": owned["model"], "metadata": owned["metadata"]}
    httpx2.post(f"{server.url}/assistants", json=again, headers=HEADERS)
    twice = remote.run("output")
    assert twice.code == 1
    assert "a-b" not in twice.json
    assert "two ids come to the name a-b here" in twice.err


def test_plan_changes_nothing_anywhere(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("one")
    remote.run("apply", "--yes")
    remote.manifest("one", instructions="New.")
    before = remote.snapshot()
    server.clear()
    for command in (["plan"], ["plan", "--destroy"], ["plan", "--adopt"], ["validate"], ["list"], ["output"]):
        assert remote.run(*command).code == 0
    assert (server.mutations, remote.snapshot()) == ([], before)


def test_plan_on_a_fresh_local_project_leaves_no_trace(project: ProjectFolder) -> None:
    project.manifest("one")
    before = sorted(project.path.rglob("*"))
    for command in (["plan"], ["list"], ["output"], ["plan", "--destroy"]):
        assert project.run(*command).code == 0
    assert sorted(project.path.rglob("*")) == before


def test_the_exit_codes_of_plan(remote: ProjectFolder) -> None:
    remote.manifest("one")
    assert (remote.run("plan").code, remote.run("plan", "--detailed-exitcode").code) == (0, 2)
    remote.run("apply", "--yes")
    assert (remote.run("plan").code, remote.run("plan", "--detailed-exitcode").code) == (0, 0)
    assert remote.run("plan", "--destroy", "--detailed-exitcode").code == 2
