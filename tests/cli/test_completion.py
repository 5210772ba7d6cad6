"""Completion: what a shell is answered, by click's protocol and in the shells that are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from assistctl.cli.completion import answer
from assistctl.cli.main import COMMANDS, assistctl
from support.projects import ProjectFolder

pytestmark = pytest.mark.usefixtures("assistctl_on_path")


@pytest.fixture
def shop(project: ProjectFolder) -> ProjectFolder:
    """A project with keys of all kinds and a target ``prod``."""
    project.write(
        "assistctl.yaml",
        'project: acme\ntargets:\n  prod: {platform: openai-assistants, base_url: "${env:NOT_SET}"}\n',
    )
    project.manifest("order-desk")
    project.write(
        "assistants/team.yaml", "key: reviewer\nmodel: ${var:unset}\n---\nkey: 'scribe' # of incidents\nmod"
    )
    project.write("assistants/stores.yaml", "kind: vector_store\nkey: handbook\n")
    project.write("assistants/broken.yaml", "model: [\n")
    project.write("assistants/data/form.yaml", "- rows\n")
    project.write("assistants/latin.yaml", b"model: \xff\n")
    return project


def question(line: str) -> dict[str, str]:
    """The variables with which a shell asks about ``line``, of which the last word is being typed."""
    return {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}


def answered(folder: Path, line: str, protocol: str = "bash") -> list[str]:
    """The words that a shell is given for ``line``."""
    environment = {**os.environ, **question(line), "_ASSISTCTL_COMPLETE": f"{protocol}_complete"}
    program = shutil.which("assistctl")
    assert program is not None
    done = subprocess.run([program], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [word.partition(",")[2] for word in done.stdout.splitlines()]


def answered_here(folder: Path, line: str) -> list[str]:
    """The same of bash, without a process."""
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        for name, value in question(line).items():
            patch.setenv(name, value)
        return [word.partition(",")[2] for word in answer("bash_complete", assistctl, COMMANDS).splitlines()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("assistctl pl", ["plan"]),
        ("assistctl plan ", ["broken", "handbook", "order-desk", "reviewer", "scribe"]),
        ("assistctl apply o", ["order-desk"]),
        ("assistctl apply change.p", ["change.p"]),
        ("assistctl apply order-desk s", ["scribe"]),
        ("assistctl forget r", ["reviewer"]),
        ("assistctl plan -t p", ["prod"]),
        ("assistctl plan --target openai-as", ["openai-assistants"]),
        ("assistctl -t pr", ["prod"]),
        ("assistctl -t prod apply o", ["order-desk"]),
        ("assistctl migrate --to pr", ["prod"]),
        ("assistctl plan --format m", ["markdown"]),
        ("assistctl plan --detailed", ["--detailed-exitcode"]),
        ("assistctl help inter", ["interrupted-applies"]),
        ("assistctl schema pl", ["plan"]),
        ("assistctl bogus o", []),
        ("assistctl plan -C /nowhere ", []),
        ("assistctl plan zz", []),
    ],
)
def test_what_is_completed(shop: ProjectFolder, line: str, words: list[str]) -> None:
    assert answered_here(shop.path, line) == words


def test_the_program_answers(shop: ProjectFolder) -> None:
    assert answered(shop.path, "assistctl plan -t prod o") == ["order-desk"]


def test_the_folder_may_be_another(shop: ProjectFolder, tmp_path: Path) -> None:
    assert answered_here(tmp_path, f"assistctl plan -C {shop.path} o") == ["order-desk"]


@pytest.mark.parametrize("settings", ["[", "project: [1\n", "- 1\n", "targets: 3\nassistants: 4\n", b"\xff\xfe"])
def test_a_broken_project_is_silent(shop: ProjectFolder, settings: str | bytes) -> None:
    shop.write("assistctl.yaml", settings)
    answered_here(shop.path, "assistctl plan -t p")
    answered_here(shop.path, "assistctl plan ")


def test_a_broken_project_is_silent_in_a_process_too(shop: ProjectFolder) -> None:
    shop.write("assistctl.yaml", "- 1\n")
    answered(shop.path, "assistctl plan -t p")


def test_an_unknown_shell_is_64_and_a_wrong_question_silent(shop: ProjectFolder) -> None:
    assert shop.run("completion", "tcsh").code == 64
    assert answered(shop.path, "assistctl pl", protocol="tcsh") == []


# Each types a line, asks its own completion, and prints what that offers.
_ASKING = {
    "bash": """
        source <(assistctl completion bash)
        COMP_WORDS=(assistctl apply o); COMP_CWORD=2
        _assistctl_completion assistctl o apply; echo "${COMPREPLY[@]}"
        """,
    "zsh": """
        compdef() { registered="$2 $1"; }  # without the completions of a thousand programs
        compadd() { print -l -- "${(@P)${@[-1]}}"; }
        _describe() { print -l "${(@P)3}"; }
        eval "$(assistctl completion zsh)"
        [[ $registered == "assistctl _assistctl_completion" ]] || exit
        words=(assistctl apply o); CURRENT=3
        _assistctl_completion
        """,
    "fish": """
        assistctl completion fish | source
        complete -C 'assistctl apply o'
        """,
}


@pytest.mark.parametrize("shell", _ASKING)
def test_in_the_shell_itself(shop: ProjectFolder, tmp_path: Path, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "XDG_CONFIG_HOME": str(home)}
    arguments = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shell, *arguments, "-c", _ASKING[shell]],
        cwd=shop.path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "order-desk" in done.stdout.split(), done.stderr


def test_the_script_is_for_this_program(shop: ProjectFolder) -> None:
    for shell in _ASKING:
        assert "_ASSISTCTL_COMPLETE" in shop.run("completion", shell).out
