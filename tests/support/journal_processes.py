"""What processes of their own do to a journal, to be raced and killed."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TextIO

from assistctl.journal import Journal, Outcome, open_journal
from support.journal_clock import shorten_pauses
from support.journals import WHO, heading, update

_SIDE_BY_SIDE = 4
# Long enough for another one to take it meanwhile, if it could, in seconds.
_HELD = 0.005


def say(*words: object) -> None:
    """Tell whoever started this process, at once."""
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


async def write_for_ever(journal: Journal) -> None:
    """Record one apply without end, and say of each thing that is on record that it is."""
    async with journal.apply(heading()) as record:
        say("begun", record.id)

        async def keep_on(lane: int) -> None:
            turn = 0
            while True:
                turn += 1
                number = await record.intend(update(f"k{lane}-{turn}", "Be brief. " * (turn % 50 * 20)))
                say("intent", number)
                await record.outcome(number, Outcome.OK)
                say("outcome", number)

        await asyncio.gather(*(keep_on(lane) for lane in range(_SIDE_BY_SIDE)))


async def hold(journal: Journal, lease: float) -> None:
    """Take the lock and never let go."""
    async with journal.locked("prod", WHO, timeout=60, lease=lease) as lock:
        say("held", lock and lock.id)
        while lock and not lock.lost:  # noqa: ASYNC110  # it is the clock that decides
            await asyncio.sleep(lease / 20)
        say("lost")


async def race(journal: Journal, inside: Path, lease: float, lines: TextIO) -> None:
    """Take the lock for each of the ``lines``; the file ``inside``, there while it is held, proves that it is."""
    while await asyncio.to_thread(lines.readline):
        async with journal.locked("prod", WHO, timeout=120, lease=lease) as lock:
            alone = entered(inside)
            await asyncio.sleep(_HELD)
            left(inside)
            say("one" if alone and lock and not lock.lost else "late" if alone else "two")


def entered(inside: Path) -> bool:
    """Make the file; whether there was none."""
    try:
        os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def left(inside: Path) -> None:
    """Take the file away."""
    inside.unlink(missing_ok=True)


def main(work: str, address: str, *rest: str) -> None:
    """Do ``work`` on the journal at ``address`` (``-`` for the folder of a project in the working directory)."""
    place = None if address == "-" else address
    journal = open_journal("acme", Path.cwd(), address=place, environment=os.environ)
    if work == "write":
        asyncio.run(write_for_ever(journal))
    elif work == "hold":
        asyncio.run(hold(journal, float(rest[0])))
    else:
        shorten_pauses(setattr)
        inside, lease, lines = rest
        with Path(lines).open(encoding="utf-8") as read:
            say("ready")
            asyncio.run(race(journal, Path(inside), float(lease), read))
