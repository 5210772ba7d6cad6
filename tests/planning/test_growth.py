"""Ten times as many assistants, tools or differences are ten times the planning."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistctl.model.plan import Desired, Json
from support.growth import TENFOLD, growth
from support.planning import ProjectOnStore, declared


def assistants(size: int, said: str) -> list[Desired]:
    return [
        declared(f"a{number}", {"model": "m", "instructions": f"{said} {number}", "metadata": {"team": said}})
        for number in range(size)
    ]


def tools(size: int, said: str) -> list[Desired]:
    functions: list[Json] = [
        {"type": "function", "function": {"name": f"look_up_{number}", "description": said}}
        for number in range(size)
    ]
    return [declared("a", {"model": "m", "tools": functions})]


KINDS = pytest.mark.parametrize("made", [assistants, tools])


@KINDS
@pytest.mark.parametrize("said", ["as it was", "anew"], ids=["no change", "all changed"])
def test_planning_what_is_there(made: Callable[[int, str], list[Desired]], said: str) -> None:
    def deployed(size: int) -> tuple[ProjectOnStore, list[Desired]]:
        project = ProjectOnStore()
        project.apply(made(size, "as it was"))
        return project, made(size, said)

    def plan(given: tuple[ProjectOnStore, list[Desired]]) -> None:
        project, desired = given
        project.plan(desired)

    assert growth(deployed, plan, 10) <= TENFOLD


@KINDS
def test_planning_what_is_new(made: Callable[[int, str], list[Desired]]) -> None:
    assert growth(lambda size: made(size, "new"), lambda desired: ProjectOnStore().plan(desired), 10) <= TENFOLD
