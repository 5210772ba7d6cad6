"""``assistctl dump``: manifests for assistants that already exist."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.deployment import Deployment
from assistctl.errors import AssistctlError, ExitCode, ProjectError, did_you_mean
from assistctl.manifest.writing import Written, is_withheld, key_for, written_manifest
from assistctl.model import Json, Observed
from assistctl.planning.ownership import is_marked, read_mark
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
    chosen = _named(wanted, observed) if wanted else _undeclared(deployment, observed)
    written = _written(deployment, chosen, folder)
    _check_nothing_is_there(written, folder)
    paths = [path for one in written for path in _write(one, folder)]
    for one in written:
        if one.withheld:
            names = ", ".join(one.withheld)
            terminal.complain(
                f"warning: {one.key}: {names} came from ${{env:}} and is not written; fill it in again"
            )
    if output_format == "json":
        from assistctl.rendering.as_json import FORMAT_VERSION, dumps

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
    return None if is_withheld(one, ("name",)) else one.name


def _undeclared(deployment: Deployment, observed: Sequence[Observed]) -> list[Observed]:
    """What no manifest declares by its key or, where nobody owns it, by its name."""
    declared = deployment.keys_only().desired
    keys = {one.key for one in declared}
    names = {one.fields.get("name") for one in declared}
    chosen = []
    for one in observed:
        mark = read_mark(one.metadata)
        ours = mark is not None and mark.owned_by(deployment.owner, deployment.target.name)
        if (ours and mark and mark.key not in keys) or (not is_marked(one.metadata) and one.name not in names):
            chosen.append(one)
    return chosen


def _written(deployment: Deployment, chosen: Sequence[Observed], folder: Path) -> list[Written]:
    # A manifest of this name would be taken for the project's own file.
    taken = {"assistctl", *(one.key for one in deployment.keys_only().desired)}
    written = []
    defaults = capabilities_of(deployment.target.platform).defaults
    for one in chosen:
        mark = read_mark(one.metadata)
        kept = mark.key if mark and mark.owned_by(deployment.owner, deployment.target.name) else None
        key = kept if kept and kept not in taken else key_for(one, taken)
        taken.add(key)
        written.append(written_manifest(one, key, schema=_schema(deployment, folder), defaults=defaults))
    return written


def _schema(deployment: Deployment, folder: Path) -> str:
    return (
        Path(os.path.relpath(deployment.project.directory / "schemas", folder)).as_posix()
        + "/assistant.schema.json"
    )


def _check_nothing_is_there(written: Sequence[Written], folder: Path) -> None:
    for one in written:
        for name in one.files:
            if os.path.lexists(folder / name):
                raise AssistctlError(
                    f"{folder / name} exists already, so nothing was written",
                    "Move it away, or write to another folder with --to.",
                )


def _write(one: Written, folder: Path) -> list[Path]:
    paths = []
    for name, text in one.files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Mode x: nothing is overwritten, also not what came into being a moment ago.
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError as error:
            raise AssistctlError(f"{path} cannot be written: {error.strerror}") from error
        paths.append(path)
    return paths
