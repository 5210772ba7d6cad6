"""``serve --prepare-code`` and the choice of a code sandbox."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from assistctl.local.code_interpreter import compiled, landlock, wasm
from assistctl.local.code_interpreter.sandbox import SandboxUnavailable
from support.projects import ProjectFolder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where compiled code goes."""
    folder = tmp_path / "compiled"
    monkeypatch.setenv(compiled.CACHE_VARIABLE, str(folder))
    return folder


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the next starts take, in seconds; each writes what a compiler writes. The extra counts as there."""
    seconds: list[float] = []

    def start(cache: Path, _: float, __: threading.Event) -> float:
        (cache / "interpreter.cwasm").write_bytes(b"native")
        return seconds.pop(0)

    monkeypatch.setattr(compiled, "_start", start)
    monkeypatch.setattr(compiled, "version", lambda _: "1.0")
    monkeypatch.setattr(wasm, "find_spec", lambda _: object())
    return seconds


def test_it_compiles_once_and_tells_how_long(project: ProjectFolder, cache: Path, starts: list[float]) -> None:
    starts += [83.2, 0.41]
    first = project.run("serve", "--prepare-code")
    assert first.code == 0
    assert "compiled in 83 s, and its next start took 0.4 s" in first.err
    second = project.run("serve", "--prepare-code")
    assert second.code == 0
    assert f"it was compiled into {cache} before" in second.err
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_a_slow_second_start_is_an_error(project: ProjectFolder, cache: Path, starts: list[float]) -> None:
    starts += [83.2, 81.0]
    failed = project.run("serve", "--prepare-code")
    assert failed.code == 1
    assert "its next start took 81 s all the same" in failed.err
    assert not compiled.is_prepared(cache)


@pytest.mark.usefixtures("starts")
def test_an_open_folder_does_not_count_and_is_closed(cache: Path, starts: list[float]) -> None:
    starts += [80.0, 0.5, 80.0, 0.5]
    compiled.prepare(cache, threading.Event())
    assert compiled.is_prepared(cache)
    cache.chmod(0o755)
    assert not compiled.is_prepared(cache)
    compiled.prepare(cache, threading.Event())
    assert compiled.is_prepared(cache)


def test_what_was_lost_or_cut_off_does_not_count(cache: Path, starts: list[float]) -> None:
    starts += [80.0, 0.5]
    compiled.prepare(cache, threading.Event())
    (cache / "interpreter.cwasm").write_bytes(b"nat")
    assert not compiled.is_prepared(cache)
    (cache / "interpreter.cwasm").unlink()
    assert not compiled.is_prepared(cache)


def test_a_linked_folder_is_refused(tmp_path: Path, cache: Path, starts: list[float]) -> None:
    starts += [80.0, 0.5]
    (tmp_path / "elsewhere").mkdir()
    cache.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SandboxUnavailable, match="must belong to you and must not be a link"):
        compiled.prepare(cache, threading.Event())


def test_a_place_that_cannot_be_written_is_named(
    project: ProjectFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: list[float]
) -> None:
    del starts
    (tmp_path / "file").touch()
    monkeypatch.setenv(compiled.CACHE_VARIABLE, str(tmp_path / "file" / "inner"))
    failed = project.run("serve", "--prepare-code")
    assert failed.code == 1
    assert f"The folder {tmp_path / 'file' / 'inner'} for compiled code cannot be used" in failed.err


def test_without_the_extra_it_is_named(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (landlock, wasm):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    failed = project.run("serve", "--prepare-code")
    assert failed.code == 1
    assert "pip install 'assistctl[code]'" in failed.err
    failed = project.run("serve", "--prepare-code", "--code-sandbox", "landlock")
    assert failed.code == 1
    assert "pip install 'assistctl[code-linux]'" in failed.err or "Linux only" in failed.err
    assert project.run("serve", "--prepare-code", "--code-sandbox", "none").code == 0


def test_a_sandbox_nobody_knows(project: ProjectFolder) -> None:
    assert project.run("serve", "--code-sandbox", "docker").code == 64
    text = "project: acme\ntargets:\n  here:\n    platform: local\n    options: {code_sandbox: docker}\n"
    project.write("assistctl.yaml", text)
    project.manifest("desk")
    refused = project.run("plan", "-t", "here")
    assert refused.code == 1
    assert "options.code_sandbox of target 'here' must be one of wasm, landlock, none" in refused.err
    project.write("assistctl.yaml", text.replace("docker", "none"))
    assert project.run("plan", "-t", "here").code == 0
