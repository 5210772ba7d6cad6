"""``assistctl dump``: manifests for assistants that already exist."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from assistctl.cli.completing import complete_keys
from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode, ProjectError, did_you_mean
from assistctl.export.dumped import Dump, Style
from assistctl.export.from_observed import withheld_units
from assistctl.export.undeclared import Scope, undeclared
from assistctl.export.write_files import schema_beside, write_new
from assistctl.export.yaml_writer import Written
from assistctl.model.plan import Desired, Diagnostic, Json, Observed, Severity
from assistctl.operations.deployment import Deployment
from assistctl.operations.dump import known_to, look_around
from assistctl.platforms.registry import capabilities_of

HELP = """Write manifests for assistants that already exist.

For all that the target lists and no manifest declares, or only for those named by name, id or key; what other
projects own is left out unless it is named. Keeps keys, takes over by its id what nobody owns, and overwrites
nothing. Files in the project that were uploaded are written as `files`, shared vector stores as documents of
their own, long instructions to files."""
EXAMPLE = """\
Examples:
  assistctl dump
  assistctl dump "Order desk" asst_abc123 --target prod
  assistctl dump --to imported/            to look at them before they move to assistants/"""


@subcommand("dump", HELP, EXAMPLE)
@click.argument("wanted", nargs=-1, metavar="[NAME-OR-ID-OR-KEY]...", shell_complete=complete_keys)
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="The folder to write to."
)
@format_option("text", "json")
def command(terminal: Terminal, *, wanted: tuple[str, ...], to: Path | None, output_format: str) -> int:
    """List, choose, write, and say what was written."""
    deployment = terminal.deployment()
    folder = to or deployment.project.assistants
    dump = _dumped(deployment, wanted, folder)
    written = [*dump.assistants, *dump.stores]
    paths = write_new(written, folder, "--to")
    diagnostics = [*dump.diagnostics, *map(_withheld, (one for one in written if one.withheld))]
    for one in diagnostics:
        terminal.complain(f"{one.severity}: {one.summary}. {one.detail}")
    if output_format == "json":
        from assistctl.rendering.json import diagnostics_document, dumps

        document = diagnostics_document(
            diagnostics,
            folder=str(folder),
            assistants=_listed(dump.assistants),
            vector_stores=_listed(dump.stores),
        )
        terminal.write(dumps(document))
        return ExitCode.OK
    terminal.write("".join(f"wrote  {path}\n" for path in paths))
    _say_what_next(terminal, deployment, written, folder)
    return ExitCode.OK


def _dumped(deployment: Deployment, wanted: Sequence[str], folder: Path) -> Dump:
    loaded = deployment.keys_only()
    known, scope = known_to(loaded), Scope(deployment.owner, deployment.target.name)
    there = look_around(deployment, known, folder)
    schema = partial(schema_beside, folder, deployment.project.directory)
    style = Style(schema, capabilities_of(deployment.target.platform))
    dump = Dump(scope, known, there, style)
    if wanted:
        chosen = _named(wanted, there.assistants, scope)
        beside = folder.resolve().is_relative_to(deployment.project.assistants)
        if beside:
            _refuse_declared(chosen, loaded.desired, scope)
        dump.add(chosen, beside=beside)
    else:
        forgotten = deployment.project.removed
        left = undeclared(there.assistants, loaded.desired, scope)
        dump.add([one for one in left if scope.key_of(one.metadata) not in forgotten])
        dump.add_unsearched_stores()
    return dump


def _withheld(one: Written) -> Diagnostic:
    summary = f"{one.key}: {', '.join(one.withheld)} holds a secret and is not written"
    return Diagnostic(Severity.WARNING, summary, "Fill it in again with ${env:}.", key=one.key)


def _listed(written: Sequence[Written]) -> list[Json]:
    return [{"key": one.key, "files": [*one.files]} for one in written]


def _say_what_next(terminal: Terminal, deployment: Deployment, written: Sequence[Written], folder: Path) -> None:
    if not written:
        terminal.say("Everything that is there is declared.")
    elif folder.resolve().is_relative_to(deployment.project.assistants):
        terminal.say("What nobody owns yet is taken over by the next apply, because its manifest says `import:`.")
    else:
        terminal.say(f"They count once they are in {deployment.project.assistants.name}/.")


def _named(wanted: Sequence[str], observed: Sequence[Observed], scope: Scope) -> list[Observed]:
    chosen: dict[str, Observed] = {}
    for word in wanted:
        found = [one for one in observed if word in (one.id, one.name, scope.key_of(one.metadata))]
        if not found:
            texts = ((one.id, _shown_name(one), scope.key_of(one.metadata)) for one in observed)
            known = [text for those in texts for text in those if text]
            raise ProjectError(
                f"there is no assistant with the name, id or key {word!r}", did_you_mean(word, known)
            )
        chosen.update({one.id: one for one in found})
    return list(chosen.values())


def _refuse_declared(chosen: Sequence[Observed], declared: Sequence[Desired], scope: Scope) -> None:
    """Raise ``ProjectError`` for one that a manifest declares by its key: a second would say it twice."""
    known = {one.key: one for one in declared}
    for one in chosen:
        key = scope.key_of(one.metadata)
        if key in known:
            raise ProjectError(
                f"{key!r} is declared already at {known[key].position}, so nothing was written",
                "Write to another folder with --to to see the two side by side.",
            )


def _shown_name(one: Observed) -> str | None:
    return None if ("name",) in withheld_units(one) else one.name
