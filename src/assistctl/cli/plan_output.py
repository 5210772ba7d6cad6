"""A plan, or the outcome of an apply, in the format that was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from assistctl.cli.terminal import Terminal
from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.plan import Plan
from assistctl.model.provenance import Provenance
from assistctl.operations.outcome import ApplyOutcome

REPORT_FORMATS = ("text", "json", "markdown", "html")
"""The formats of every report."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """Facts for whoever approves a plan: where it comes from, and the command that carries it out."""

    made: Provenance | None = None
    command: str = ""


def print_plan(
    terminal: Terminal,
    plan: Plan,
    output_format: str,
    *,
    to_messages: bool = False,
    sign_off: SignOff = SignOff(),
    max_size: int | None = None,
) -> None:
    """Print the plan as a result, or as text among the messages; Markdown with at most ``max_size`` bytes."""
    if output_format == "text":
        from assistctl.rendering.text.plan_text import print_plan as as_text

        console = terminal.messages() if to_messages else terminal.results()
        as_text(console, plan, verbose=terminal.invocation.verbose)
    elif output_format == "json":
        from assistctl.model.plan_document import plan_document
        from assistctl.rendering.json import dumps

        terminal.write(dumps(plan_document(plan)))
    elif output_format == "markdown":
        from assistctl.rendering.markdown.document import COMMENT, marker
        from assistctl.rendering.markdown.plan_markdown import plan_markdown

        mark = marker("plan", plan.project, plan.target.name)
        terminal.write(mark + plan_markdown(plan, (max_size or COMMENT) - len(mark.encode())))
    else:
        from assistctl.rendering.html.plan_page import plan_html

        terminal.write(plan_html(plan, sign_off.made, sign_off.command))


def write_markdown(terminal: Terminal, command: str, plan: Plan, text: str) -> None:
    """Print Markdown behind the mark of its kind, by which a bot finds it again."""
    from assistctl.rendering.markdown.document import marker

    terminal.write(f"{marker(command, plan.project, plan.target.name)}{text}")


def print_warnings(terminal: Terminal, plan: Plan) -> None:
    """Print the plan's warnings as part of the result, where nobody was shown the plan."""
    warnings = _warned(plan)
    if warnings:
        from assistctl.rendering.text.plan_text import print_diagnostics

        print_diagnostics(terminal.results(), warnings)


def _warned(plan: Plan) -> tuple[Diagnostic, ...]:
    return tuple(diagnostic for diagnostic in plan.diagnostics if diagnostic.severity is Severity.WARNING)


def print_results(terminal: Terminal, outcome: ApplyOutcome, output_format: str) -> None:
    """Print what became of the plan, of the checks where those were asked, and what went wrong beside them."""
    plan, results, gate, warnings = outcome.plan, outcome.results, outcome.checks, outcome.diagnostics
    if output_format == "json":
        from assistctl.rendering.json import dumps, results_document

        terminal.write(dumps(results_document(plan, results, warnings, gate=gate)))
    elif output_format == "markdown":
        from assistctl.rendering.markdown.results_markdown import results_markdown

        write_markdown(terminal, "apply", plan, results_markdown(plan, results, gate, (*_warned(plan), *warnings)))
    elif output_format == "html":
        from assistctl.rendering.html.results_page import results_html

        terminal.write(results_html(plan, results, gate, (*_warned(plan), *warnings)))
    else:
        from assistctl.rendering.text.results_text import print_failures
        from assistctl.rendering.text.results_text import print_results as as_text

        as_text(terminal.results(), results, plan=plan, verbose=terminal.invocation.verbose)
        print_failures(terminal.results(), results)
        if gate is not None:
            from assistctl.rendering.checks.check_text import print_gate

            print_gate(terminal.results(), gate, everything=terminal.invocation.verbose)
