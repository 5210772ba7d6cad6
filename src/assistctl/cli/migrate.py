"""``assistctl migrate``: manifests of what another platform has, and what they lose on the way."""

from __future__ import annotations

from pathlib import Path

import click

from assistctl.checkout.untrusted_files import shown_path
from assistctl.cli.completing import complete_targets
from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.operations.deployment import Deployment
from assistctl.operations.migrate import MigrationOutcome, migrate, read_origin, resolve_source

HELP = """Move assistants to another platform, with a loss report.

Reads a target, or JSON exported before its endpoint was shut down, and writes manifests for the assistants that no
manifest declares yet. Reports for each field whether it carries over, is mapped or is lost; what is lost is left
out of the manifest. Assistants that manifests already declare are reported as well, and their manifests are left
alone. Changes neither platform and overwrites no file."""
EXAMPLE = """\
Examples:
  assistctl migrate --from export/ --to prod --check      report only; exits with 2 if anything is lost
  assistctl migrate --from export/assistants.json --to openai-agents
  assistctl migrate --from azure --to anthropic-agents --dir moved/ --format json"""


@subcommand("migrate", HELP, EXAMPLE)
@click.option(
    "--from",
    "source",
    required=True,
    metavar="TARGET|PATH",
    help="A target, or a file or folder with JSON from assistants.list(). Write ./NAME if NAME is a target, too.",
    shell_complete=complete_targets,
)
@click.option(
    "--to", "to", required=True, metavar="TARGET", shell_complete=complete_targets, help="The target to move to."
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder to write to.  [default: the manifest folder]",
)
@click.option("--check", is_flag=True, help="Write nothing, and exit with 2 if anything is lost.")
@format_option("text", "json")
def command(
    terminal: Terminal, *, source: str, to: str, folder: Path | None, check: bool, output_format: str
) -> int:
    """Read, translate, write, and say what became of each field."""
    if terminal.invocation.target is not None:
        raise click.UsageError("migrate has --from and --to in place of --target.")
    if source == to:
        raise click.UsageError("--from and --to are the same target.")
    destination = terminal.deployment(to)
    origin_place = resolve_source(source, destination, terminal.deployment)
    origin = run_until_interrupted(read_origin(origin_place, destination))
    outcome = migrate(origin, destination, folder, write=not check)
    _show(terminal, outcome, output_format)
    _say_what_next(terminal, destination, outcome)
    return ExitCode.PENDING if check and outcome.loses else ExitCode.OK


def _show(terminal: Terminal, outcome: MigrationOutcome, output_format: str) -> None:
    if output_format == "json":
        from assistctl.rendering.json import dumps

        terminal.write(dumps(outcome.to_document()))
        return
    from assistctl.migration.render_text import print_migration
    from assistctl.rendering.text.plan_text import print_diagnostics

    print_diagnostics(terminal.results(), outcome.migration.diagnostics)
    print_migration(terminal.results(), outcome.migration)


def _say_what_next(terminal: Terminal, to: Deployment, outcome: MigrationOutcome) -> None:
    if not (outcome.is_written and outcome.written):
        return
    plan, folder = f"assistctl plan --target {to.target.name}", outcome.folder
    terminal.say(f"Wrote the manifests to {shown_path(folder, to.project.directory)}/.")
    if folder.resolve().is_relative_to(to.project.assistants):
        terminal.say(f"Next: {plan}")
    else:
        terminal.say(f"Next: move them to {to.project.assistants.name}/, then {plan}")
