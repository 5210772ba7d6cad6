"""Tests of a platform's capabilities and models."""

from __future__ import annotations

import datetime as dt

from assistctl.model.capability_problems import problems_in
from assistctl.platforms.base import Platform, SupportsAccounts
from assistctl.testing.suite.base import SuiteBase, run


class CapabilityTests(SuiteBase):
    """Capabilities, models and accounts."""

    def test_capabilities_say_what_to_do_instead(self, platform: Platform) -> None:
        """Anything not native has a note, the platform has a name, and no table names a thing that is missing."""
        assert platform.name
        assert problems_in(platform.capabilities) == []

    def test_there_is_a_sample_of_each_own_field(self, platform: Platform) -> None:
        """A field without a sample is not tested."""
        assert {name for sample in self.own_samples for name in sample} == platform.capabilities.platform_fields

    def test_models_are_told_or_not(self, platform: Platform) -> None:
        """Each with the day it is shut down, if one is known; only advice rests on it, so it never raises."""

        async def scenario(platform: Platform) -> None:
            for model, date in (await platform.list_models() or {}).items():
                assert model
                if date is not None:
                    dt.date.fromisoformat(date)

        run(platform, scenario)

    def test_the_account_is_told_or_not(self, platform: Platform) -> None:
        """Its ids are the same each time, and what says that it tells them has the means."""

        async def scenario(platform: Platform) -> None:
            if not isinstance(platform, SupportsAccounts):
                assert not platform.capabilities.tells_account
                return
            told = [*await platform.account_ids()]
            assert all(told)
            assert [*await platform.account_ids()] == told

        run(platform, scenario)

    def test_what_reads_files_has_files(self, platform: Platform) -> None:
        """A platform whose assistants read files of a project has a place for them."""
        reads = [name for name in ("files.code_interpreter", "files.file_search") if self._has(platform, name)]

        async def scenario(platform: Platform) -> None:
            assert platform.uploads is not None or not reads
            assert platform.vector_stores is not None or "files.file_search" not in reads

        run(platform, scenario)
