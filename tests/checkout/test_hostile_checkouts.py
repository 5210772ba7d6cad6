"""A checkout that names programs for git to run: no command that tells of the commit runs one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.projects import ProjectFolder

Git = Callable[..., str]
COMMANDS = (
    ("apply", "--yes"),
    ("apply", "one", "--yes"),
    ("apply", "change.plan", "--yes"),
    ("rollback", "ID", "--yes"),
    ("gc", "--yes"),
    ("destroy", "--yes"),
    ("forget", "one", "--yes"),
    ("unlock", "nobody"),
    ("plan",),
    ("history",),
    ("validate",),
)


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> Git:
    """git, with nobody's own settings; the first argument is where."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)

    def run(where: Path, *words: str) -> str:
        settings = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main")
        command = ["git", "-c", "protocol.file.allow=always", *settings, *words]
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """The file that is there once anything of the checkout was run."""
    return tmp_path / "it-ran"


def configuration(marker: Path) -> str:
    """Everything in a git configuration that names a program which ``git status`` or its like might run."""
    program = f"touch {marker}; cat"
    return f"""\
[core]
    repositoryformatversion = 0
    bare = false
    fsmonitor = "touch {marker}; false"
    hooksPath = {marker.parent}/hooks
    pager = {program}
[filter "evil"]
    clean = {program}
    smudge = {program}
[diff "evil"]
    textconv = touch {marker}; cat
    command = touch {marker}
[diff]
    external = touch {marker}
[include]
    path = {marker.parent}/included
"""


def prepare(project: ProjectFolder, marker: Path) -> None:
    """What the project and its neighbourhood hold besides the configuration: attributes, hooks, changed files."""
    project.write(".gitattributes", "* filter=evil diff=evil\n")
    project.write("assistants/note.txt", "one\n")
    project.manifest("one", description="first")
    hooks = marker.parent / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "pre-commit", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / name).chmod(0o700)
    (marker.parent / "included").write_text(f'[core]\n fsmonitor = "touch {marker}; false"\n')


def commit_all(git: Git, where: Path) -> str:
    """Commit what is there, and give every file another time than the one that git noted."""
    git(where, "add", "-A")
    git(where, "commit", "-qm", "first")
    for path in where.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path, (1, 1))
    return git(where, "rev-parse", "HEAD")


def run_apply(project: ProjectFolder, marker: Path) -> None:
    """One command that asks git, which may not run what the checkout names."""
    made = project.run("apply", "--yes", "--format", "json")
    assert made.code == 0, made.err
    assert not marker.exists()


def run_everything(project: ProjectFolder, marker: Path) -> None:
    """Each command that might ask git in its own way; none of them may run what the checkout names."""
    run_apply(project, marker)
    for number, words in enumerate(COMMANDS):
        project.manifest("one", description=f"change {number}")
        if "change.plan" in words:
            assert project.run("plan", "--out", "change.plan").code == 0
        done = project.run(*(last_apply(project)["id"] if word == "ID" else word for word in words))
        assert done.code in {0, 1, 64}, (words, done.err)
        assert not marker.exists(), words


def last(project: ProjectFolder) -> dict[str, object]:
    """By whom the last apply was."""
    by: dict[str, object] = last_apply(project)["by"]
    return by


def last_apply(project: ProjectFolder) -> Any:
    """The last apply, as the history has it."""
    return project.run("history", "--format", "json").json["applies"][0]


def test_the_attack_is_real(project: ProjectFolder, git: Git, marker: Path) -> None:
    """Plain git would run it: without this, the tests below could not fail."""
    prepare(project, marker)
    make_bare(git, project.path, marker)
    git(project.path, "status")
    assert marker.exists()


def make_bare(git: Git, folder: Path, marker: Path) -> None:
    """Make ``folder`` a bare repository with a work tree: what a commit can bring along."""
    elsewhere = folder.parent / "bare"
    git(folder.parent, "init", "-q", "--bare", str(elsewhere))
    for name in ("HEAD", "objects", "refs"):
        (shutil.copytree if (elsewhere / name).is_dir() else shutil.copy)(elsewhere / name, folder / name)
    for empty in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (folder / empty / ".keep").touch()
    shutil.rmtree(elsewhere)
    text = configuration(marker).replace("bare = false", "bare = false\n    worktree = .")
    (folder / "config").write_text(text)
    # Its own index, which knows a file that was changed since.
    git(folder, "-c", "core.fsmonitor=false", "--git-dir=.", "update-index", "--add", "--cacheinfo",
        "100644,e69de29bb2d1d6434b8b29ae775ad8c2e48c5391,assistctl.yaml")  # fmt: skip
    marker.unlink(missing_ok=True)


def test_a_bare_repository_among_the_projects_files(project: ProjectFolder, git: Git, marker: Path) -> None:
    outer = project.path.parent
    git(outer, "init", "-q")
    prepare(project, marker)
    make_bare(git, project.path, marker)
    commit = commit_all(git, outer)
    run_apply(project, marker)
    assert (last(project)["commit"], last(project)["branch"]) == (commit, "main")


def test_an_unpacked_archive_with_a_configuration_of_its_own(
    project: ProjectFolder, git: Git, marker: Path
) -> None:
    git(project.path, "init", "-q")
    prepare(project, marker)
    commit = commit_all(git, project.path)
    (project.path / ".git/config").write_text(configuration(marker))
    run_everything(project, marker)
    assert last(project)["commit"] == commit
    assert last(project)["dirty"] is True


def test_a_submodule_with_a_configuration_of_its_own(
    project: ProjectFolder, git: Git, marker: Path, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "file").write_text("x")
    commit_all(git, inner)
    git(project.path, "init", "-q")
    git(project.path, "submodule", "add", "-q", str(inner), "sub")
    prepare(project, marker)
    commit_all(git, project.path)
    (project.path / ".git/modules/sub/config").write_text(configuration(marker))
    (project.path / "sub/file").write_text("changed")
    run_apply(project, marker)


def test_a_git_among_the_projects_files(
    project: ProjectFolder, git: Git, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(project.path, "init", "-q")
    prepare(project, marker)
    commit = commit_all(git, project.path)
    project.write("git", f"#!/bin/sh\ntouch {marker}\n").chmod(0o700)
    monkeypatch.setenv("PATH", f".:{project.path}:{os.environ['PATH']}")
    run_apply(project, marker)
    assert (last(project)["commit"], last(project)["dirty"]) == (commit, None)


def test_variables_that_configure_git_are_not_passed_on(
    project: ProjectFolder, git: Git, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(project.path, "init", "-q")
    prepare(project, marker)
    commit_all(git, project.path)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {marker}; false")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(marker.parent / "included"))
    run_apply(project, marker)
