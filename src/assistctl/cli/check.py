"""``assistctl check``: whether what is deployed answers as the manifests want."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import click

from assistctl.cli.completing import complete_targets
from assistctl.cli.options import format_option, keys_argument, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus

if TYPE_CHECKING:
    from assistctl.operations.check import CheckProgress

# The first questions are sent by then, and hardly a model has answered.
_IMPORT_AFTER_SECONDS = 0.1

HELP = """Run the manifests' checks against what is deployed.

Each check is a conversation of its own: it asks its questions, answers function calls as it declares, and holds
the answers against its assertions. A check that does not pass is shown with its transcript; -v shows every one.
--compare shows what has changed since each check last passed, and which checks are flaky. --against also runs them
on another target and puts both into one table; the exit code is that of --target alone. --apply first applies the
manifests to the embedded platform: with a model (ASSISTCTL_MODEL_URL), that tests a branch before anything is
deployed. Exits with 2 if a check failed, and with 1 if one could not be run."""
EXAMPLE = """\
Examples:
  assistctl check
  assistctl check order-desk --target staging
  assistctl check --format junit > checks.xml
  assistctl check --apply --target local   the prompts of a branch, deployed nowhere else
  assistctl check --compare
  assistctl check --target new --against old
  assistctl check --format json | jq '.checks[] | select(.status != "passed")'"""


@subcommand("check", HELP, EXAMPLE)
@keys_argument()
@format_option("text", "json", "markdown", "junit", "html")
@click.option(
    "--parallel",
    type=click.IntRange(1, 64),
    metavar="N",
    help="How many conversations to hold at a time.  [default: checks.parallel, else 8]",
)
@click.option("--compare", is_flag=True, help="Show what has changed since each check last passed.")
@click.option(
    "--against", metavar="TARGET", shell_complete=complete_targets, help="Also run the checks on this target."
)
@click.option("--apply", "applies", is_flag=True, help="Apply to the embedded platform first.")
def command(
    terminal: Terminal,
    *,
    keys: tuple[str, ...],
    output_format: str,
    parallel: int | None,
    compare: bool,
    against: str | None,
    applies: bool,
) -> int:
    """Ask, and print the report."""
    from assistctl.operations.check import check, check_against

    deployment = terminal.deployment()
    other = terminal.other_deployment(against) if against is not None else None
    if other is not None and other.target.name == deployment.target.name:
        raise click.UsageError(f"--against needs another target than {deployment.target.name!r}.")
    if applies:
        from assistctl.cli.progress_bars import progress_listener
        from assistctl.operations.check_branch import apply_embedded, on_branch

        deployment = on_branch(deployment)
        run_until_interrupted(apply_embedded(deployment, keys, progress_listener(terminal)))
    with _check_progress(terminal, output_format) as progress:
        if other is None:
            asking = check(deployment, keys, parallel=parallel, progress=progress, compare=compare)
        else:
            asking = check_against(deployment, other, keys, parallel=parallel, progress=progress, compare=compare)
        report = run_until_interrupted(asking)
    everything = deployment.project.checks.transcripts or terminal.invocation.verbose
    _print(terminal, report, output_format, everything=everything)
    if report.count(CheckStatus.FAILED):
        return ExitCode.PENDING
    return ExitCode.ERROR if report.count(CheckStatus.ERROR) else ExitCode.OK


@contextlib.contextmanager
def _check_progress(terminal: Terminal, output_format: str) -> Iterator[CheckProgress]:
    """Tells how far the checks are: a bar on a terminal, a line for each elsewhere."""
    from assistctl.operations.check import CheckProgress

    if terminal.invocation.quiet or not sys.stderr.isatty():
        yield CheckProgress(lambda _: _import_ahead(output_format), lambda outcome: _say(terminal, outcome))
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = TextColumn("Checking"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=terminal.messages(), transient=True) as bars:
        task = bars.add_task("", total=None)

        def begins(total: int) -> None:
            bars.update(task, total=total)
            _import_ahead(output_format)

        yield CheckProgress(begins, lambda _: bars.advance(task))


def _import_ahead(output_format: str) -> None:
    """Import what the report needs while the first questions are answered."""
    needed = {
        "text": ("rich.console", "assistctl.rendering.checks.check_text"),
        "json": ("assistctl.rendering.checks.check_json",),
        "markdown": ("assistctl.rendering.checks.check_markdown",),
        "junit": ("assistctl.rendering.junit",),
        "html": ("assistctl.rendering.checks.check_html",),
    }[output_format]
    loop = asyncio.get_running_loop()
    for number, name in enumerate((*needed, "assistctl.journal"), start=1):
        loop.call_later(number * _IMPORT_AFTER_SECONDS, import_module, name)


def _say(terminal: Terminal, outcome: CheckOutcome) -> None:
    terminal.say(f"{outcome.key} {outcome.index + 1}: {outcome.status}")


def _print(terminal: Terminal, report: CheckReport, output_format: str, *, everything: bool) -> None:
    if output_format == "text":
        from assistctl.rendering.checks.check_text import print_checks

        print_checks(terminal.results(), report, everything=everything)
    elif output_format == "json":
        from assistctl.rendering.checks.check_json import checks_document
        from assistctl.rendering.json import dumps

        terminal.write(dumps(checks_document(report)))
    elif output_format == "markdown":
        from assistctl.rendering.checks.check_markdown import checks_markdown
        from assistctl.rendering.markdown.document import marker

        mark = marker("check", report.project, report.target)
        terminal.write(f"{mark}{checks_markdown(report, everything=everything)}")
    elif output_format == "junit":
        from assistctl.rendering.junit import checks_junit

        terminal.write(checks_junit(report, everything=everything))
    else:
        from assistctl.rendering.checks.check_html import checks_html

        terminal.write(checks_html(report, everything=everything))
