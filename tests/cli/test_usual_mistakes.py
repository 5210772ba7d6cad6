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


@pytest.mark.parametrize(
    ("word", "meant"), [("diff", "plan"), ("deploy", "apply"), ("delete", "destroy"), ("aply", "apply")]
)
def test_other_words_for_commands(project: ProjectFolder, word: str, meant: str) -> None:
    outcome = project.run(word)
    assert outcome.code == 64
    assert f"there is no command '{word}'. did you mean '{meant}'?" in outcome.err


def test_init_makes_the_folder(project: ProjectFolder) -> None:
    assert project.run("init", "-C", "new/one").code == 0
    assert project.run("-C", "new/one", "plan").code == 0
    project.write("taken", "")
    assert project.run("init", "-C", "taken").code == 1


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("destroy", "--yes")])
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
