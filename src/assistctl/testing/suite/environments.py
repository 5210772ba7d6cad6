"""Environments that a platform keeps apart from its assistants."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistctl.json_value import Json
from assistctl.ownership.mark import MARK, Mark, read_mark
from assistctl.platforms.base import Platform, SupportsEnvironments
from assistctl.testing.exchange import created
from assistctl.testing.samples import file_at
from assistctl.testing.suite.base import SuiteBase, run


class EnvironmentTests(SuiteBase):
    """They come and go with the assistants that use them, and say whose they are."""

    def test_an_environment_is_there_as_long_as_it_is_used(self, platform: Platform, tmp_path: Path) -> None:
        """It says whose it is and what is in it; the uploads in it outlive it."""
        source = file_at(tmp_path, "prices.csv", b"a,1\n")
        mark = Mark("acme", "prod", "desk")

        async def scenario(platform: Platform) -> None:
            if not isinstance(platform, SupportsEnvironments) or platform.uploads is None:
                pytest.skip("it keeps no environments")
            upload = await platform.uploads.upload(source, lambda _: None)
            tools: Json = [{"type": "code_interpreter"}]
            resources: Json = {"code_interpreter": {"file_ids": [upload.id]}}
            made = await created(platform, self._fields(tools=tools, tool_resources=resources), {MARK: str(mark)})
            (used,) = await platform.list_environments()
            assert used.in_use
            assert upload.id in used.file_ids
            owner = read_mark(used.metadata)
            assert owner is not None
            assert (owner.project, owner.target, owner.key) == (mark.project, mark.target, mark.key)
            await platform.delete_assistant(made.id)
            assert not any(one.in_use for one in await platform.list_environments())
            for _ in range(2):
                await platform.delete_environment(used.id)
            assert [*await platform.list_environments()] == []
            assert await platform.uploads.find_file(upload.id) is not None

        run(platform, scenario)
