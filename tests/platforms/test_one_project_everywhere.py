"""One rich project on every platform, through the command and each vendor's SDK, and what cannot be said there."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistctl.platforms.registry import known_platforms
from support.clouds import CLOUDS, Cloud
from support.one_project import (
    DESK,
    HELD_OWN,
    LACKS,
    PARTS,
    SKILL,
    SUB_AGENTS,
    Part,
    parts_of,
    written,
)
from support.projects import Outcome, ProjectFolder, nothing_to_do

SERVERS = {name.replace("_", "-"): server for name, server in CLOUDS.items()}
CHANGES = (
    ("Be brief.", "Be very brief.", "instructions"),
    ("team: support", "team: sales", "metadata.team"),
    ("Where an order is", "Where it is", "tools[order_status].function.description"),
)
# A change of a part, for the platforms that have it: where it stands, old, new, and the change's key and path.
CHANGES_OF_PARTS = {
    "sampling": (DESK, "temperature: 0.2", "temperature: 0.4", "desk", "temperature"),
    "mcp server": ("assistants/orders.yaml", "[find, cancel]", "[find]", "desk", "tools[mcp:orders]"),
    "skill": (SKILL, "Ask first.", "Ask twice.", "refunds", "folder"),
    "skill of an environment": (SKILL, "Ask first.", "Ask twice.", "refunds", "folder"),
    "environment": ("assistants/analysis.yaml", "2.3.3", "3.0.0", "analysis", "packages.python[0]"),
    "memory": ("assistants/customers.yaml", "What they", "All they", "customers", "description"),
}
# What names a skill has its newest version, which goes up with each change of it.
FOLLOWING = {
    "skill": ("desk", "skills[0].version"),
    "skill of an environment": ("analysis", "skills[0].version"),
}

# A server's tool has another type on each platform, and its parts are changes of their own.
_SERVER = re.compile(r"tools\[mcp\w*:orders\].*")


@pytest.fixture
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud]:
    with SERVERS[request.param](tmp_path) as running:
        yield running


def of(outcome: Outcome, code: int = 0) -> Any:
    """The JSON of a command that exits with that code."""
    assert outcome.code == code, outcome.out + outcome.err
    return outcome.json


def planned(project: ProjectFolder, *options: str, code: int = 0) -> Any:
    return of(project.run("plan", "--format", "json", *options), code)


def changed_fields(project: ProjectFolder, texts: dict[str, str], parts: Collection[str]) -> set[tuple[str, str]]:
    """Change several fields of the manifests and a skill's file; the keys and paths that differ from then on."""
    for old, new, _ in CHANGES:
        texts[DESK] = texts[DESK].replace(old, new)
    for path, old, new, _, _ in (change for name, change in CHANGES_OF_PARTS.items() if name in parts):
        texts[path] = texts[path].replace(old, new)
    for path, text in texts.items():
        project.write(path, text)
    of_parts = {(key, path) for name, (_, _, _, key, path) in CHANGES_OF_PARTS.items() if name in parts}
    return {("desk", path) for _, _, path in CHANGES} | of_parts | renewed(parts)


def renewed(parts: Collection[str]) -> set[tuple[str, str]]:
    """The keys and paths that follow a skill: a rollback goes back to the version that was named before."""
    return {change for name, change in FOLLOWING.items() if name in parts}


def holds_all(cloud: Cloud, parts: Collection[str]) -> None:
    """The server's agent has each part's words, and the server each of its files."""
    held = json.dumps(cloud.person.held("Order desk"))
    expected = [word for name in parts for word in PARTS[name].held] + [*HELD_OWN.get(cloud.platform, ())]
    assert [word for word in expected if word not in held] == []
    if cloud.platform in SUB_AGENTS:
        assert cloud.person.held("Returns")["id"] in held
    assert cloud.uploads() == sorted(name for part in parts for name in PARTS[part].uploads)


def created(project: ProjectFolder, cloud: Cloud, parts: Collection[str]) -> None:
    """From validating to applying, with all that is declared there."""
    made = sorted(PARTS[name].made for name in parts if PARTS[name].made)

    assert of(project.run("validate", "-t", "cloud", "--format", "json"))["summary"]["errors"] == 0
    kinds = [change["kind"] for change in planned(project, "--detailed-exitcode", code=2)["changes"]]
    assert sorted(kind for kind in kinds if kind not in ("file", "vector_store")) == sorted(
        ["assistant"] * 2 + made
    )
    assert (cloud.person.names(), cloud.uploads()) == ([], [])

    applied = of(project.run("apply", "--yes", "--format", "json"))
    assert {result["status"] for result in applied["results"]} == {"ok"}
    assert cloud.person.names() == ["Order desk", "Returns"]
    holds_all(cloud, parts)


def listed(project: ProjectFolder) -> None:
    """What is deployed is listed, with the ids that `output` prints."""
    found = of(project.run("list", "--format", "json"))
    assert sorted(assistant["key"] for assistant in found["assistants"]) == ["desk", "returns"]
    ids = of(project.run("output", "--format", "json"))
    assert set(ids) >= {"desk", "returns"}
    assert set(ids.values()) >= {assistant["id"] for assistant in found["assistants"]}


