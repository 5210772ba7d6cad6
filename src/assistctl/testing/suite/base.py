"""The common base of the tests for platforms: a platform entered once, and assistants to try it with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

import pytest

from assistctl.applying.engine import carry_out
from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import Level
from assistctl.model.change import Action, Status
from assistctl.model.plan import Plan, PlanOptions, TargetName
from assistctl.planning.planner import make_plan
from assistctl.platforms.base import Platform

Scenario = Callable[[Platform], Awaitable[None]]
BreakNext = Callable[[int, bool], None]
"""Answers the next ``POST`` with that status (and ``Retry-After: 0``); if true, after it was carried out."""

PutTool = Callable[[str, Json], None]
"""Adds a tool to the assistant with that id, as somebody else would: behind the platform's back."""


def run(platform: Platform, scenario: Scenario) -> None:
    """Enter the platform, and go through the scenario."""

    async def main() -> None:
        async with platform:
            await scenario(platform)

    asyncio.run(main())


class SuiteBase:
    """The settings that a platform gives its tests, and the parts that all tests use."""

    model: ClassVar[str] = "gpt-4.1"
    other_model: ClassVar[str] = "gpt-4.1-mini"
    own_samples: ClassVar[tuple[Mapping[str, Json], ...]] = ()
    answers: ClassVar[bool] = False
    lists_in_order: ClassVar[bool] = True
    page_size: ClassVar[int] = 100

    @pytest.fixture
    def break_next(self) -> BreakNext | None:
        """``None`` where no request can be made to fail: those tests are then skipped."""
        return None

    @pytest.fixture
    def put_tool(self) -> PutTool | None:
        """``None`` where nobody else can put it there: a create then has the tool."""
        return None

    def _fields(self, **more: Json) -> dict[str, Json]:
        return {"name": "Desk", "model": self.model, **more}

    def _declared(self, **more: Json) -> Desired:
        return Desired("desk", self._fields(**more), Position("assistants/desk.yaml"))

    @staticmethod
    def _has(platform: Platform, field: str) -> bool:
        support = platform.capabilities.fields.get(field)
        return support is not None and support.level is not Level.UNSUPPORTED

    async def _planned(self, platform: Platform, desired: list[Desired]) -> Plan:
        policy = PlanOptions("acme", TargetName("prod", platform.name), allow_deletes=True)
        return make_plan(desired, await platform.list_assistants(), policy, platform.capabilities)

    async def _applied(self, platform: Platform, desired: list[Desired]) -> list[Action]:
        plan = await self._planned(platform, desired)
        results = await carry_out(plan, platform)
        assert [result.error for result in results if result.status is not Status.OK] == []
        return [change.action for change in plan.changes]
