"""The limits of an apply: how much it does at a time, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PARALLELISM = 8
DEFAULT_WAIT = 600.0
DEFAULT_LOCK_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class ApplyLimits:
    """At most ``parallelism`` changes at a time.

    Files may take ``wait`` seconds to be indexed, and another apply that holds the lock ``lock_timeout`` seconds
    to end.
    """

    parallelism: int = DEFAULT_PARALLELISM
    wait: float = DEFAULT_WAIT
    lock_timeout: float = DEFAULT_LOCK_TIMEOUT
