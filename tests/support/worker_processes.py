"""How the processes of ``pytest -n auto`` share processors: one on each runs first, the other while it waits."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# While one test waits, for another process or for a moment to pass, the processor is another test's.
_PER_PROCESSOR = 2
# Steps of ``nice``: about a tenth of a processor that another process wants as well, so that nothing starves.
_STEPS_BACK = 10
# By their numbers, those that this process may run on before it is a worker's.
_EVERY = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else list(range(os.cpu_count() or 1))


def processors() -> int:
    """How many there are to run on."""
    return len(_EVERY)


def number_of_workers() -> int:
    """How many processes ``-n auto`` has."""
    return _PER_PROCESSOR * processors()


def take_place(worker: str) -> None:
    """Let the ``worker``, one of ``gw0``, ``gw1`` and so on, be scheduled by its number.

    Tests switch between a client's and a server's thread at each request. Where all were equal, each switch could
    hand the processor, and its caches, to another worker; and what wakes up on another processor finds them empty.
    """
    number = int(worker.removeprefix("gw"))
    count = processors()
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setaffinity(0, {_EVERY[number % count]})
        # Whatever wakes up is no reason to interrupt what runs.
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    if sys.platform != "win32" and number >= count:
        os.nice(_STEPS_BACK)


@contextmanager
def on_every_processor() -> Iterator[None]:
    """What is started meanwhile is not kept to the worker's processor: processes that race go on together."""
    if sys.platform != "linux":
        yield
        return
    own = os.sched_getaffinity(0)
    with suppress(OSError):
        os.sched_setaffinity(0, _EVERY)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def collect_garbage_once() -> None:
    """Do at the end of a process what pytest and Python would do several times, with all that was imported.

    What is found here still fails the run, as pytest asks for it later.
    """
    gc.collect()
    gc.freeze()
