"""The ids of applies: they sort by time, and are short enough to type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from assistctl.errors import JournalError, did_you_mean

ID_STEP = timedelta(microseconds=16)
"""Moments this far apart have different ids."""

APPLY_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{4}")
_NAMED = 5


def new_apply_id(now: datetime) -> str:
    """An id for an apply that starts ``now`` (UTC): ``20261122T214455-1f3a``.

    The four digits of the end are 65536ths of the second, so that the order holds within it too. Nothing is left
    to chance: two applies that begin at once meet when they are put into the journal.
    """
    return f"{now:%Y%m%dT%H%M%S}-{now.microsecond * 0x10000 // 1_000_000:04x}"


def matching(given: str, known: Iterable[str]) -> str:
    """The id that begins with ``given`` (or ends with it: the four characters after the dash).

    Raises ``JournalError`` when there is none, or more than one.
    """
    ids = sorted(set(known), reverse=True)
    found = [apply_id for apply_id in ids if apply_id == given] or [
        apply_id
        for apply_id in ids
        if given and (apply_id.startswith(given) or apply_id.rpartition("-")[2] == given)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise JournalError(f"{given} may mean {', '.join(found[:_NAMED])}{more}", "Write more of the id.")
    if not ids:
        raise JournalError(f"there is no apply {given}: the journal is empty", "An apply writes it.")
    raise JournalError(
        f"there is no apply {given}", f"{did_you_mean(given, ids) or 'assistctl history lists them'}"
    )
