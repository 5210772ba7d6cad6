"""The outcome of an operation that changes something, as data, and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import ExitCode
from assistctl.json_value import Json
from assistctl.model.change import Result, Status
from assistctl.model.check_gate import GateReport
from assistctl.model.plan import Plan


class OperationStatus(StrEnum):
    """The ending of an operation; only the last four had anything to change and began to."""

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
    """The ending that these results mean. ``interrupted`` counts only where nothing was changed."""
    if all(result.status is Status.OK for result in results):
        return OperationStatus.DONE
    if any(result.touched for result in results):
        return OperationStatus.PARTIAL
    return OperationStatus.INTERRUPTED if interrupted else OperationStatus.FAILED


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """The outcome of an apply.

    ``results`` has one for each change of ``plan``, in its order; it is empty when nothing was begun, and
    ``status`` says why. ``warnings`` are sentences about what went wrong beside the changes: with the journal or
    with the lock. ``checks`` is what the checks of what was changed came to, where they were asked.
    """

    plan: Plan
    status: OperationStatus
    results: tuple[Result, ...] = ()
    warnings: tuple[str, ...] = ()
    checks: GateReport | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of ``assistctl apply`` for it."""
        return self.status.exit_code

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The warnings as messages, for reports."""
        return tuple(Diagnostic(Severity.WARNING, warning) for warning in self.warnings)

    def to_document(self) -> dict[str, Json]:
        """The outcome as ``assistctl apply --format json`` prints it once changes were made, secrets masked."""
        from assistctl.rendering.json import masked_document, results_document

        return masked_document(results_document(self.plan, self.results, self.diagnostics, gate=self.checks))
