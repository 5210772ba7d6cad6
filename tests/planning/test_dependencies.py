"""A plan says who depends on whom, in the order of the keys, in each of its formats and in a saved one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.server import serving

MODEL = "claude-opus-5-5"
NAME = "anthropic-agents"


def names(*keys: str) -> dict[str, Any]:
    roster = {"type": "coordinator", "agents": [{"assistant": key} for key in keys]}
    return {NAME: {"multiagent": roster}}


@pytest.fixture
def team(project: ProjectFolder) -> Iterator[ProjectFolder]:
    """One who names two others, and one who names a third."""
    with serving(ManagedAgents().app()) as server:
        address = server.url.removesuffix("/v1")
        target = f'{{platform: {NAME}, base_url: "{address}", api_key: test-key}}'
        project.write("assistctl.yaml", f"project: acme\ndefault_target: prod\ntargets:\n  prod: {target}\n")
        project.manifest("boss", model=MODEL, platforms=names("writer", "researcher"))
        project.manifest("lead", model=MODEL, platforms=names("librarian"))
        project.manifest("researcher", model=MODEL)
        project.manifest("writer", model=MODEL)
        project.manifest("librarian", model=MODEL)
        yield project


def dependencies(document: dict[str, Any]) -> dict[str, Any]:
    return {change["key"]: change.get("depends_on") for change in document["changes"]}


EXPECTED = {
    "boss": [{"kind": "assistant", "key": "researcher"}, {"kind": "assistant", "key": "writer"}],
    "lead": [{"kind": "assistant", "key": "librarian"}],
    "librarian": None,
    "researcher": None,
    "writer": None,
}


def test_a_plan_says_who_depends_on_whom(team: ProjectFolder) -> None:
    planned = team.run("plan", "--format", "json", "--out", "saved.plan")
    assert dependencies(planned.json) == EXPECTED
    assert dependencies(team.run("show", "saved.plan", "--format", "json").json) == EXPECTED
    for form in ("text", "markdown", "html"):
        for shown in (team.run("plan", "--format", form), team.run("show", "saved.plan", "--format", form)):
            assert "uses researcher, writer" in shown.out, form
            assert "uses librarian" in shown.out, form
    applied = team.run("apply", "saved.plan", "--yes", "--format", "json")
    assert applied.code == 0
    assert dependencies(applied.json) == EXPECTED
    assert team.run("plan", "--detailed-exitcode").code == 0


def test_what_goes_depends_on_nothing(team: ProjectFolder) -> None:
    assert team.run("apply", "--yes").code == 0
    assert set(dependencies(team.run("plan", "--destroy", "--format", "json").json).values()) == {None}


def test_an_altered_dependency_is_refused(team: ProjectFolder) -> None:
    assert team.run("plan", "--out", "saved.plan").code == 0
    saved = team.path / "saved.plan"
    text = saved.read_text(encoding="utf-8")
    assert '"librarian"' in text
    altered = text.replace('"depends_on"', '"depended_on"')
    assert altered != text
    saved.write_text(altered, encoding="utf-8")
    assert team.run("apply", "saved.plan", "--yes").code == 3


def test_a_shared_vector_store_is_one(project: ProjectFolder) -> None:
    project.write("assistctl.yaml", "project: acme\n")
    project.write("assistants/page.md", "# A page\n")
    project.write("assistants/handbook.yaml", "kind: vector_store\nfiles: [page.md]\n")
    project.manifest("desk", model="gpt-5", tools=[{"type": "file_search"}], vector_store="handbook")
    project.manifest("own", model="gpt-5", tools=[{"type": "file_search"}], files=["page.md"])
    planned = project.run("plan", "--format", "json").json
    found = {(change["kind"], change["key"]): change.get("depends_on") for change in planned["changes"]}
    assert found[("assistant", "desk")] == [{"kind": "vector_store", "key": "handbook"}]
    assert found[("assistant", "own")] is None
    assert "uses handbook (vector store)" in project.run("plan").out
