"""``assistctl dump``: manifests for assistants that already exist."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from assistctl.cli.completing import complete_keys
from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.export.yaml_writer import Written
from assistctl.json_value import Json
from assistctl.operations.deployment import Deployment
from assistctl.operations.dump import DumpOutcome, dump

HELP = """Write manifests for assistants that already exist.

Writes one for each assistant, environment, memory store and skill on the target that no manifest declares, or
only for the assistants that you name. Those of other projects are left out unless you name them. Keeps keys, and
adopts by id (`import:`) what nobody owns. Uploads of the project's files become `files`, shared vector stores get
their own documents, and long instructions their own files. Overwrites nothing."""
EXAMPLE = """\
Examples:
  assistctl dump
  assistctl dump "Order desk" asst_abc123 --target prod
  assistctl dump --to imported/            review them before moving them to assistants/"""


@subcommand("dump", HELP, EXAMPLE)
@click.argument("wanted", nargs=-1, metavar="[NAME-OR-ID-OR-KEY]...", shell_complete=complete_keys)
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder to write to.  [default: the manifest folder]",
)
@format_option("text", "json")
def command(terminal: Terminal, *, wanted: tuple[str, ...], to: Path | None, output_format: str) -> int:
    """List, choose, write, and say what was written."""
    deployment = terminal.deployment()
    outcome = run_until_interrupted(dump(deployment, wanted, to))
    for diagnostic in outcome.diagnostics:
        terminal.complain(f"{diagnostic.severity}: {diagnostic.summary}. {diagnostic.detail}")
    if output_format == "json":
        _print_json(terminal, outcome)
    else:
        terminal.write("".join(f"wrote  {path}\n" for path in outcome.paths))
        terminal.say(_next_step(outcome, deployment))
    return ExitCode.OK


def _print_json(terminal: Terminal, outcome: DumpOutcome) -> None:
    from assistctl.rendering.json import diagnostics_document, dumps

    document = diagnostics_document(
        outcome.diagnostics,
        folder=str(outcome.folder),
        assistants=_listed(outcome.assistants),
        vector_stores=_listed(outcome.stores),
        resources=_listed(outcome.resources),
    )
    terminal.write(dumps(document))


def _listed(written: Sequence[Written]) -> list[Json]:
    return [{"key": manifest.key, "files": [*manifest.files, *manifest.contents]} for manifest in written]


def _next_step(outcome: DumpOutcome, deployment: Deployment) -> str:
    if not outcome.paths:
        return f"Nothing was written: {deployment.target.name} has nothing that no manifest declares."
    if not outcome.beside:
        return f"They count once they are in {deployment.project.assistants.name}/."
    if any(manifest.imports for manifest in (*outcome.assistants, *outcome.stores, *outcome.resources)):
        return "What nobody owns yet is taken over by the next apply, because its manifest says `import:`."
    return "`assistctl plan` shows what they change."
