"""Requests that go wrong, and versions that somebody else was faster with."""

from __future__ import annotations

import pytest

from assistctl.errors import OutcomeUnknownError
from assistctl.platforms.base import Platform
from assistctl.testing.suite.base import BreakNext, SuiteBase, run


class OutcomeTests(SuiteBase):
    """What became of a request is told as it is."""

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
