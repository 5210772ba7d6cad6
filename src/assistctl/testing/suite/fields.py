"""Fields of assistants: sent, kept, changed and cleared, in requests and by plans that are then empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    """Values that are sent are kept."""

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

    def test_values_are_kept_or_refused(self, platform: Platform) -> None:
        """Values that a platform expresses are kept, one by one; others are refused, and nothing is created."""
        known = platform.capabilities.fields
        fields = {capability: capability.partition(".")[0] for capability in SAMPLES}
        found = {capability: known.get(capability, known.get(field)) for capability, field in fields.items()}
        kept = {name for name, support in found.items() if support and support.level is not Level.UNSUPPORTED}

        async def scenario(platform: Platform) -> None:
            for capability in [name for name in SAMPLES if name not in kept]:
                for value in SAMPLES[capability]:
                    with _about(capability), pytest.raises(PlatformError):
                        await platform.create_assistant({**self._fields(), fields[capability]: value}, {})
                with _about(capability):
                    assert [*await platform.list_assistants()] == []
            for capability in sorted(kept):
                for value in SAMPLES[capability]:
                    with _about(capability):
                        made = await created(platform, {**self._fields(), fields[capability]: value})
                        await updated(platform, made, {fields[capability]: value})

        run(platform, scenario)

    def test_an_update_changes_what_it_is_sent_and_nothing_else(self, platform: Platform) -> None:
        """Fields that an update leaves out stay as they are."""

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields(instructions="one", tools=[FUNCTION]), {"a": "1"})
            other = await created(platform, self._fields(name="Other"), {"b": "2"})
            changed = await updated(platform, made, {"instructions": "two"})
            assert changed.id == made.id
            before, after = state(made), state(changed)
            assert {unit for unit in before if not same(before[unit], after[unit])} == {("instructions",)}
            listed = {assistant.id: assistant for assistant in await platform.list_assistants()}
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
            (listed,) = await platform.list_assistants()
            await updated(platform, listed, {"model": self.other_model}, dict(listed.metadata))
            drifted = await self._planned(platform, [third])
            assert [drift.path for drift in drifted.drift] == ["model"]
            assert await self._applied(platform, [third]) == [Action.UPDATE]
            assert await self._applied(platform, []) == [Action.DELETE]
            assert [*await platform.list_assistants()] == []

        run(platform, scenario)

    def test_own_fields_are_sent_read_back_and_taken_back(self, platform: Platform) -> None:
        """Fields declared for this platform alone are there after an apply, and gone after the next."""

        plain = [replace(self._declared(), key=f"desk-{place}") for place, _ in enumerate(self.own_samples)]
        own = [
            replace(desired, platform_fields={platform.name: sample})
            for desired, sample in zip(plain, self.own_samples, strict=True)
        ]

        async def scenario(platform: Platform) -> None:
            for desired, action in ((own, Action.CREATE), (plain, Action.UPDATE), (own, Action.UPDATE)):
                assert await self._applied(platform, desired) == [action] * len(own)
                again = await self._planned(platform, desired)
                assert (again.changes, again.drift) == ((), ())
            assert await self._applied(platform, []) == [Action.DELETE] * len(own)

        run(platform, scenario)


@contextmanager
def _about(capability: str) -> Iterator[None]:
    """Have whatever fails in the block say which capability it is about."""
    try:
        yield
    except (Exception, pytest.fail.Exception) as error:
        error.add_note(f"with the values for {capability}")
        raise
