"""A plan, or the outcome of an apply, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from assistctl.cli.terminal import Terminal
from assistctl.model import Plan, Result, Severity


def print_plan(terminal: Terminal, plan: Plan, output_format: str, *, to_messages: bool = False) -> None:
    """Print the plan as a result, or as text among the messages."""
    shown = terminal.shown(plan)
    if output_format == "text":
        from assistctl.rendering.as_text import print_plan as as_text

        console = terminal.messages() if to_messages else terminal.results()
        as_text(console, shown, verbose=terminal.invocation.verbose)
    elif output_format == "json":
        from assistctl.rendering.as_json import dumps, plan_document

        terminal.write(dumps(plan_document(shown)))
    elif output_format == "markdown":
        from assistctl.rendering.as_markdown import plan_markdown

        terminal.write(plan_markdown(shown))
    else:
        from assistctl.rendering.as_html import plan_html

        terminal.write(plan_html(shown))


def print_results(terminal: Terminal, plan: Plan, results: Sequence[Result], output_format: str) -> None:
    """Print what became of the plan."""
    shown, outcome = terminal.shown(plan), terminal.shown(tuple(results))
    if output_format == "json":
        from assistctl.rendering.as_json import dumps, results_document

        terminal.write(dumps(results_document(shown, outcome)))
        return
    from assistctl.rendering.as_text import print_results as as_text

    as_text(terminal.results(), outcome, plan=shown, verbose=terminal.invocation.verbose)


def has_errors(plan: Plan) -> bool:
    """Whether the plan cannot be applied because something in the manifests does not fit the platform."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in plan.diagnostics)
