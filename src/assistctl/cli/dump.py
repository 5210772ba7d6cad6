"""``assistctl dump``: manifests for assistants that already exist."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode, ProjectError, did_you_mean
from assistctl.export.from_observed import withheld_units
from assistctl.export.undeclared import Scope, keyed, undeclared
from assistctl.export.write_files import schema_beside, write_new
from assistctl.export.yaml_writer import Written, written_manifest
from assistctl.model.plan import Desired, Json, Observed
from assistctl.operations.deployment import Deployment
from assistctl.platforms.registry import capabilities_of

HELP = """Write manifests for assistants that already exist.

For all that the target lists and no manifest declares, or only for those named by name or id; what other
projects own is left out unless it is named. Keeps keys, writes long instructions to files, overwrites nothing."""
EXAMPLE = """\
Examples:
  assistctl dump
  assistctl dump "Order desk" asst_abc123 --target prod
  assistctl dump --to imported/            to look at them before they move to assistants/"""


@subcommand("dump", HELP, EXAMPLE)
@click.argument("wanted", nargs=-1, metavar="[NAME-OR-ID]...")
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="The folder to write to."
)
@format_option("text", "json")
def command(terminal: Terminal, *, wanted: tuple[str, ...], to: Path | None, output_format: str) -> int:
    """List, choose, write, and say what was written."""
    deployment = terminal.deployment()
    observed = asyncio.run(deployment.observed())
    folder = to or deployment.project.assistants
    declared = deployment.keys_only().desired
    chosen = _named(wanted, observed) if wanted else undeclared(observed, declared, _scope(deployment))
    written = _written(deployment, chosen, declared, folder)
    paths = write_new(written, folder, "--to")
    for one in written:
        if one.withheld:
            names = ", ".join(one.withheld)
            terminal.complain(
                f"warning: {one.key}: {names} holds a secret and is not written; fill it in again with ${{env:}}"
            )
    if output_format == "json":
        from assistctl.rendering.json import FORMAT_VERSION, dumps

        dumped: list[Json] = [{"key": one.key, "files": [*one.files]} for one in written]
        terminal.write(dumps({"format_version": FORMAT_VERSION, "folder": str(folder), "assistants": dumped}))
        return ExitCode.OK
    terminal.write("".join(f"wrote  {path}\n" for path in paths))
    _say_what_next(terminal, deployment, written, folder)
    return ExitCode.OK


def _say_what_next(terminal: Terminal, deployment: Deployment, written: Sequence[Written], folder: Path) -> None:
    if not written:
        terminal.say("Everything that is there is declared.")
    elif folder.resolve().is_relative_to(deployment.project.assistants):
        terminal.say("What nobody owns yet is taken over with: assistctl apply --adopt")
    else:
        terminal.say(f"They count once they are in {deployment.project.assistants.name}/.")


def _named(wanted: Sequence[str], observed: Sequence[Observed]) -> list[Observed]:
    chosen: dict[str, Observed] = {}
    for word in wanted:
        found = [one for one in observed if word in (one.id, one.name)]
        if not found:
            known = [text for one in observed for text in (one.id, _shown_name(one)) if text]
            raise ProjectError(f"there is no assistant with the name or id {word!r}", did_you_mean(word, known))
        chosen.update({one.id: one for one in found})
    return list(chosen.values())


def _shown_name(one: Observed) -> str | None:
    return None if ("name",) in withheld_units(one) else one.name


def _written(
    deployment: Deployment, chosen: Sequence[Observed], declared: Sequence[Desired], folder: Path
) -> list[Written]:
    defaults = capabilities_of(deployment.target.platform).defaults
    schema = schema_beside(folder, deployment.project.directory)
    return [
        written_manifest(one, key, schema=schema, defaults=defaults)
        for key, one in keyed(chosen, declared, _scope(deployment))
    ]


def _scope(deployment: Deployment) -> Scope:
    return Scope(deployment.owner, deployment.target.name)
