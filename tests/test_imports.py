"""What imports what: no module or package in a circle, whether for its types alone or only when it is needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import assistctl

TOP = Path(assistctl.__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((TOP / "assistctl").rglob("*.py"))
}


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """By the name of each module, the modules of this package that it imports anywhere."""
    return {name: set(imported_by(path)) for name, path in MODULES.items()}


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in MODULES else node.module


def test_modules_have_an_order(imports: dict[str, set[str]]) -> None:
    assert len(imports) > 500
    TopologicalSorter(imports).prepare()


def test_packages_have_an_order(imports: dict[str, set[str]]) -> None:
    packages: dict[str, set[str]] = {}
    for name, imported in imports.items():
        packages.setdefault(package_of(name), set()).update(map(package_of, imported))
    for name, imported in packages.items():
        imported.discard(name)
    TopologicalSorter(packages).prepare()


def test_what_is_started_is_defined_by_then() -> None:
    """A module that is run does so in its last lines: what stands below them is not there yet."""
    started = {
        name: [ast.unparse(part).startswith("if __name__ == '__main__'") for part in body]
        for name, path in MODULES.items()
        if "__main__" in (text := path.read_text(encoding="utf-8")) and (body := ast.parse(text).body)
    }
    assert "assistctl.__main__" in started
    assert [name for name, lines in started.items() if any(lines[:-1])] == []


def package_of(name: str) -> str:
    """``assistctl.model`` of ``assistctl.model.plan``; what stands beside the packages is one for itself."""
    return ".".join(name.split(".")[:2])
