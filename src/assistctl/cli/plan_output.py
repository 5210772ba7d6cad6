"""A plan, or the outcome of an apply, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from assistctl.cli.terminal import Terminal
from assistctl.model.check_gate import GateReport
from assistctl.model.plan import Plan, Result, Severity


def print_plan(terminal: Terminal, plan: Plan, output_format: str, *, to_messages: bool = False) -> None:
    """Print the plan as a result, or as text among the messages."""
    if output_format == "text":
        from assistctl.rendering.text.plan_text import print_plan as as_text

        console = terminal.messages() if to_messages else terminal.results()
        as_text(console, plan, verbose=terminal.invocation.verbose)
    elif output_format == "json":
        from assistctl.rendering.json import dumps, plan_document

        terminal.write(dumps(plan_document(plan)))
    elif output_format == "markdown":
        from assistctl.rendering.markdown.plan_markdown import plan_markdown

        terminal.write(plan_markdown(plan))
    else:
        from assistctl.rendering.html import plan_html

        terminal.write(plan_html(plan))


def print_warnings(terminal: Terminal, plan: Plan) -> None:
    """Print the plan's warnings as part of the result, where nobody was shown the plan."""
    warnings = [diagnostic for diagnostic in plan.diagnostics if diagnostic.severity is Severity.WARNING]
    if warnings:
        from assistctl.rendering.text.plan_text import print_diagnostics

        print_diagnostics(terminal.results(), tuple(warnings))


def print_results(
    terminal: Terminal,
    plan: Plan,
    results: Sequence[Result],
    output_format: str,
    gate: GateReport | None = None,
) -> None:
    """Print what became of the plan, and of the checks where those were asked."""
    if output_format == "json":
        from assistctl.rendering.json import dumps, results_document

        terminal.write(dumps(results_document(plan, results, gate=gate)))
        return
    from assistctl.rendering.text.plan_text import print_results as as_text

    verbose = terminal.invocation.verbose
    as_text(terminal.results(), results, plan=plan, verbose=verbose)
    if gate is not None:
        from assistctl.rendering.checks.gate_text import print_gate

        print_gate(terminal.results(), gate, everything=verbose)
