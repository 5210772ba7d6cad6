"""What every platform must pass, whoever wrote it.

Subclass ``PlatformSuite`` in a test module, and give it a fixture ``platform`` that returns a platform on an
account without assistants, not yet entered::

    class TestCloud(PlatformSuite):
        model, other_model = "cloud-1", "cloud-2"

        @pytest.fixture
        def platform(self, tmp_path):
            return connect(Connection("cloud", tmp_path, base_url=..., api_key=...))

Each test enters the platform once, in an event loop of its own, and goes through the real SDK and the network.
``own_samples`` are values for the platform's own fields, each a mapping as it stands under ``platforms.NAME``. A
fixture ``break_next`` lets the tests see what becomes of a request that goes wrong.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from assistctl.applying.engine import carry_out
from assistctl.errors import ConflictError, NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.model.capabilities import Level
from assistctl.model.capability_problems import problems_in
from assistctl.model.conversation import Event, Finished, RunStatus, TextDelta
from assistctl.model.plan import Action, Desired, Json, Plan, Position, Status, TargetName
from assistctl.ownership.canonical import same
from assistctl.ownership.mark import MARK, METADATA_PAIRS, Mark, read_mark
from assistctl.planning.options import PlanOptions
from assistctl.planning.planner import make_plan
from assistctl.platforms.base import Platform
from assistctl.platforms.conversation import conversations_of
from assistctl.testing.exchange import created, state, updated
from assistctl.testing.samples import FUNCTION, OTHER_FUNCTION, SAMPLES

Scenario = Callable[[Platform], Awaitable[None]]
BreakNext = Callable[[int, bool], None]
"""Answers the next ``POST`` with that status (and ``Retry-After: 0``); if true, after it was carried out."""

_TWO_PAGES_AND_MORE = 205
_LONGEST_PAIR = ("k" * 64, "v" * 512)


def run(platform: Platform, scenario: Scenario) -> None:
    """Enter the platform, and go through the scenario."""

    async def main() -> None:
        async with platform:
            await scenario(platform)

    asyncio.run(main())


class PlatformSuite:
    """The tests. ``model`` and ``other_model`` are models that the account may use.

    ``answers``: the account has a model that answers; without, a conversation need only say why nothing is.
    """

    model: ClassVar[str] = "gpt-4.1"
    other_model: ClassVar[str] = "gpt-4.1-mini"
    own_samples: ClassVar[tuple[Mapping[str, Json], ...]] = ()
    answers: ClassVar[bool] = False

    @pytest.fixture
    def break_next(self) -> BreakNext | None:
        """``None`` where no request can be made to fail: those tests are then skipped."""
        return None

    def test_capabilities_say_what_to_do_instead(self, platform: Platform) -> None:
        """Whatever is not native has a note, a platform has a name, and no table names what there is not."""
        assert platform.name
        assert problems_in(platform.capabilities) == []

    def test_there_is_a_sample_of_each_own_field(self, platform: Platform) -> None:
        """What no sample has is not looked at."""
        assert {name for sample in self.own_samples for name in sample} == platform.capabilities.platform_fields

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

    def test_a_create_whose_answer_is_lost_may_have_been_carried_out(
        self, platform: Platform, break_next: BreakNext | None
    ) -> None:
        """It is never told as a failure, and never repeated."""
        if break_next is None:
            pytest.skip("no request can be made to fail")

        async def scenario(platform: Platform) -> None:
            break_next(500, True)
            with pytest.raises(OutcomeUnknownError):
                await platform.create_assistant(self._fields(), {})
            assert len(await platform.list_assistants()) == 1

        run(platform, scenario)

    def test_what_is_refused_for_now_is_asked_for_again(
        self, platform: Platform, break_next: BreakNext | None
    ) -> None:
        """A 429 says that nothing was done."""
        if break_next is None:
            pytest.skip("no request can be made to fail")

        async def scenario(platform: Platform) -> None:
            break_next(429, False)
            made = await platform.create_assistant(self._fields(), {})
            assert [one.id for one in await platform.list_assistants()] == [made.id]

        run(platform, scenario)

    def test_models_are_told_or_not(self, platform: Platform) -> None:
        """Each with the day it is shut down, if one is known; only advice rests on it, so it never raises."""

        async def scenario(platform: Platform) -> None:
            for model, date in (await platform.list_models() or {}).items():
                assert model
                if date is not None:
                    dt.date.fromisoformat(date)

        run(platform, scenario)

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

    def test_metadata_is_replaced_whole(self, platform: Platform) -> None:
        """After an update there is what it was sent, and no other pair."""

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields(), {"a": "1", "b.c": "2", "größer": "☃ 🙂"})
            changed = await updated(platform, made, {}, {"b.c": "3", "d": ""})
            assert dict(changed.metadata) == {"b.c": "3", "d": ""}
            emptied = await updated(platform, changed, {}, {})
            assert dict(emptied.metadata) == {}
            (listed,) = await platform.list_assistants()
            assert dict(listed.metadata) == {}

        run(platform, scenario)

    def test_metadata_has_room_for_what_is_promised(self, platform: Platform) -> None:
        """Sixteen pairs of the longest kind are kept; more, or longer ones, are refused and not cut off."""
        key, value = _LONGEST_PAIR
        full = {f"{number:02}{key[2:]}": value for number in range(METADATA_PAIRS)}
        too_much = ({**full, "one": "more"}, {f"{key}k": "v"}, {"k": f"{value}v"})

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields(), full)
            assert dict(made.metadata) == full
            for metadata in too_much:
                with pytest.raises(PlatformError):
                    await platform.create_assistant(self._fields(), metadata)
            (listed,) = await platform.list_assistants()
            assert dict(listed.metadata) == full

        run(platform, scenario)

    def test_the_mark_of_ownership_is_kept(self, platform: Platform) -> None:
        """What an assistant belongs to is read back as it was written."""
        mark = Mark("acme", "prod", "order-desk", prevent_destroy=True)

        async def scenario(platform: Platform) -> None:
            await created(platform, self._fields(), {MARK: str(mark)})
            (listed,) = await platform.list_assistants()
            assert read_mark(listed.metadata) == mark

        run(platform, scenario)

    def test_every_assistant_is_listed_once(self, platform: Platform) -> None:
        """However many pages there are, and whatever they are named."""

        async def scenario(platform: Platform) -> None:
            made = [await platform.create_assistant(self._fields(), {}) for _ in range(_TWO_PAGES_AND_MORE)]
            listed = [one.id for one in await platform.list_assistants()]
            assert len(listed) == len({*listed})
            assert {*listed} == {one.id for one in made}

        run(platform, scenario)

    def test_what_is_deleted_is_gone(self, platform: Platform) -> None:
        """It is listed no longer and cannot be changed; the others stay."""

        async def scenario(platform: Platform) -> None:
            first = await created(platform, self._fields())
            second = await created(platform, self._fields())
            await platform.delete_assistant(first.id)
            await platform.delete_assistant(first.id)
            assert [one.id for one in await platform.list_assistants()] == [second.id]
            with pytest.raises(PlatformError):
                await platform.update_assistant(first.id, {"name": "x"}, {}, revision=first.revision)

        run(platform, scenario)

    def test_ids_that_nothing_has(self, platform: Platform) -> None:
        """To delete what is not there is no error, to change it is; an id is never taken for a path."""

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields())
            for unknown in (f"{made.id}x", "../models", "a/b?c#d"):
                await platform.delete_assistant(unknown)
                with pytest.raises(NotFoundError):
                    await platform.update_assistant(unknown, {"name": "x"}, {})
            assert [one.id for one in await platform.list_assistants()] == [made.id]

        run(platform, scenario)

    def test_a_stale_revision_is_a_conflict(self, platform: Platform) -> None:
        """Where a platform has revisions, an update on top of an old one changes nothing."""

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields(), {"a": "1"})
            if made.revision is None:
                return
            changed = await updated(platform, made, {"instructions": "theirs"})
            assert changed.revision != made.revision
            with pytest.raises(ConflictError):
                await platform.update_assistant(made.id, {"instructions": "ours"}, {}, revision=made.revision)
            (listed,) = await platform.list_assistants()
            assert (listed.fields["instructions"], dict(listed.metadata)) == ("theirs", {"a": "1"})

        run(platform, scenario)

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

    def test_conversations_are_had_as_declared(self, platform: Platform) -> None:
        """What says that it can be talked to can, and nothing else; how says a note, unless as it stands."""
        has_any = conversations_of(platform) is not None
        assert has_any == (platform.capabilities.converses.level is not Level.UNSUPPORTED)

    def test_a_conversation_goes_on_and_ends(self, platform: Platform) -> None:
        """Each message has one end, which says why where nothing is answered; what was begun goes at the close."""

        async def scenario(platform: Platform) -> None:
            converses = conversations_of(platform)
            if converses is None:
                return
            made = await created(platform, self._fields())
            conversation = await converses.start(made.id)
            await conversation.cancel()
            self._require_answer([event async for event in conversation.say("Hello?")])
            assert conversation.id
            again = await converses.start(made.id, thread_id=conversation.id)
            assert again.id == conversation.id
            self._require_answer([event async for event in again.say("Hello again?")])
            await again.cancel()
            await again.close()
            await conversation.close(keep=True)
            await converses.start(made.id, thread_id=conversation.id)
            await conversation.close()
            with pytest.raises(NotFoundError):
                await converses.start(made.id, thread_id=conversation.id)

        run(platform, scenario)

    def _require_answer(self, events: list[Event]) -> None:
        *before, end = events
        assert isinstance(end, Finished)
        assert not any(isinstance(event, Finished) for event in before)
        assert end.error or end.status is RunStatus.COMPLETED
        if self.answers:
            assert end.status is RunStatus.COMPLETED
            assert "".join(event.text for event in before if isinstance(event, TextDelta))

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
        assert [one.error for one in results if one.status is not Status.OK] == []
        return [change.action for change in plan.changes]
