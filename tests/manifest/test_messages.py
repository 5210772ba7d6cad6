"""Every message, word for word: each folder in ``cases`` is a project, and beside it stands what loading says.

``expected.txt`` is what plan and apply say, ``expected-lenient.txt`` what validate says. One message is a line
``severity file:line:column key path`` with its summary and detail below it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistctl.diagnostics import Diagnostic
from assistctl.errors import ManifestError
from assistctl.manifest import load_manifests, load_project

CASES = Path(__file__).parent / "cases"
SECRET = "s3cret-value"
FILES = sorted(CASES.glob("*/expected*.txt"))


@pytest.mark.parametrize("expected", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_messages(expected: Path, tmp_path: Path) -> None:
    """What is said, where, in what order; and never a secret."""
    shutil.copytree(expected.parent, tmp_path, dirs_exist_ok=True)
    messages = said(tmp_path, lenient="lenient" in expected.stem)
    assert "".join(map(rendered, messages)) == expected.read_text(encoding="utf-8")
    assert SECRET not in repr(messages)


def test_every_case_says_what_it_expects() -> None:
    """No folder without its ``expected.txt``."""
    assert {path.name for path in CASES.iterdir()} == {file.parent.name for file in FILES}


def said(project_folder: Path, *, lenient: bool) -> tuple[Diagnostic, ...]:
    """All diagnostics of a project with one secret in its environment."""
    try:
        project = load_project(project_folder, {"TOKEN": SECRET})
    except ManifestError as error:
        return error.diagnostics
    target = project.target(None, {}, ["local", "openai-assistants"])
    loaded = load_manifests(
        project, target, lenient_variables=lenient, check_files=lenient, read_files=not lenient
    )
    return project.diagnostics + loaded.diagnostics


def rendered(message: Diagnostic) -> str:
    """One message as the case files have it."""
    head = f"{message.severity} {message.position} {message.key or '-'} {message.path or '-'}\n"
    return head + "".join(f"    {line}\n" for line in (message.summary, message.detail) if line)
