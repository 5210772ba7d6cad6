"""Fields of assistants: sent, kept, changed and cleared, in requests and by plans that are then empty."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistctl.errors import PlatformError
from assistctl.model.capabilities import Level
from assistctl.model.change import Action
from assistctl.ownership.canonical import same
from assistctl.platforms.base import Platform
from assistctl.testing.exchange import created, state, updated
from assistctl.testing.samples import FUNCTION, OTHER_FUNCTION, SAMPLES
from assistctl.testing.suite.base import SuiteBase, run


class FieldTests(SuiteBase):
    """What is sent is what is there."""

    def test_what_is_created_is_answered_and_listed(self, platform: Platform) -> None:
        """A create answers what it was sent, and the list has it."""

        async def scenario(platform: Platform) -> None:
            assert [*await platform.list_assistants()] == []
            sent = self._fields(instructions="Be brief.\n")
            made = await created(platform, sent, {"team": "support"})
            assert made.id
            assert dict(made.metadata) == {"team": "support"}
            (listed,) = await platform.list_assistants()
            assert listed.id == made.id
            assert state(listed) == state(made)
            assert listed.revision == made.revision

        run(platform, scenario)

    @pytest.mark.parametrize("capability", SAMPLES)
    def test_values_are_kept_or_refused(self, platform: Platform, capability: str) -> None:
        """What a platform expresses it keeps, value by value; what it does not it refuses, and makes nothing."""
        field = capability.partition(".")[0]
        known = platform.capabilities.fields
        support = known.get(capability, known.get(field))
        is_expressed = support is not None and support.level is not Level.UNSUPPORTED

        async def scenario(platform: Platform) -> None:
            for value in SAMPLES[capability]:
                sent = {**self._fields(), field: value}
                if is_expressed:
                    made = await created(platform, sent)
                    await updated(platform, made, {field: value})
                    continue
                with pytest.raises(PlatformError):
                    await platform.create_assistant(sent, {})
                assert [*await platform.list_assistants()] == []

        run(platform, scenario)

    def test_an_update_changes_what_it_is_sent_and_nothing_else(self, platform: Platform) -> None:
        """What an update leaves out stays."""

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields(instructions="one", tools=[FUNCTION]), {"a": "1"})
            other = await created(platform, self._fields(name="Other"), {"b": "2"})
            changed = await updated(platform, made, {"instructions": "two"})
            assert changed.id == made.id
            before, after = state(made), state(changed)
            assert {unit for unit in before if not same(before[unit], after[unit])} == {("instructions",)}
            listed = {one.id: one for one in await platform.list_assistants()}
            assert state(listed[made.id]) == after
            assert state(listed[other.id]) == state(other)

        run(platform, scenario)

    def test_names_models_and_tools_change(self, platform: Platform) -> None:
        """Every field that all platforms have can be changed."""

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields(tools=[FUNCTION]))
            renamed = await updated(platform, made, {"name": "Another"})
            moved = await updated(platform, renamed, {"model": self.other_model})
            tooled = await updated(platform, moved, {"tools": [OTHER_FUNCTION]})
            assert tooled.fields["name"] == "Another"
            assert tooled.fields["model"] == self.other_model

        run(platform, scenario)

    def test_null_clears(self, platform: Platform) -> None:
        """Null puts a field back to what it would be if it had never been set; no tools is an empty list."""

        async def scenario(platform: Platform) -> None:
            names = [name for name in ("description", "instructions") if self._has(platform, name)]
            plain = await created(platform, self._fields())
            made = await created(platform, {**self._fields(tools=[FUNCTION]), **dict.fromkeys(names, "something")})
            cleared = await updated(platform, made, {**dict.fromkeys(names), "tools": []})
            assert state(cleared) == state(plain)

        run(platform, scenario)


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
