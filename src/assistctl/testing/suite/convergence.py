"""Plans that are applied, and then empty."""

from __future__ import annotations

from dataclasses import replace

from assistctl.model.change import Action
from assistctl.platforms.base import Platform
from assistctl.testing.exchange import updated
from assistctl.testing.samples import FUNCTION, OTHER_FUNCTION
from assistctl.testing.suite.base import SuiteBase, run


class ConvergenceTests(SuiteBase):
    """After an apply there is nothing left to do."""

    def test_plans_converge(self, platform: Platform) -> None:
        """Declared, changed, edited by others, and destroyed: after each apply there is nothing left to do."""
        first = self._declared(instructions="one", tools=[FUNCTION], metadata={"team": "a"})
        second = self._declared(instructions="two", tools=[OTHER_FUNCTION], metadata={"team": "b", "more": "c"})
        third = self._declared()

        async def scenario(platform: Platform) -> None:
            for desired, action in ((first, Action.CREATE), (second, Action.UPDATE), (third, Action.UPDATE)):
                assert await self._applied(platform, [desired]) == [action]
                again = await self._planned(platform, [desired])
                assert (again.changes, again.drift) == ((), ())
            (there,) = await platform.list_assistants()
            await updated(platform, there, {"model": self.other_model}, dict(there.metadata))
            drifted = await self._planned(platform, [third])
            assert [one.path for one in drifted.drift] == ["model"]
            assert await self._applied(platform, [third]) == [Action.UPDATE]
            assert await self._applied(platform, []) == [Action.DELETE]
            assert [*await platform.list_assistants()] == []

        run(platform, scenario)

    def test_own_fields_are_sent_read_back_and_taken_back(self, platform: Platform) -> None:
        """What a manifest declares for this platform alone is there after an apply, and gone after the next."""

        async def scenario(platform: Platform) -> None:
            for sample in self.own_samples:
                own = replace(self._declared(), platform_fields={platform.name: sample})
                for desired, action in (
                    (own, Action.CREATE),
                    (self._declared(), Action.UPDATE),
                    (own, Action.UPDATE),
                ):
                    assert await self._applied(platform, [desired]) == [action]
                    again = await self._planned(platform, [desired])
                    assert (again.changes, again.drift) == ((), ())
                assert await self._applied(platform, []) == [Action.DELETE]

        run(platform, scenario)
