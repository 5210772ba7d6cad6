"""Ten times as much of anything in a project is ten times the work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.growth import TENFOLD, growth
from support.manifest_folder import ManifestFolder

SIZE = 10


def assistants(folder: ManifestFolder, size: int) -> None:
    for number in range(size):
        folder.assistant(f"a{number}", tools=[], metadata={"team": f"t{number}"}, instructions=f"Say {number}.")


def tools(folder: ManifestFolder, size: int) -> None:
    functions = [{"type": "function", "function": {"name": f"look_up_{number}"}} for number in range(size)]
    folder.assistant("a", tools=functions)


def files(folder: ManifestFolder, size: int) -> None:
    for number in range(size):
        folder.write(f"assistants/docs/{number}.md", f"# {number}")
    folder.assistant("a", "docs/*.md")


def entries(folder: ManifestFolder, size: int) -> None:
    for number in range(size):
        folder.write(f"assistants/docs/{number}.md", f"# {number}")
    folder.assistant("a", *(f"docs/{number}.md" for number in range(size)))


def checks(folder: ManifestFolder, size: int) -> None:
    asked = [{"ask": f"Is it {number}?", "expect": {"contains": str(number)}} for number in range(size)]
    folder.assistant("a", tools=[], checks=asked)


def overrides(folder: ManifestFolder, size: int) -> None:
    assistants(folder, size)
    over = {f"a{number}": {"description": f"It is {number}."} for number in range(size)}
    target = {"platform": "local", "overrides": over}
    folder.write("assistctl.yaml", json.dumps({"project": "p", "targets": {"local": target}}))


def messages(folder: ManifestFolder, size: int) -> None:
    for number in range(size):
        folder.assistant(f"a{number}", tools=[], temprature=number)


@pytest.mark.parametrize("filled", [assistants, tools, files, entries, checks, overrides, messages])
def test_reading(tmp_path: Path, filled: Callable[[ManifestFolder, int], None]) -> None:
    def project(size: int) -> ManifestFolder:
        folder = ManifestFolder(tmp_path / str(size))
        folder.write("assistctl.yaml", json.dumps({"project": "p"}))
        filled(folder, size)
        return folder

    assert growth(project, lambda folder: folder.load(read=False), SIZE) <= TENFOLD
