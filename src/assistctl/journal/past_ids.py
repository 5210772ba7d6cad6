"""The ids that things had when they were last applied, from the record of past applies."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from assistctl.errors import JournalError
from assistctl.journal.journal import KEEP, Journal
from assistctl.journal.records import Apply, Entry, JournalTarget, Outcome
from assistctl.model.change import Action
from assistctl.model.kind import Kind
from assistctl.planning.absence import PastIds, Thing

# How long the record may take to be read, in seconds: a plan can do without it.
_PATIENCE = 10.0
_READERS = 8
_ENDS = frozenset({Action.DELETE, Action.FORGET})
_NOT_DONE = frozenset({Outcome.SKIPPED, Outcome.WITHDRAWN})


async def past_ids(journal: Journal, target: JournalTarget, owned: Collection[str]) -> PastIds:
    """The past ids that the journal has for ``target``; none, where it cannot be read.

    A journal of this checkout alone tells that something was never applied only when it accounts for all that the
    project has there (``owned``, ids): others may have applied from elsewhere.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            applies = await _applies(journal, target)
    except (JournalError, TimeoutError):
        return PastIds()
    last, known = _last(applies)
    is_whole = bool(applies) and len(applies) < KEEP and (journal.shared or known.issuperset(owned))
    return PastIds(last, is_whole)


async def _applies(journal: Journal, target: JournalTarget) -> list[Apply]:
    """The applies to the place that ``target`` is now, the oldest first."""
    slots = asyncio.Semaphore(_READERS)

    async def read(apply_id: str) -> Apply:
        async with slots:
            return await journal.read(apply_id, target.name)

    found = await asyncio.gather(*(read(past.id) for past in await journal.applies(target.name)))
    here = (target.platform, target.address)
    return [past for past in reversed(found) if (past.header.target.platform, past.header.target.address) == here]


def _last(applies: Sequence[Apply]) -> tuple[dict[Thing, str | None], set[str]]:
    last: dict[Thing, str | None] = {}
    known: set[str] = set()
    holders: dict[tuple[Kind, str | None], Thing] = {}
    for entry in (entry for apply in applies for entry in apply.entries):
        if entry.outcome in _NOT_DONE:
            continue
        thing = (entry.kind, entry.key)
        known |= {entry.id} if entry.id is not None else set()
        if entry.action in _ENDS:
            # A file that was replaced has its successor's id already, and a twin is not the one that counts.
            if entry.outcome is Outcome.OK and last.get(thing, entry.id) == entry.id:
                last[thing] = None
        elif _may_be_there(entry):
            held, is_done = (entry.kind, entry.id), entry.outcome is Outcome.OK
            former = holders.setdefault(held, thing)
            if is_done and former != thing and last.get(former) == entry.id and entry.kind is not Kind.FILE:
                # It was moved to another key, and is neither gone nor without its mark. Files may share an upload.
                last[former] = None
            if is_done:
                holders[held] = thing
            last[thing] = entry.id
    return last, known


def _may_be_there(entry: Entry) -> bool:
    """Whether an operation left something behind, or may have."""
    return entry.outcome is not Outcome.FAILED or entry.id is not None
