"""Platforms by name: our own, and those of other packages, with whatever can be wrong with them."""

from __future__ import annotations

import importlib
import importlib.metadata
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from assistctl.errors import ProjectError
from assistctl.platforms import registry
from assistctl.platforms.base import Connection
from support.projects import ProjectFolder

MODULES = {
    "whole": """
        from assistctl.platforms.base import Capabilities, Support
        from assistctl.platforms.local import Local

        CAPABILITIES = Capabilities(fields={"name": Support(), "model": Support(), "metadata": Support()})

        def connect(connection):
            platform = Local(connection)
            platform.capabilities = CAPABILITIES
            return platform
        """,
    "proud": """
        from dataclasses import replace

        from assistctl.platforms.local import CAPABILITIES as LOCAL
        from assistctl.platforms.local import connect

        CAPABILITIES = replace(LOCAL, address_variable="PROUD_URL", credential_variables=("PROUD_PASS",))
        """,
    "broken": "raise RuntimeError('no such luck')",
    "empty": "",
    "wordless": "CAPABILITIES = {}\ndef connect(connection): ...",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed package whose entry points offer each of the modules as a platform."""
    folder = tmp_path / "site"
    info = folder / "cloudy-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cloudy\nVersion: 1.0\n")
    lines = [f"{name} = cloudy_{name}" for name in MODULES]
    lines += ["missing = cloudy_nowhere", "local = cloudy_broken"]
    (info / "entry_points.txt").write_text("\n".join(["[assistctl.platforms]", *lines, ""]))
    for name, text in MODULES.items():
        source = "\n".join(line.removeprefix("        ") for line in text.splitlines())
        (folder / f"cloudy_{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, f"cloudy_{name}", raising=False)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    return "cloudy"


def test_the_variables_with_addresses_are_those_that_our_platforms_name() -> None:
    own = [name for name in registry.known_platforms() if name in registry._MODULES]
    named = {registry.capabilities_of(name).address_variable for name in own}
    assert {*registry.ADDRESS_VARIABLES} == named - {""}
    assert len(registry.ADDRESS_VARIABLES) == 3


def test_other_packages_platforms_are_known_behind_our_own(package: str) -> None:
    names = list(registry.known_platforms())
    assert names[:2] == ["local", "openai-assistants"]
    assert {"openai-agents", "whole", "broken"} <= {*names}
    assert len(names) == len({*names}) == len(registry.known_platforms())
    assert "whole" in registry.known_platforms()
    assert "hole" not in registry.known_platforms()
    assert package


@pytest.mark.usefixtures("package")
def test_a_platform_of_another_package_is_opened(tmp_path: Path) -> None:
    assert set(registry.capabilities_of("whole").fields) == {"name", "model", "metadata"}
    assert registry.open_platform("whole", Connection("whole", tmp_path)).name == "local"


@pytest.mark.usefixtures("package")
def test_our_own_cannot_be_replaced(tmp_path: Path) -> None:
    assert "temperature" in registry.capabilities_of("local").fields
    assert registry.open_platform("local", Connection("local", tmp_path)).name == "local"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken", "cannot be loaded: RuntimeError: no such luck"),
        ("missing", "cannot be loaded: ModuleNotFoundError"),
        ("empty", "has no `connect` and `CAPABILITIES`"),
        ("wordless", "has no `connect` and `CAPABILITIES`"),
    ],
)
def test_a_broken_package_is_named(package: str, name: str, words: str, tmp_path: Path) -> None:
    for use in (lambda: registry.capabilities_of(name), lambda: registry.open_platform(name, at(tmp_path))):
        with pytest.raises(ProjectError, match=words) as caught:
            use()
        assert package in caught.value.summary
        assert caught.value.hint


def at(directory: Path) -> Connection:
    return Connection("x", directory)


@pytest.mark.parametrize(("name", "hint"), [("openai-agent", "openai-agents"), ("xyz", "Known platforms: local")])
def test_unknown_names(name: str, hint: str) -> None:
    with pytest.raises(ProjectError, match="there is no platform") as caught:
        registry.capabilities_of(name)
    assert hint in caught.value.hint


@pytest.mark.usefixtures("package")
def test_the_command_with_a_platform_of_another_package(project: ProjectFolder) -> None:
    project.manifest("desk", name="Desk")
    assert project.run("apply", "-t", "whole", "--yes").code == 0
    assert project.run("plan", "-t", "whole", "--detailed-exitcode").code == 0
    project.manifest("desk", name="Desk", temperature=0.5)
    planned = project.run("plan", "-t", "whole")
    assert "whole cannot express temperature" in planned.out + planned.err


@pytest.mark.usefixtures("package")
def test_a_command_looks_through_the_installed_packages_once(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Mock(wraps=importlib.metadata.entry_points)
    monkeypatch.setattr("importlib.metadata.entry_points", look)
    project.manifest("desk", name="Desk")
    assert project.run("apply", "-t", "whole", "--yes").code == 0
    assert look.call_count == 1


@pytest.mark.usefixtures("package")
def test_the_command_with_a_broken_one(project: ProjectFolder) -> None:
    project.manifest("desk", name="Desk")
    outcome = project.run("plan", "-t", "broken")
    assert outcome.code == 1
    assert "no such luck" in outcome.err


@pytest.mark.usefixtures("package")
def test_a_platform_of_another_package_names_its_own_variables(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROUD_URL", "http://user:let-me-in@proud.example/v1")
    monkeypatch.setenv("PROUD_PASS", "open-sesame")
    project.manifest("desk", name="Desk", instructions="Say open-sesame and let-me-in.")
    planned = project.run("plan", "-t", "proud", "--format", "json")
    assert planned.code == 0
    warning = next(
        diagnostic for diagnostic in planned.json["diagnostics"] if "over plain HTTP" in diagnostic["summary"]
    )
    assert warning["detail"] == "Use https in PROUD_URL."
    assert "(secret PROUD_PASS)" in planned.out
    assert "open-sesame" not in planned.out + planned.err
    assert "let-me-in" not in planned.out + planned.err


@pytest.mark.usefixtures("package")
def test_another_address_in_a_platforms_own_variable_is_another_place(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.manifest("desk", name="Desk")
    monkeypatch.setenv("PROUD_URL", "https://one.example/v1")
    fingerprint = project.run("plan", "-t", "proud", "--format", "json").json["fingerprint"]
    assert project.run("plan", "-t", "proud", "--format", "json").json["fingerprint"] == fingerprint
    monkeypatch.setenv("PROUD_URL", "https://other.example/v1")
    assert project.run("plan", "-t", "proud", "--format", "json").json["fingerprint"] != fingerprint


def test_capabilities_are_those_of_the_platform_and_need_none_of_its_code() -> None:
    assert registry._CAPABILITIES.keys() == registry._MODULES.keys()
    program = """
import importlib, sys
from assistctl.platforms import registry
known = {name: registry.capabilities_of(name) for name in registry._MODULES}
assert "assistctl.platforms.http.wire" not in sys.modules or sys.exit("the code of a platform was imported")
for name, module in registry._MODULES.items():
    assert importlib.import_module(module).CAPABILITIES is known[name], name
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
