"""Metadata, which is where ownership stands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistctl.errors import PlatformError
from assistctl.model.capabilities import MetadataLimits
from assistctl.ownership.mark import MARK, Mark, read_mark
from assistctl.platforms.base import Platform
from assistctl.testing.exchange import created, updated
from assistctl.testing.suite.base import SuiteBase, run

# What is tried where a platform has no limit: as much as the Assistants API keeps.
_ENOUGH = MetadataLimits()


class MetadataTests(SuiteBase):
    """Metadata is kept to the letter, as much as a platform says."""

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

    def test_metadata_has_room_for_what_is_stated(self, platform: Platform) -> None:
        """As much as its capabilities state is kept; more, or longer, is refused and not cut off."""
        limits = platform.capabilities.metadata_limits
        full = _pairs(_or(limits.open_pairs, _ENOUGH.pairs), limits)

        async def scenario(platform: Platform) -> None:
            made = await created(platform, self._fields(), full)
            assert dict(made.metadata) == full
            for metadata in _too_much(limits):
                with pytest.raises(PlatformError):
                    await platform.create_assistant(self._fields(), metadata)
                with pytest.raises(PlatformError):
                    await platform.update_assistant(made.id, {}, metadata, revision=made.revision)
            (listed,) = await platform.list_assistants()
            assert dict(listed.metadata) == full

        run(platform, scenario)

    def test_the_mark_of_ownership_is_kept(self, platform: Platform) -> None:
        """The mark of ownership is read back as it was written."""
        mark = Mark("acme", "prod", "order-desk", prevent_destroy=True)

        async def scenario(platform: Platform) -> None:
            await created(platform, self._fields(), {MARK: str(mark)})
            (listed,) = await platform.list_assistants()
            assert read_mark(listed.metadata) == mark

        run(platform, scenario)


def _pairs(count: int, limits: MetadataLimits) -> dict[str, str]:
    """So many pairs of the longest kind."""
    key = "k" * _or(limits.key_characters, _ENOUGH.key_characters)
    value = "v" * _or(limits.value_characters, _ENOUGH.value_characters)
    return {f"{number:02}{key[2:]}": value for number in range(count)}


def _too_much(limits: MetadataLimits) -> Iterator[dict[str, str]]:
    if limits.pairs is not None:
        yield {f"k{number}": "v" for number in range(limits.pairs + 1)}
    if limits.key_characters is not None:
        yield {"k" * (limits.key_characters + 1): "v"}
    if limits.value_characters is not None:
        yield {"k": "v" * (limits.value_characters + 1)}


def _or(limit: int | None, enough: int | None) -> int:
    return limit if limit is not None else enough or 0
