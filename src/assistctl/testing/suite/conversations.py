"""Conversations with assistants."""

from __future__ import annotations

import pytest

from assistctl.errors import NotFoundError
from assistctl.model.capabilities import Level
from assistctl.model.conversation import Event, Finished, RunStatus, TextDelta
from assistctl.platforms.base import Platform
from assistctl.platforms.conversation import conversations_of
from assistctl.testing.exchange import created
from assistctl.testing.suite.base import SuiteBase, run


class ConversationTests(SuiteBase):
    """A platform that declares conversations has them."""

    def test_conversations_are_had_as_declared(self, platform: Platform) -> None:
        """A platform has conversations exactly if it declares them, and a note explains any that are mapped."""
        has_any = conversations_of(platform) is not None
        assert has_any == (platform.capabilities.converses.level is not Level.UNSUPPORTED)

    def test_a_conversation_goes_on_and_ends(self, platform: Platform) -> None:
        """Each message has one end, which says why where nothing is answered; what was begun goes at the close."""

        async def scenario(platform: Platform) -> None:
            converses = conversations_of(platform)
            if converses is None:
                pytest.skip("nobody can talk with its assistants")
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
