"""``assistctl drift``: only what others changed."""

from __future__ import annotations

from assistctl.cli.options import format_option, keys_argument, run_until_interrupted, subcommand
from assistctl.cli.plan_output import REPORT_FORMATS, write_markdown
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.operations.plan import find_drift

HELP = """Show what was changed outside of assistctl, and what is missing.

Compares the platform with what this project last applied. That is read from the assistants themselves, so a fresh
clone knows as much. A declared assistant without this project's mark is missing; the journal says why, if it
knows. Changes nothing. Exits with 2 if anything drifted or is missing."""
EXAMPLE = """\
Examples:
  assistctl drift
  assistctl drift order-desk --target prod
  assistctl drift --format json | jq '.drift[].path'"""


@subcommand("drift", HELP, EXAMPLE)
@keys_argument()
@format_option(*REPORT_FORMATS)
def command(terminal: Terminal, *, keys: tuple[str, ...], output_format: str) -> int:
    """Look for drift, and print it."""
    deployment = terminal.deployment()
    found = run_until_interrupted(find_drift(deployment, keys))
    if output_format == "json":
        from assistctl.rendering.json import drift_document, dumps

        terminal.write(dumps(drift_document(found)))
    elif output_format == "markdown":
        from assistctl.rendering.markdown.plan_markdown import drift_markdown

        write_markdown(terminal, "drift", found, drift_markdown(found))
    elif output_format == "html":
        from assistctl.operations.provenance import provenance_of
        from assistctl.rendering.html.plan_page import drift_html

        terminal.write(drift_html(found, run_until_interrupted(provenance_of(deployment))))
    else:
        from assistctl.rendering.text.plan_text import print_drift

        print_drift(terminal.results(), found, verbose=terminal.invocation.verbose)
    return ExitCode.PENDING if found.drift or found.missing else ExitCode.OK
