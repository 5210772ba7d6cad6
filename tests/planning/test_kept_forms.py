"""Texts inside tools that a platform keeps without the line end they were sent with: nobody's change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistctl.diagnostics import Position
from assistctl.model.plan import Plan
from support.planning import ProjectOnStore, declared

# So many tools that the baseline has no room for each.
MANY = 60


def function(name: str, described: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": described}}


def functions(count: int) -> list[Any]:
    return [function(f"look_{number}", "Looks.\n") for number in range(count)]


def planned(before: list[Any], after: list[Any]) -> Plan:
    """The plan where the platform has taken the line ends off all descriptions, and ``after`` is declared."""
    project = ProjectOnStore()
    project.apply([declared("desk", {"model": "m", "tools": before})])
    for key, there in [*project.store.assistants.items()]:
        tools: Any = there.fields["tools"]
        kept: Any = [function(tool["function"]["name"], tool["function"]["description"].strip()) for tool in tools]
        project.store.assistants[key] = replace(there, fields={**there.fields, "tools": kept})
    return project.plan([declared("desk", {"model": "m", "tools": after})])


@pytest.mark.parametrize("count", [1, MANY])
def test_they_are_no_change(count: int) -> None:
    assert planned(functions(count), functions(count)).changes == ()


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize("new", [function("look_0", "Looks well.\n"), function("more", "More.")])
def test_nobody_is_accused_when_the_manifest_changes(count: int, new: dict[str, Any]) -> None:
    others = [tool for tool in functions(count) if tool["function"]["name"] != new["function"]["name"]]
    plan = planned(functions(count), [new, *others])
    assert [change.reason for change in plan.changes] == ["manifest changed"]
    assert plan.drift == ()


@pytest.mark.parametrize("count", [1, MANY])
def test_what_others_change_is_drift_all_the_same(count: int) -> None:
    project = ProjectOnStore()
    project.apply([declared("desk", {"model": "m", "tools": functions(count)})])
    for key, there in [*project.store.assistants.items()]:
        edited: Any = [function("look_0", "Theirs."), *functions(count)[1:]]
        project.store.assistants[key] = replace(there, fields={**there.fields, "tools": edited})
    (change,) = project.plan([declared("desk", {"model": "m", "tools": functions(count)})]).changes
    assert change.reason == "changed outside"


def test_what_is_kept_is_told_of_where_it_is_declared() -> None:
    places = {f"tools[{number}]": Position("desk.yaml", 10 + number, 3) for number in range(2)}
    tools = functions(2)
    project = ProjectOnStore()
    desk = replace(declared("desk", {"model": "m", "tools": tools}), positions=places)
    project.apply([desk])
    ((object_id, there),) = project.store.assistants.items()
    kept: Any = [tools[0], function("look_1", "Looks.")]
    project.store.assistants[object_id] = replace(there, fields={**there.fields, "tools": kept})
    [told] = project.plan([desk]).diagnostics
    assert (told.path, told.position) == ("tools[look_1].function.description", places["tools[1]"])
