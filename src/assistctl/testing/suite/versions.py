"""Versions of assistants, on platforms that have them."""

from __future__ import annotations

import pytest

from assistctl.errors import ConflictError
from assistctl.platforms.base import Platform
from assistctl.testing.exchange import created, state, updated
from assistctl.testing.suite.base import SuiteBase, run


class VersionTests(SuiteBase):
    """An update is made on top of the version that was looked at."""

    def test_each_change_makes_another_revision(self, platform: Platform) -> None:
        """One that no other state of the assistant had, and the list has the newest."""

        async def scenario(platform: Platform) -> None:
            one = await created(platform, self._fields(), {"a": "1"})
            entry = platform.capabilities.roster_entry
            assert one.revision is not None or entry is None or not entry.revision
            if one.revision is None:
                pytest.skip("it has no versions")
            seen = {one.revision}
            for text in ("one", "two", "one"):
                one = await updated(platform, one, {"instructions": text})
                assert one.revision not in seen
                seen.add(str(one.revision))
            (listed,) = await platform.list_assistants()
            assert (listed.revision, state(listed)) == (one.revision, state(one))

        run(platform, scenario)

    def test_a_stale_revision_is_a_conflict(self, platform: Platform) -> None:
        """Where a platform has revisions, an update on top of an old one changes nothing."""

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
