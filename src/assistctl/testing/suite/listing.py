"""Lists of assistants: complete, in order, and with unknown kinds of tools."""

from __future__ import annotations

import pytest

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.platforms.base import Platform, SupportsGet
from assistctl.testing.exchange import created, state, updated
from assistctl.testing.samples import FUNCTION, UNKNOWN_TOOL
from assistctl.testing.suite.base import PutTool, SuiteBase, run

_A_FEW = 5


class ListingTests(SuiteBase):
    """Everything is listed, once."""

    def test_every_assistant_is_listed_once(self, platform: Platform) -> None:
        """However many pages there are, and whatever they are named."""

        async def scenario(platform: Platform) -> None:
            two_pages_and_more = 2 * self.page_size + _A_FEW
            made = [await platform.create_assistant(self._fields(), {}) for _ in range(two_pages_and_more)]
            listed = [assistant.id for assistant in await platform.list_assistants()]
            assert len(listed) == len({*listed})
            assert {*listed} == {assistant.id for assistant in made}

        run(platform, scenario)

    def test_the_oldest_is_listed_first(self, platform: Platform) -> None:
        """Assistants come in the order of their creation, whatever changed since, so that no new one is missed."""
        if not self.lists_in_order:
            pytest.skip("it does not say which is older")

        async def scenario(platform: Platform) -> None:
            made = [await created(platform, self._fields(name=f"Desk {place}")) for place in range(_A_FEW)]
            await updated(platform, made[1], {"name": "Another"})
            assert [assistant.id for assistant in await platform.list_assistants()] == [
                assistant.id for assistant in made
            ]

        run(platform, scenario)

    def test_a_tool_that_nobody_knows_is_kept_as_it_is(self, platform: Platform, put_tool: PutTool | None) -> None:
        """It is listed with all that it has, among the others, and an update of something else leaves it alone."""

        async def scenario(platform: Platform) -> None:
            tools: list[Json] = [FUNCTION] if put_tool else [FUNCTION, UNKNOWN_TOOL]
            try:
                made = await platform.create_assistant(self._fields(tools=tools), {})
            except PlatformError:
                pytest.skip("it takes no tools that it does not know")
            if put_tool is not None:
                put_tool(made.id, UNKNOWN_TOOL)
            (listed,) = await platform.list_assistants()
            assert _tools(listed)[1:] == [UNKNOWN_TOOL]
            renamed = await updated(platform, listed, {"name": "Another"})
            assert _tools(renamed)[1:] == [UNKNOWN_TOOL]

        run(platform, scenario)

    def test_one_is_found_as_it_is_listed(self, platform: Platform) -> None:
        """A thing shown alone is as it is listed; one that does not exist is nothing, and no error."""

        async def scenario(platform: Platform) -> None:
            if not isinstance(platform, SupportsGet):
                pytest.skip("it shows none alone")
            made = await created(platform, self._fields(), {"a": "1"})
            found = await platform.find_assistant(made.id)
            assert found is not None
            assert (found.id, state(found)) == (made.id, state(made))
            await platform.delete_assistant(made.id)
            for unknown in (made.id, "../models"):
                assert await platform.find_assistant(unknown) is None

        run(platform, scenario)

    def test_what_is_deleted_is_gone(self, platform: Platform) -> None:
        """It is listed no longer and cannot be changed; the others stay."""

        async def scenario(platform: Platform) -> None:
            first = await created(platform, self._fields())
            second = await created(platform, self._fields())
            await platform.delete_assistant(first.id)
            await platform.delete_assistant(first.id)
            assert [assistant.id for assistant in await platform.list_assistants()] == [second.id]
            with pytest.raises(PlatformError):
                await platform.update_assistant(first.id, {"name": "x"}, {}, revision=first.revision)

        run(platform, scenario)

    def test_ids_that_nothing_has(self, platform: Platform) -> None:
        """Deleting a missing one is not an error, changing it is; an id is never taken for a path."""

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields())
            for unknown in (f"{made.id}x", "../models", "a/b?c#d"):
                await platform.delete_assistant(unknown)
                with pytest.raises(NotFoundError):
                    await platform.update_assistant(unknown, {"name": "x"}, {})
            assert [assistant.id for assistant in await platform.list_assistants()] == [made.id]

        run(platform, scenario)


def _tools(assistant: Observed) -> list[Json]:
    tools = assistant.fields.get("tools")
    assert isinstance(tools, list)
    return tools
