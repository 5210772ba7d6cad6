"""``assistctl check``: whether what is deployed answers as the manifests want."""

from __future__ import annotations

import asyncio

import click

from assistctl.cli.options import format_option, keys_argument, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.model.check_report import CheckReport, CheckStatus

HELP = """Ask what is deployed the manifests' checks.

Each check is a conversation of its own: its questions are asked, functions are answered as it says, and what is
answered is held against what it wants. What did not pass is shown with its transcript; -v shows every transcript.
Exits 2 when one fails, and 1 when one could not be asked."""
EXAMPLE = """\
Examples:
  assistctl check
  assistctl check order-desk --target staging
  assistctl check --format junit > checks.xml
  assistctl check --format json | jq '.checks[] | select(.status != "passed")'"""


@subcommand("check", HELP, EXAMPLE)
@keys_argument()
@format_option("text", "json", "markdown", "junit", "html")
@click.option(
    "--parallel",
    type=click.IntRange(1, 64),
    metavar="N",
    help="How many conversations are held at a time.  [default: checks.parallel, else 8]",
)
def command(terminal: Terminal, *, keys: tuple[str, ...], output_format: str, parallel: int | None) -> int:
    """Ask, and print the report."""
    from assistctl.cli.check_progress import check_progress
    from assistctl.operations.check import check

    deployment = terminal.deployment()
    with check_progress(terminal) as progress:
        report = asyncio.run(check(deployment, keys, parallel=parallel, progress=progress))
    everything = deployment.project.checks.transcripts or terminal.invocation.verbose
    _print(terminal, report, output_format, everything=everything)
    if report.count(CheckStatus.FAILED):
        return ExitCode.PENDING
    return ExitCode.ERROR if report.count(CheckStatus.ERROR) else ExitCode.OK


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

        terminal.write(checks_markdown(report, everything=everything))
    elif output_format == "junit":
        from assistctl.rendering.checks.check_junit import checks_junit

        terminal.write(checks_junit(report, everything=everything))
    else:
        from assistctl.rendering.checks.check_html import checks_html

        terminal.write(checks_html(report, everything=everything))
