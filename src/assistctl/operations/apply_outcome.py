"""How an apply ended, as data."""

from __future__ import annotations

from dataclasses import dataclass

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import ExitCode
from assistctl.json_value import Json
from assistctl.model.change import Result
from assistctl.model.check_gate import GateReport
from assistctl.model.plan import Plan
from assistctl.operations.status import OperationStatus


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """How an apply ended.

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
