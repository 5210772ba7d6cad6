"""How an operation that changes something ended, and the exit code that says so."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from assistctl.errors import ExitCode
from assistctl.model.change import Result, Status


class OperationStatus(StrEnum):
    """How an operation ended; only the last four had anything to change and began to."""

    NO_CHANGES = "no changes"
    INVALID = "invalid"
    BLOCKED = "blocked"
    DECLINED = "declined"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a command that ends like this."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    OperationStatus.NO_CHANGES: ExitCode.OK,
    OperationStatus.INVALID: ExitCode.ERROR,
    OperationStatus.BLOCKED: ExitCode.REFUSED,
    OperationStatus.DECLINED: ExitCode.REFUSED,
    OperationStatus.DONE: ExitCode.OK,
    OperationStatus.PARTIAL: ExitCode.PARTIAL,
    OperationStatus.FAILED: ExitCode.ERROR,
    OperationStatus.INTERRUPTED: ExitCode.INTERRUPTED,
}


def status_of(results: Sequence[Result], *, interrupted: bool) -> OperationStatus:
    """How what has these results ended. ``interrupted`` counts only where nothing was changed."""
    if all(result.status is Status.OK for result in results):
        return OperationStatus.DONE
    if any(result.touched for result in results):
        return OperationStatus.PARTIAL
    return OperationStatus.INTERRUPTED if interrupted else OperationStatus.FAILED
