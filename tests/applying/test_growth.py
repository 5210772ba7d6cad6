"""Ten times as many changes are ten times the work, beside the requests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TypeAlias

import pytest

from assistctl.applying.engine import carry_out
from assistctl.model.assistant import Desired
from assistctl.model.change import Action
from assistctl.model.plan import Plan
from support.growth import TENFOLD, growth
from support.logging_platform import LoggingPlatform
from support.planning import POLICY, ProjectOnStore, declared

Given: TypeAlias = tuple[LoggingPlatform, Plan]


def desks(size: int, said: str) -> list[Desired]:
    return [declared(f"a{number}", {"model": "m", "instructions": said}) for number in range(size)]


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE])
def test_carrying_out(action: Action) -> None:
    def planned(size: int) -> Given:
        project = ProjectOnStore(plan_options=replace(POLICY, allow_deletes=True))
        if action is not Action.CREATE:
            project.apply(desks(size, "as it was"))
        plan = project.plan(
            [] if action is Action.DELETE else desks(size, "anew"), destroy=action is Action.DELETE
        )
        assert [change.action for change in plan.changes] == [action] * size
        return LoggingPlatform(project.store), plan

    def apply(given: Given) -> None:
        platform, plan = given
        asyncio.run(carry_out(plan, platform, alone=True))

    assert growth(planned, apply, 20) <= TENFOLD
