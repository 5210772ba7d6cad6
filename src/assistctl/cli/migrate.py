"""``assistctl migrate``: manifests of what another platform has, and what they lose on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from assistctl import clock
from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode, ProjectError
from assistctl.export.write_files import schema_beside, write_new
from assistctl.export.yaml_writer import Written, written_document
from assistctl.manifest.syntax.text_file import shown_path
from assistctl.migration.report import Migration
from assistctl.operations.deployment import Deployment
from assistctl.operations.migrate import Origin, migration, origin_in, origin_on

HELP = """Move assistants to another platform, with a loss report.

Reads what a target has, or JSON that was exported before an endpoint was shut down, and writes manifests for the
assistants that none declares yet. Says of each field whether it carries over, is mapped or is lost on the target;
what is lost is left out of the manifests. Assistants that manifests declare already are in the report too, and
their manifests stay as they are. Changes nothing on either side and overwrites no file."""
EXAMPLE = """\
Examples:
  assistctl migrate --from export/ --to prod --check      only tell; exits 2 when something is lost
  assistctl migrate --from export/assistants.json --to openai-agents
  assistctl migrate --from azure --to anthropic-agents --dir moved/ --format json"""
_DIR = "--dir"


@subcommand("migrate", HELP, EXAMPLE)
@click.option(
    "--from",
    "source",
    required=True,
    metavar="TARGET|PATH",
    help="A target, or a file or folder of JSON as assistants.list() returned it (./NAME if NAME is a target).",
)
@click.option("--to", "to", required=True, metavar="TARGET", help="The target to move to.")
@click.option(
    _DIR,
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder to write to.  [default: that of the manifests]",
)
@click.option("--check", is_flag=True, help="Write nothing, and exit with 2 when something is lost.")
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
    origin = _origin(terminal, destination, source)
    found = migration(origin, destination, clock.today())
    into = folder or destination.project.assistants
    written = _written(found, into, destination)
    if not check:
        write_new(written, into, _DIR)
    _show(terminal, found, written, into, done=not check, output_format=output_format)
    _say_what_next(terminal, destination, into, done=not check and bool(written))
    return ExitCode.PENDING if check and found.loses else ExitCode.OK


def _origin(terminal: Terminal, to: Deployment, source: str) -> Origin:
    """What is at a target or, where none is called so, in a file or folder."""
    try:
        deployment = terminal.deployment(source)
    except ProjectError as error:
        if source in to.project.targets:
            raise
        if Path(source).exists():
            return origin_in(Path(source), to)
        raise ProjectError(f"there is no target, file or folder {source!r}", error.hint) from error
    return asyncio.run(origin_on(deployment))


def _written(found: Migration, folder: Path, to: Deployment) -> list[Written]:
    schema = schema_beside(folder, to.project.directory)
    return [written_document(one.document, one.key, schema=schema) for one in found.assistants]


def _show(
    terminal: Terminal,
    found: Migration,
    written: Sequence[Written],
    folder: Path,
    *,
    done: bool,
    output_format: str,
) -> None:
    if output_format == "json":
        from assistctl.migration.render_json import migration_document
        from assistctl.rendering.json import dumps

        files = {one.key: [*one.files] for one in written}
        terminal.write(dumps(migration_document(found, str(folder), files, written=done)))
        return
    from assistctl.migration.render_text import print_migration
    from assistctl.rendering.text.plan_text import print_diagnostics

    print_diagnostics(terminal.results(), found.diagnostics)
    print_migration(terminal.results(), found)


def _say_what_next(terminal: Terminal, to: Deployment, folder: Path, *, done: bool) -> None:
    if not done:
        return
    plan = f"assistctl plan --target {to.target.name}"
    terminal.say(f"Wrote the manifests to {shown_path(folder, to.project.directory)}/.")
    if folder.resolve().is_relative_to(to.project.assistants):
        terminal.say(f"Next: {plan}")
    else:
        terminal.say(f"Next: move them to {to.project.assistants.name}/, then {plan}")
