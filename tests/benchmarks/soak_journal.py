"""The journal and its lock under races and kills, with real processes and real services; prints figures.

Run from anywhere: ``soak_journal.py [ROUNDS [KILLS]]``, by default 200 rounds of the race for the lock
and 150 kills in each place; a tenth of both where an object takes one write a second. A service that cannot be
started is left out, and that is said. Exits 1 when anything was lost, or two held the lock at once.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.journal_races import killed_after, race
from support.object_stores import Service, UnavailableError, azurite, cloud_storage, moto_server

PROCESSES = 2
# Up to about two seconds of writing.
_MOST_LINES = 400
_SLOW = "gs:// (limited)"


@contextmanager
def _moto_server() -> Iterator[Service]:
    with tempfile.TemporaryDirectory() as folder, moto_server(Path(folder)) as service:
        yield service


_STARTED: dict[str, Callable[[], AbstractContextManager[Service]]] = {
    "s3:// (moto)": _moto_server,
    "az:// (Azurite)": azurite,
    "gs:// (stand-in)": cloud_storage,
    _SLOW: partial(cloud_storage, pause=1.0),
}


def main(rounds: int, kills: int) -> int:
    """Print a row per place and kind of trouble; the exit code."""
    bad = 0
    with ExitStack() as stack:
        for name, place in places(stack):
            share = 10 if name == _SLOW else 1
            if place.address != "-":
                bad += raced(name, place, rounds // share)
            bad += killed(name, place, kills // share)
    print("all sound" if not bad else f"{bad} NOT SOUND")
    return int(bool(bad))


def places(stack: ExitStack) -> Iterator[tuple[str, Service]]:
    """The places a journal may be in, as far as they are to be had here."""
    yield "project's folder", Service("-", {}, "")
    shared = stack.enter_context(tempfile.TemporaryDirectory())
    yield "file://", Service(f"file://{shared}", {}, "")
    for name, started in _STARTED.items():
        try:
            service = stack.enter_context(started())
        except UnavailableError as error:
            print(f"{name}: left out: {error}")
            continue
        with environment(service):
            yield name, service


@contextmanager
def environment(service: Service) -> Iterator[None]:
    """The way to the service in the environment of this process."""
    os.environ.update(service.environment)
    try:
        yield
    finally:
        for name in service.environment:
            del os.environ[name]


def raced(name: str, place: Service, rounds: int) -> int:
    """Race for the lock; how often it went wrong."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        said = race(place, Path(folder), processes=PROCESSES, rounds=rounds)
    wrong = said["two"] + said["late"] + (PROCESSES * rounds - said.total())
    print(
        f"{name:18} race: {rounds} rounds of {PROCESSES} processes, held {said.total()} times,"
        f" two at once {said['two']}, lost while held {said['late']}, {time.monotonic() - begun:.0f} s"
    )
    return wrong


def killed(name: str, place: Service, kills: int) -> int:
    """Kill writers at ``kills`` moments; how often something was wrong afterwards."""
    begun = time.monotonic()
    wrong: Counter[str] = Counter()
    # The same moments in every run; when exactly within a write is for the machine to decide.
    moments = random.Random(5)  # noqa: S311  # no secret
    for turn in range(kills):
        lines = turn if turn < kills // 3 else moments.randrange(_MOST_LINES)
        with tempfile.TemporaryDirectory() as folder:
            found = killed_after(lines, place, Path(folder))
        wrong.update([found] if found else [])
    took = time.monotonic() - begun
    print(f"{name:18} kill -9 while writing: {kills} times, {wrong.total()} unsound, {took:.0f} s")
    for what, times in wrong.items():
        print(f"    {times} x {what}")
    return wrong.total()


if __name__ == "__main__":
    sys.exit(main(*(int(number) for number in [*sys.argv[1:], *["200", "150"][len(sys.argv) - 1 :]])))
