"""Two applies at once may both create what one key declares: who finds an older twin withdraws its own."""

from __future__ import annotations

from collections.abc import Collection

from assistctl.model import Observed
from assistctl.planning.ownership import Mark, read_mark
from assistctl.platforms.base import Platform


async def older_twins(platform: Platform, created: Collection[str]) -> dict[str, str]:
    """Of the ids that were just ``created``, those with a twin that was there first, and the twin's id.

    All who look see the same order, the oldest first, so that exactly one stays.
    """
    first: dict[tuple[str, str, str], Observed] = {}
    twins: dict[str, str] = {}
    for one in await platform.list_assistants():
        mark = read_mark(one.metadata)
        if mark is None:
            continue
        oldest = first.setdefault(_owner(mark), one)
        if one.id in created and oldest.id != one.id:
            twins[one.id] = oldest.id
    return twins


def _owner(mark: Mark) -> tuple[str, str, str]:
    return mark.project, mark.target, mark.key
