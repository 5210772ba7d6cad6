"""Who is at it: the checkout as git sees it, and the CI run as its system's variables say."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assistctl.journal import CiRun, GitState, current_actor, open_journal
from assistctl.journal.actor import CI_SYSTEMS, CiSystem, ci_run, git_state
from support.journals import record_one

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository with one commit, in which nobody's own settings count."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")

    def run(*words: str) -> str:
        settings = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main")
        command = ["git", *settings, *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    run("init", "-q")
    (tmp_path / "project").mkdir()
    (tmp_path / "project/a.yaml").write_text("model: m\n")
    (tmp_path / "elsewhere").write_text("x")
    run("add", ".")
    run("commit", "-qm", "first")
    return run


def test_a_clean_checkout(git: Git, tmp_path: Path) -> None:
    assert git_state(tmp_path / "project") == GitState(git("rev-parse", "HEAD"), "main", dirty=False)


@pytest.mark.parametrize(
    ("path", "is_dirty"),
    [("project/a.yaml", True), ("project/new.yaml", True), ("elsewhere", False), ("new", False)],
)
def test_only_the_project_makes_it_dirty(git: Git, tmp_path: Path, path: str, is_dirty: bool) -> None:  # a table
    assert git("status", "--porcelain") == ""
    (tmp_path / path).write_text("changed")
    state = git_state(tmp_path / "project")
    assert state is not None
    assert state.dirty is is_dirty


def test_the_journal_itself_makes_nothing_dirty(git: Git, tmp_path: Path) -> None:
    asyncio.run(record_one(open_journal("acme", tmp_path / "project")))
    assert ".assistctl" in git("status", "--porcelain")
    state = git_state(tmp_path / "project")
    assert state is not None
    assert not state.dirty


def test_a_detached_head_and_a_branch_without_a_commit(git: Git, tmp_path: Path) -> None:
    commit = git("rev-parse", "HEAD")
    git("checkout", "-q", commit)
    assert git_state(tmp_path) == GitState(commit, None, dirty=False)
    git("checkout", "-q", "--orphan", "fresh")
    assert git_state(tmp_path) == GitState(None, "fresh", dirty=True)


def test_a_hook_that_points_git_elsewhere_is_not_followed(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git("rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    state = git_state(tmp_path)
    assert state is not None
    assert state.commit == commit


def test_without_a_checkout_or_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git_state(tmp_path / "missing") is None
    assert git_state(tmp_path) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert git_state(tmp_path) is None


def test_a_git_that_does_not_come_back_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("assistctl.journal.actor.GIT_SECONDS", 0.2)
    assert git_state(tmp_path) is None


def test_somebody_is_always_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "someone")
    who = current_actor(tmp_path, {"CI": "true"})
    assert (who.user, who.ci) == ("someone", CiRun("CI"))
    assert who.host


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"CI": "false"}, None),
        ({"CI": "1"}, CiRun("CI")),
        (
            {
                "CI": "true",
                "GITHUB_RUN_ID": "7",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "acme/bots",
                "GITHUB_ACTOR": "ann",
                "GITHUB_REF_NAME": "main",
            },
            CiRun("GitHub Actions", "https://github.com/acme/bots/actions/runs/7", "ann", "main"),
        ),
        ({"GITHUB_RUN_ID": "7"}, CiRun("GitHub Actions")),
        (
            {
                "CI": "true",
                "GITLAB_CI": "true",
                "CI_JOB_URL": "https://gitlab.example/j/1",
                "CI_PIPELINE_URL": "https://gitlab.example/p/1",
                "GITLAB_USER_LOGIN": "ann",
                "CI_COMMIT_REF_NAME": "main",
            },
            CiRun("GitLab CI", "https://gitlab.example/j/1", "ann", "main"),
        ),
        (
            {"CI": "woodpecker", "CI_PIPELINE_FORGE_URL": "f", "CI_PIPELINE_URL": "https://ci.example/1"},
            CiRun("Woodpecker", "https://ci.example/1"),
        ),
        (
            {"TF_BUILD": "True", "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/acme/"}
            | {"SYSTEM_TEAMPROJECT": "bots", "BUILD_BUILDID": "9", "BUILD_REQUESTEDFOR": "ann"},
            CiRun("Azure Pipelines", "https://dev.azure.com/acme/bots/_build/results?buildId=9", "ann"),
        ),
        (
            {"JENKINS_URL": "http://j", "BUILD_URL": "http://j/1", "BRANCH_NAME": "main"},
            CiRun("Jenkins", "http://j/1", None, "main"),
        ),
    ],
)
def test_ci_runs(environment: dict[str, str], expected: CiRun | None) -> None:
    assert ci_run(environment) == expected


@pytest.mark.parametrize("system", CI_SYSTEMS, ids=lambda system: system.name)
def test_each_system_is_known_by_its_sign(system: CiSystem) -> None:
    found = ci_run({system.sign: "x", **{name: name for name in (*system.actor, *system.branch)}})
    assert found is not None
    assert found.system == system.name
    assert found.actor == next(iter(system.actor), None)
