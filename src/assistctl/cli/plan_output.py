"""A plan, or the outcome of an apply, in the format and length asked for; and the command that applies a plan."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistctl.cli.options import KEY, Function
from assistctl.cli.terminal import Invocation, Terminal
from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.plan import Plan, PlanScope, plan_document
from assistctl.operations.outcome import ApplyOutcome
from assistctl.rendering.markdown.document import COMMENT, SIZES, marker

if TYPE_CHECKING:
    from assistctl.model.provenance import Provenance

REPORT_FORMATS = ("text", "json", "markdown", "html")
"""The formats of every report."""
_SMALLEST = 2_000


@dataclass(frozen=True, slots=True)
class SignOff:
    """Facts for those who approve a plan: its origin, and the command that carries it out."""

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
        from assistctl.rendering.json import dumps

        terminal.write(dumps(plan_document(plan)))
    elif output_format == "markdown":
        from assistctl.rendering.markdown.plan_markdown import plan_markdown

        mark = marker("plan", plan.project, plan.target.name)
        terminal.write(mark + plan_markdown(plan, (max_size or COMMENT) - len(mark.encode())))
    else:
        from assistctl.rendering.html.plan_page import plan_html

        terminal.write(plan_html(plan, sign_off.made, sign_off.command))


def write_markdown(terminal: Terminal, command: str, plan: Plan, text: str) -> None:
    """Print Markdown behind the mark of its kind, by which a bot finds it again."""
    terminal.write(f"{marker(command, plan.project, plan.target.name)}{text}")


def print_warnings(terminal: Terminal, plan: Plan) -> None:
    """Print the plan's warnings with the results, where the plan itself was not shown."""
    warnings = _warned(plan)
    if warnings:
        from assistctl.rendering.text.plan_text import print_diagnostics

        print_diagnostics(terminal.results(), warnings)


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


def max_size_option() -> Callable[[Function], Function]:
    """``--max-size``, in bytes; ``None`` where it was not given."""
    return click.option(
        "--max-size",
        type=_Size(),
        metavar="|".join(("BYTES", *SIZES)),
        help="With --format markdown: how long it may be; the least important parts go.  [default: comment]",
    )


def check_max_size(max_size: int | None, output_format: str) -> None:
    """Raise ``UsageError`` where the size is given for a format that has none."""
    if max_size is not None and output_format != "markdown":
        raise click.UsageError(
            "--max-size goes with --format markdown: no other format leaves anything out for it."
        )


def command_for_saved(file: Path, scope: PlanScope, invocation: Invocation | None = None) -> str:
    """The command that applies the plan saved to ``file``, with the options of ``invocation`` if it is known."""
    # A name that could be a key would be taken for one, and one that begins with - for an option.
    shown = f"./{file}" if KEY.fullmatch(str(file)) or str(file).startswith("-") else str(file)
    allowed = ["--allow-deletes"] if scope.destroy or scope.allow_deletes else []
    return shlex.join(["assistctl", "apply", *_global(invocation), *allowed, shown])


def command_for_plan(plan: Plan, scope: PlanScope, invocation: Invocation) -> str:
    """The command that plans the same again and applies it."""
    words = ["assistctl", "destroy" if scope.destroy else "apply", *_global(invocation)]
    words += ["--target", plan.target.name]
    if scope.adopt is not None and not scope.destroy:
        words.append("--adopt" if scope.adopt else "--no-adopt")
    if scope.allow_deletes and not scope.destroy:
        words.append("--allow-deletes")
    return shlex.join([*words, *scope.keys])


def _warned(plan: Plan) -> tuple[Diagnostic, ...]:
    return tuple(diagnostic for diagnostic in plan.diagnostics if diagnostic.severity is Severity.WARNING)


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if text in SIZES:
            return SIZES[text]
        if not text.isascii() or not text.isdecimal() or int(text) < _SMALLEST:
            self.fail(
                f"{text!r} is neither {', '.join(SIZES)} nor a number of at least {_SMALLEST:,}.", param, ctx
            )
        return int(text)


def _global(invocation: Invocation | None) -> list[str]:
    if invocation is None:
        return []
    folder = [] if invocation.directory == Path() else ["-C", str(invocation.directory)]
    variables = [word for name, value in invocation.variables.items() for word in ("--var", f"{name}={value}")]
    pinned = ["--config-from", invocation.config_from] if invocation.config_from else []
    return [*folder, *variables, *pinned]
