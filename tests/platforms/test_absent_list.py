"""What a server does not have at all is listed as nothing; what it refuses is told."""

from __future__ import annotations

import asyncio

import pytest

from assistctl.errors import PlatformError
from assistctl.platforms.http.absent_list import none_if_absent
from assistctl.platforms.http.pager import Item


async def answered(status: int | None) -> list[Item]:
    """One thing, or a refusal with that status."""
    if status is not None:
        raise PlatformError("no", status=status)
    return [{"id": "a"}]


@pytest.mark.parametrize(("status", "items"), [(None, [{"id": "a"}]), (404, []), (405, []), (501, [])])
def test_a_server_without_such_things_has_none(status: int | None, items: list[Item]) -> None:
    assert asyncio.run(none_if_absent(answered(status))) == items


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_what_is_refused_is_told(status: int) -> None:
    with pytest.raises(PlatformError, match="no"):
        asyncio.run(none_if_absent(answered(status)))
