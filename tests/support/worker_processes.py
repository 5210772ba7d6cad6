"""How the processes of ``pytest -n auto`` share processors: one on each runs first, the other while it waits."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

# While one test waits, for another process or for a moment to pass, the processor is another test's.
_PER_PROCESSOR = 2
# Steps of ``nice``: about a tenth of a processor that another process wants as well, so that nothing starves.
_STEPS_BACK = 10


def processors() -> int:
    """How many this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def number_of_workers() -> int:
    """How many processes ``-n auto`` has."""
    return _PER_PROCESSOR * processors()


def take_place(worker: str) -> None:
    """Let the ``worker``, one of ``gw0``, ``gw1`` and so on, be scheduled by its number.

    Tests switch between a client's and a server's thread at each request. Where all were equal, each switch could
    hand the processor, and its caches, to another worker.
    """
    if sys.platform == "linux":
        # Whatever wakes up is no reason to interrupt what runs.
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    if sys.platform != "win32" and int(worker.removeprefix("gw")) >= processors():
        os.nice(_STEPS_BACK)


def collect_garbage_once() -> None:
    """Do at the end of a process what pytest and Python would do several times, with all that was imported.

    What is found here still fails the run, as pytest asks for it later.
    """
    gc.collect()
    gc.freeze()
