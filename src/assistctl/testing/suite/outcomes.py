"""Requests that go wrong, and versions that somebody else was faster with, on platforms that have them."""

from __future__ import annotations

import pytest

from assistctl.errors import ConflictError, OutcomeUnknownError
from assistctl.platforms.base import Platform
from assistctl.testing.exchange import created, state, updated
from assistctl.testing.suite.base import BreakNext, SuiteBase, run


class OutcomeTests(SuiteBase):
    """The outcome of a request is reported as it is."""

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
            assert [assistant.id for assistant in await platform.list_assistants()] == [made.id]

        run(platform, scenario)


class VersionTests(SuiteBase):
    """An update is made on top of the version that was looked at."""

    def test_each_change_makes_another_revision(self, platform: Platform) -> None:
        """One that no other state of the assistant had, and the list has the newest."""

        async def scenario(platform: Platform) -> None:
            assistant = await created(platform, self._fields(), {"a": "1"})
            entry = platform.capabilities.roster_entry
            assert assistant.revision is not None or entry is None or not entry.revision
            if assistant.revision is None:
                pytest.skip("it has no versions")
            seen = {assistant.revision}
            for text in ("one", "two", "one"):
                assistant = await updated(platform, assistant, {"instructions": text})
                assert assistant.revision not in seen
                seen.add(str(assistant.revision))
            (listed,) = await platform.list_assistants()
            assert (listed.revision, state(listed)) == (assistant.revision, state(assistant))

        run(platform, scenario)

    def test_a_stale_revision_is_a_conflict(self, platform: Platform) -> None:
        """An update on top of an old revision changes nothing."""

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields(), {"a": "1"})
            if made.revision is None:
                pytest.skip("it has no versions")
            changed = await updated(platform, made, {"instructions": "theirs"})
            assert changed.revision != made.revision
            with pytest.raises(ConflictError):
                await platform.update_assistant(made.id, {"instructions": "ours"}, {}, revision=made.revision)
            (listed,) = await platform.list_assistants()
            assert (listed.fields["instructions"], dict(listed.metadata)) == ("theirs", {"a": "1"})

        run(platform, scenario)
