"""The commit, the branch, what git tracks and what was changed: as git itself says, without asking it for most."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assistctl.checkout.changes import has_changes
from assistctl.checkout.index import UnreadableIndexError, is_tracked
from assistctl.checkout.repository import Head, Repository, find_repository, head_of

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """git in the checkout ``tmp_path/top``, with nobody's own settings."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    top = tmp_path / "top"
    top.mkdir()

    def run(*words: str, where: Path = top) -> str:
        settings = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main")
        command = ["git", *settings, *words]
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def top(git: Git, tmp_path: Path) -> Path:
    """That checkout, with one commit."""
    git("init", "-q")
    return committed(git, tmp_path / "top")


def committed(git: Git, top: Path) -> Path:
    """A commit of some files."""
    for name in ("a.txt", "deep/er/b.txt", "deep/er/c.txt", ".env", "naïve.txt", "z" * 70):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    git("add", "-A")
    git("commit", "-qm", "first")
    return top


def found(top: Path) -> Repository:
    repository = find_repository(top)
    assert repository is not None
    return repository


def changed(top: Path) -> bool | None:
    repository = found(top)
    head = head_of(repository)
    return has_changes(repository, head.commit if head else None, top, 30)


@pytest.mark.parametrize("packed", [False, True])
def test_the_head(git: Git, top: Path, packed: bool) -> None:  # parametrized
    git("checkout", "-qb", "feature/x")
    if packed:
        git("pack-refs", "--all")
        assert not (top / ".git/refs/heads/feature/x").exists()
    commit = git("rev-parse", "HEAD")
    assert head_of(found(top / "deep/er")) == Head(commit, "feature/x")
    git("checkout", "-q", "--detach")
    assert head_of(found(top)) == Head(commit, None)


def test_a_worktree_has_a_head_and_an_index_of_its_own(git: Git, top: Path, tmp_path: Path) -> None:
    git("worktree", "add", "-qb", "other", str(tmp_path / "tree"))
    git("rm", "-q", "--cached", ".env", where=tmp_path / "tree")
    repository = found(tmp_path / "tree")
    assert head_of(repository) == Head(git("rev-parse", "HEAD"), "other")
    assert not is_tracked(repository, tmp_path / "tree/.env")
    assert is_tracked(found(top), top / ".env")
    assert changed(tmp_path / "tree") is True
    assert changed(top) is False


def test_no_other_folder_is_a_repository(tmp_path: Path, git: Git) -> None:
    git("init", "-q", "--bare", where=tmp_path)
    assert find_repository(tmp_path) is None
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    assert find_repository(tmp_path) is None
    (tmp_path / ".git").unlink()
    os.mkfifo(tmp_path / ".git")
    assert find_repository(tmp_path) is None


@pytest.mark.parametrize(
    "settings",
    [
        ("update-index", "--index-version", "2"),
        ("update-index", "--index-version", "4"),
        ("update-index", "--split-index"),
        ("update-index", "--skip-worktree", "a.txt"),
    ],
)
def test_what_is_tracked_in_each_format_of_the_index(git: Git, top: Path, settings: tuple[str, ...]) -> None:
    git(*settings)
    repository = found(top)
    for name in git("-c", "core.quotePath=false", "ls-files").splitlines():
        assert is_tracked(repository, top / name), name
    assert is_tracked(repository, top / ".ENV")
    for name in ("deep", "deep/er", "env", "b.txt", ".env.local", "deep/er/b.tx"):
        assert not is_tracked(repository, top / name), name
    assert not is_tracked(repository, top.parent / ".env")


def test_what_is_tracked_with_sha_256(git: Git, tmp_path: Path) -> None:
    git("init", "-q", "--object-format=sha256")
    top = committed(git, tmp_path / "top")
    head = head_of(found(top))
    assert head is not None
    assert head.commit == git("rev-parse", "HEAD")
    assert is_tracked(found(top), top / "deep/er/c.txt")
    assert not is_tracked(found(top), top / "new")
    assert changed(top) is False


@pytest.mark.parametrize(
    "content", [b"", b"DIRC", b"DIRC\0\0\0\x09\0\0\0\1", b"DIRC\0\0\0\2\0\0\xff\xff" + b"x" * 99]
)
def test_an_index_that_cannot_be_read(top: Path, content: bytes) -> None:
    (top / ".git/index").write_bytes(content)
    with pytest.raises(UnreadableIndexError):
        is_tracked(found(top), top / ".env")


def test_without_an_index_nothing_is_tracked(top: Path) -> None:
    (top / ".git/index").unlink()
    assert not is_tracked(found(top), top / ".env")


def test_changes(git: Git, top: Path) -> None:
    assert changed(top) is False
    (top / ".git/info/exclude").write_text("scratch\n")
    (top / "scratch").write_text("x")
    assert changed(top) is False
    (top / "a.txt").chmod(0o700)
    assert changed(top) is False
    (top / "deep/er/b.txt").write_text("new")
    assert changed(top) is True
    assert changed(top / "deep") is True
    git("add", "-A")
    assert changed(top) is True
    git("commit", "-qm", "second")
    assert changed(top) is False
    (top / "new.txt").write_text("new")
    assert (changed(top), changed(top / "deep")) == (True, False)


def test_line_endings_that_git_itself_would_not_call_a_change(git: Git, top: Path) -> None:
    (top / "a.txt").write_bytes(b"one\ntwo\n")
    git("commit", "-qam", "lines")
    (top / "a.txt").unlink()
    git("-c", "core.autocrlf=true", "checkout", "a.txt")
    assert (top / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
    os.utime(top / "a.txt", (1, 1))
    assert changed(top) is False


def test_without_git_it_is_not_known(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert changed(top) is None


def test_a_git_that_does_not_come_back_is_not_waited_for(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert has_changes(found(top), None, top, 0.2) is None
