"""Facts about one platform stand with that platform: the rest knows no platform by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import assistctl
from assistctl.ownership.file_marks import FILES, PATH, PATHS, SHA256
from assistctl.ownership.mark import BASELINE, MARK
from assistctl.platforms.registry import known_platforms

SOURCE = Path(assistctl.__file__).parent
NEUTRAL = (
    "applying",
    "export",
    "journal",
    "manifest",
    "migration",
    "operations",
    "ownership",
    "planning",
    "rendering",
)


PLATFORMS = {*known_platforms()} - {"local"}  # a word like any other
WRITTEN = {MARK, BASELINE, FILES, PATHS, SHA256, PATH} - {"assistctl"}  # the package is called so too


@pytest.fixture(scope="module")
def literals() -> Sequence[tuple[str, str]]:
    """Each of these texts in the code but for docstrings, and the module it is in."""
    return [found for path in sorted(SOURCE.rglob("*.py")) for found in literals_of(path)]


def literals_of(path: Path) -> Iterator[tuple[str, str]]:
    code, names = path.read_text("utf-8"), PLATFORMS | WRITTEN
    # Few modules have any of them, and to parse all takes most of a second.
    if not any(name in code for name in names):
        return
    nodes = [*ast.walk(ast.parse(code))]
    told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and node.value in names and id(node) not in told:
            yield path.relative_to(SOURCE).as_posix(), node.value


@pytest.mark.parametrize("package", NEUTRAL)
def test_no_platform_is_known_by_its_name(literals: Sequence[tuple[str, str]], package: str) -> None:
    assert [*(SOURCE / package).glob("*.py")] != []
    inside = [found for found in literals if found[0].startswith(f"{package}/")]
    assert [found for found in inside if found[1] in PLATFORMS] == []


def test_what_is_written_on_platforms_is_named_once(literals: Sequence[tuple[str, str]]) -> None:
    there = {module for module, text in literals if text in WRITTEN}
    assert there == {"ownership/mark.py", "ownership/file_marks.py"}
