"""Processes that race for a journal's lock, or are killed while they write it; and what became of it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from assistctl.errors import JournalError
from assistctl.journal import open_journal
from support.object_stores import Service
from support.python_process import PythonProcess, started_code

_TESTS = Path(__file__).parent.parent
# Longer than any of them is kept from renewing it by the others.
_LEASE = 30
_SECONDS = 30
_MAIN = "import sys; from support.journal_processes import main; main(*sys.argv[1:])"


def race(service: Service, folder: Path, *, processes: int, rounds: int) -> Counter[str]:
    """Have ``processes`` go for the lock at the same moment, ``rounds`` times; each gets it once in a round.

    How often there was ``one`` in it, ``two``, or one who was told it was lost (``late``).
    """
    with ExitStack() as stack:
        racers = [stack.enter_context(_racer(service, folder, number)) for number in range(processes)]
        said: Counter[str] = Counter()
        for _ in range(rounds):
            for go, _ in racers:
                go.write("\n")
                go.flush()
            said.update(answer.readline().strip() for _, answer in racers)
    return said


@contextmanager
def _racer(service: Service, folder: Path, number: int) -> Iterator[tuple[IO[str], IO[str]]]:
    """A process, as what it reads and what it says."""
    lines = folder / f"lines-{number}"
    os.mkfifo(lines)
    process = at_work(service, "race", folder / "inside", _LEASE, lines)
    assert process.stdout is not None
    # Open for both, as a pipe that is opened for writing alone waits for somebody who reads.
    with os.fdopen(os.open(lines, os.O_RDWR), "w") as go:
        assert process.stdout.readline() == "ready\n"
        yield go, process.stdout
    # What its libraries leave behind must not turn a success into a crash.
    assert process.wait(_SECONDS) == 0, process.communicate()
    process.communicate()


def at_work(service: Service, work: str, *words: object, folder: Path | None = None) -> PythonProcess:
    """A process that does ``work`` on the journal, to be stopped or killed."""
    arguments = (work, service.address, *(str(word) for word in words))
    return started_code(_MAIN, *arguments, folder=folder, environment=_environment(service.environment))


def killed_after(lines: int, service: Service, folder: Path) -> str:
    """Kill a process that writes a journal when it has said ``lines`` lines; what is wrong with the journal then.

    Empty when it can be read, and has everything that was said to be on record.
    """
    process = at_work(service, "write", folder=folder)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    # What it had said by then counts as well, but for a last line that is not whole.
    rest, _ = process.communicate(timeout=_SECONDS)
    said += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    return asyncio.run(_wrong(service, folder, [line.split() for line in said]))


async def _wrong(service: Service, folder: Path, said: list[list[str]]) -> str:
    address = None if service.address == "-" else service.address
    journal = open_journal("acme", folder, address=address, environment=service.environment)
    try:
        listed = await journal.applies()
        if not said:
            return ""
        apply = await journal.read(said[0][1])
    except JournalError as error:
        return error.summary
    intended = {entry.number for entry in apply.entries}
    settled = {entry.number for entry in apply.entries if entry.outcome}
    lost = {number for word, number in said[1:] if int(number) not in (intended if word == "intent" else settled)}
    states = {past.id: past.state for past in listed}
    if lost or states.get(apply.header.id) != "interrupted":
        return f"lost {sorted(lost)}, listed as {states}"
    return ""


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **more, "PYTHONPATH": str(_TESTS)}