def destroyed(project: ProjectFolder, cloud: Cloud) -> None:
    """Nothing is left."""
    gone = of(project.run("destroy", "--yes", "--format", "json"))
    assert {result["status"] for result in gone["results"]} == {"ok"}
    assert (cloud.person.names(), cloud.uploads()) == ([], [])
    assert of(project.run("list", "--format", "json"))["assistants"] == []


@pytest.mark.parametrize("cloud", SERVERS, indirect=True)
def test_from_nothing_to_nothing(project: ProjectFolder, cloud: Cloud) -> None:
    """What others edit on each platform, ``test_every_platform.py`` has."""
    person, parts = cloud.person, parts_of(cloud.platform)
    texts = written(project, cloud, parts)
    first = dict(texts)
    created(project, cloud, parts)

    expected = changed_fields(project, texts, parts)
    # With what was not to be changed beside it, had the apply left anything to do.
    document = planned(project)
    found = {(change["key"], diff["path"]) for change in document["changes"] for diff in change["diffs"]}
    assert {(key, _SERVER.sub(r"tools[mcp:orders]", path)) for key, path in found} == expected
    assert {change["action"] for change in document["changes"]} == {"update"}
    assert (document["drift"], document["missing"]) == ([], [])
    assert "Be brief." in json.dumps(person.held("Order desk"))
    of(project.run("apply", "--yes", "--format", "json"))
    assert "Be very brief." in json.dumps(person.held("Order desk"))
    nothing_to_do(project)

    listed(project)

    applies = of(project.run("history", "--format", "json"))["applies"]
    assert len(applies) == 2
    change = applies[0]["id"]
    of(project.run("rollback", change, "--yes", "--format", "json"))
    back = person.held("Order desk")
    assert ("Be brief." in json.dumps(back), back["metadata"]["team"]) == (True, "support")
    holds_all(cloud, parts)
    for path, text in first.items():
        project.write(path, text)
    found = {(change["key"], diff["path"]) for change in planned(project)["changes"] for diff in change["diffs"]}
    assert found == renewed(parts)
    if found:
        of(project.run("apply", "--yes", "--format", "json"))
        nothing_to_do(project)

    destroyed(project, cloud)


@pytest.mark.parametrize("cloud", LACKS, indirect=True)
def test_what_it_cannot_express_has_a_place_and_a_way_on(project: ProjectFolder, cloud: Cloud) -> None:
    lacked = LACKS[cloud.platform]
    needed = {need for name in lacked for need in PARTS[name].needs}
    texts = written(project, cloud, {*parts_of(cloud.platform), *lacked, *needed})
    for command in (("validate", "-t", "cloud"), ("plan",)):
        errors = errors_of(of(project.run(*command, "--format", "json"), 1))
        assert all(diagnostic["detail"] and pointed_at(texts, diagnostic) for diagnostic in errors)
        text = project.run(*command)
        assert text.code == 1
        for name, way_on in lacked.items():
            error = error_of(PARTS[name], errors)
            assert pointed_at(texts, error).removeprefix("- ").startswith(PARTS[name].at)
            assert error["summary"] == f"{cloud.platform} cannot express {error['path']}"
            assert way_on in error["detail"]
            assert f"{DESK}:{error['line']}:{error['column']}: error: {error['summary']}" in text.out + text.err
            assert way_on in text.out + text.err
    assert project.run("apply", "--yes").code == 1
    assert (cloud.person.names(), cloud.uploads()) == ([], [])


def error_of(part: Part, errors: list[Any]) -> Any:
    """The only message on a part of the desk. Where all files are refused, they are so together."""
    paths = (part.path, part.path.removesuffix("[0]"))
    (error,) = (candidate for candidate in errors if candidate["file"] == DESK and candidate["path"] in paths)
    return error


@pytest.mark.parametrize("cloud", [name for name in SERVERS if name not in SUB_AGENTS], indirect=True)
def test_agents_that_others_name_are_refused_where_it_has_none(project: ProjectFolder, cloud: Cloud) -> None:
    texts = written(project, cloud, ["function"])
    texts[DESK] = texts[DESK].split("platforms:")[0] + (
        f"platforms:\n  {cloud.platform}:\n    handoffs: [{{assistant: returns}}]\n"
    )
    project.write(DESK, texts[DESK])
    for command in ("validate", "plan"):
        (error,) = errors_of(of(project.run(command, "-t", "cloud", "--format", "json"), 1))
        assert error["path"] == f"platforms.{cloud.platform}.handoffs"
        assert pointed_at(texts, error).startswith(("handoffs", "[{assistant"))
        assert error["detail"]


def test_every_platform_has_its_row() -> None:
    assert {*known_platforms()} == {*SERVERS} == {*LACKS}
    assert {name for parts in LACKS.values() for name in parts} <= {*PARTS}


def errors_of(document: Any) -> list[Any]:
    return [diagnostic for diagnostic in document["diagnostics"] if diagnostic["severity"] == "error"]


def pointed_at(texts: dict[str, str], error: Any) -> str:
    """What stands at the place that a message names."""
    line, column = int(error["line"]), int(error["column"])
    return texts[error["file"]].splitlines()[line - 1][column - 1 :]
