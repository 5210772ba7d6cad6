"""``assistctl gc``: delete the uploads, vector stores and environments of this project that nothing refers to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import click

from assistctl.applying.gate import Gate
from assistctl.cleaning import find_garbage, take_away
from assistctl.cli.interrupts import stopping
from assistctl.cli.options import format_option, lock_timeout_option, subcommand, yes_option
from assistctl.cli.terminal import Terminal
from assistctl.deployment import Deployment
from assistctl.errors import ExitCode
from assistctl.model import Json, Result, Status
from assistctl.planning.garbage import Garbage

HELP = """Delete uploads, vector stores and environments of this project that nothing refers to.

An apply that was killed may leave some behind. What is this project's is known by its marks, and by what this
checkout wrote down on this machine while it uploaded or deleted; what only looks like it is listed, and deleted
with --unproven alone. Not to be run while an apply is; with a shared journal it waits for that to end."""
EXAMPLE = """\
Examples:
  assistctl gc                             lists them, and asks
  assistctl gc --yes --target prod
  assistctl gc --format json"""


@subcommand("gc", HELP, EXAMPLE)
@yes_option()
@click.option("--unproven", is_flag=True, help="Delete as well what only looks like this project's.")
@lock_timeout_option()
@format_option("text", "json")
def command(terminal: Terminal, *, yes: bool, unproven: bool, lock_timeout: float, output_format: str) -> int:
    """List what nothing refers to; delete it once that is agreed to."""
    return asyncio.run(_cleaned(terminal, lock_timeout, yes=yes, unproven=unproven, output_format=output_format))


async def _cleaned(
    terminal: Terminal, lock_timeout: float, *, yes: bool, unproven: bool, output_format: str
) -> int:
    from assistctl.journal import who_is_it

    deployment = terminal.deployment()
    loaded = deployment.manifests()
    who = who_is_it(deployment.project.directory, deployment.project.settings)
    journal, target = deployment.journal(), deployment.target.name
    # An apply that is running has uploads that nothing refers to yet.
    gate = Gate()
    async with journal.locked(target, who, timeout=lock_timeout) as lock, deployment.open(gate.stop) as platform:
        gate = replace(gate, lock_lost=lambda: lock is not None and lock.lost)
        found = await find_garbage(deployment, platform, loaded)
        chosen = [one for one in found if one.proven or unproven]
        if not chosen or not (yes or terminal.is_interactive):
            _show(terminal, deployment, found, None, output_format)
            return _nothing_deleted(terminal, found, chosen)
        if not yes:
            _print_found(terminal, found)
            if not terminal.ask(f"Delete {_things(len(chosen))} on {deployment.target.name}?"):
                terminal.complain("Nothing was deleted.")
                return ExitCode.REFUSED
        with stopping(terminal, gate.stop, gate.cut_off):
            left = [one for one in found if one not in chosen]
            results = await take_away(deployment, platform, chosen, gate, left)
    _show(terminal, deployment, found, results, output_format)
    return _exit_code(results, interrupted=gate.stop.is_set())


def _nothing_deleted(terminal: Terminal, found: Sequence[Garbage], chosen: Sequence[Garbage]) -> int:
    if chosen:
        terminal.complain("refused: nothing was deleted, because there is no terminal to ask on; pass --yes")
        return ExitCode.REFUSED
    if found:
        terminal.say("Nothing was deleted: whose these are cannot be proved. --unproven deletes them.")
    return ExitCode.OK


def _exit_code(results: Sequence[Result], *, interrupted: bool) -> int:
    if all(result.status is Status.OK for result in results):
        return ExitCode.OK
    if any(result.touched for result in results):
        return ExitCode.PARTIAL
    return ExitCode.INTERRUPTED if interrupted else ExitCode.ERROR


def _show(
    terminal: Terminal,
    deployment: Deployment,
    found: Sequence[Garbage],
    results: Sequence[Result] | None,
    output_format: str,
) -> None:
    if output_format == "json":
        from assistctl.rendering.as_json import dumps

        terminal.write(dumps(_document(deployment, found, results or ())))
        return
    if results is None:
        _print_found(terminal, found)
        return
    deleted = sum(result.status is Status.OK for result in results)
    for result in results:
        if result.error:
            terminal.complain(f"error: {result.id} was not deleted: {result.error}")
    terminal.write(f"Deleted {_things(deleted)}.\n")


def _print_found(terminal: Terminal, found: Sequence[Garbage]) -> None:
    if not found:
        terminal.write("Nothing to delete: everything of this project is referred to.\n")
        return
    from rich.box import SIMPLE_HEAD
    from rich.filesize import decimal
    from rich.table import Table
    from rich.text import Text

    from assistctl.rendering.safe_text import visible

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("WHAT", "ID", "NAME", "SIZE", "PROVEN", "WHY"):
        table.add_column(heading, overflow="fold", no_wrap=not terminal.is_interactive)
    for one in found:
        size = decimal(one.size) if one.size is not None else ""
        proven = "yes" if one.proven else "no"
        cells = (one.kind.replace("_", " "), one.id, one.name, size, proven, one.reason)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    terminal.results().print(table)


def _document(deployment: Deployment, found: Sequence[Garbage], results: Sequence[Result]) -> dict[str, Json]:
    from assistctl.rendering.as_json import FORMAT_VERSION, result_documents

    return {
        "format_version": FORMAT_VERSION,
        "project": deployment.owner,
        "target": {"name": deployment.target.name, "platform": deployment.target.platform},
        "garbage": [
            {
                "kind": str(one.kind),
                "id": one.id,
                "name": one.name,
                "bytes": one.size,
                "proven": one.proven,
                "reason": one.reason,
            }
            for one in found
        ],
        "results": result_documents(results),
    }


def _things(number: int) -> str:
    return "1 thing" if number == 1 else f"{number:,} things"
