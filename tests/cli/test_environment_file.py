"""``.env``: its values are shown nowhere, and in CI it is not what a commit brings along."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.projects import ProjectFolder
from support.server import Answer, RecordingServer, error_body

VALUE = "value-that-no-manifest-uses"
COMMANDS = (
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("plan", "--format", "html"),
    ("plan", "--out", "saved.plan"),
    ("drift", "--format", "json"),
    ("validate", "--format", "json"),
    ("validate",),
    ("list",),
    # What changes something comes last: until then, there is something to plan.
    ("apply", "--yes"),
    ("history", "--format", "json"),
)


def test_a_value_that_nothing_refers_to(remote: ProjectFolder) -> None:
    remote.write(".env", f"UNUSED='{VALUE}'\nexport MORE={VALUE}-more\nSHORT=abc\n")
    remote.manifest("one", instructions=f"Say {VALUE} and abc.", name=f"It {VALUE}-more", metadata={"a": VALUE})
    assert remote.run("apply", "--yes", "--var", f"x={VALUE}").code == 0
    for command in COMMANDS:
        remote.manifest("one", instructions=f"Say {VALUE} twice, abc.", name=f"It {VALUE}-more", temperature=VALUE)
        assert VALUE not in (broken := remote.run(*command)).out + broken.err
        remote.manifest("one", instructions=f"Say {VALUE} twice, abc.", name=f"It {VALUE}-more")
        done = remote.run(*command)
        assert done.code in {0, 2}, done.err
        assert VALUE not in done.out + done.err, command
    for path in (remote.path / ".assistctl").rglob("*"):
        assert path.is_dir() or VALUE.encode() not in path.read_bytes(), path
    assert VALUE not in (remote.path / "saved.plan").read_text()


def test_what_the_platform_says_of_it(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.write(".env", f"UNUSED={VALUE}\n")
    remote.manifest("one")
    server.fault = lambda _: Answer(400, error_body(f"I know {VALUE}"))
    for command in (["plan"], ["plan", "--format", "json"], ["apply", "--yes"]):
        done = remote.run(*command)
        assert done.code == 1
        assert "I know" in done.err
        assert VALUE not in done.out + done.err


@pytest.mark.parametrize(
    "text",
    [f"project: acme\ndefault_target: {VALUE}\n", f"project: [{VALUE}]\n", f'a: "{VALUE}\n'],
)
def test_what_is_said_of_the_project_file(project: ProjectFolder, text: str) -> None:
    project.write(".env", f"UNUSED={VALUE}\n")
    project.write("assistctl.yaml", text)
    for command in (["plan"], ["plan", "--format", "json"], ["validate"], ["unlock", "x"]):
        done = project.run(*command)
        assert done.code == 1
        assert VALUE not in done.out + done.err


@pytest.fixture
def tracked(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """A project in a folder of a checkout, whose ``.env`` git tracks."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    project.write(".env", "KEY=value\n")
    project.manifest("one")
    git(project.path.parent, "init", "-q")
    git(project.path.parent, "add", "-A")
    return project


def git(where: Path, *words: str) -> None:
    command = ["git", *words]
    subprocess.run(command, cwd=where, check=True)


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("validate",), ("gc",), ("history",)])
def test_in_ci_a_tracked_one_is_refused(
    tracked: ProjectFolder, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", "/nowhere")
    done = tracked.run(*command, "--format", "json")
    assert done.code == 1
    assert "git tracks this file" in done.err
    (found,) = done.json["diagnostics"]
    assert (found["file"], found["line"]) == (".env", 1)


@pytest.mark.parametrize("value", ["", "0", "false", "False", None])
def test_elsewhere_it_is_not(tracked: ProjectFolder, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("CI", raising=False)
    if value is not None:
        monkeypatch.setenv("CI", value)
    assert tracked.run("plan").code == 0


def test_one_that_says_this_is_no_ci_is_refused_all_the_same(
    tracked: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "1")
    tracked.write(".env", "CI=false\n")
    assert tracked.run("plan").code == 1


def test_in_ci_one_that_git_does_not_track_counts(tracked: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    git(tracked.path, "rm", "-q", "--cached", ".env")
    assert tracked.run("plan").code == 0
    # The name is the checkout's, and so is what a link leads to.
    tracked.write("keys", "KEY=value\n")
    git(tracked.path, "add", "keys")
    (tracked.path / ".env").unlink()
    (tracked.path / ".env").symlink_to("keys")
    assert "git tracks this file" in tracked.run("plan").err


def test_in_ci_an_index_that_cannot_be_read_is_not_taken_for_an_empty_one(
    tracked: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    (tracked.path.parent / ".git/index").write_bytes(b"DIRC\0\0\0\x07\0\0\0\0")
    done = tracked.run("plan")
    assert done.code == 1
    assert "cannot be told" in done.err
