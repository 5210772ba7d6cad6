"""``assistctl gc``: delete what this project has on a target and nothing refers to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from assistctl.cli.changing_options import lock_timeout_option, yes_option
from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.signals import cancelled_by_signals
from assistctl.cli.table import TABLE_FORMATS, print_listing
from assistctl.cli.terminal import Terminal
from assistctl.json_value import Json
from assistctl.model.change import Result, Status
from assistctl.model.counting import counted
from assistctl.operations.collect_garbage import ConfirmDeletion, GarbageCollection, collect_garbage
from assistctl.operations.deployment import Deployment
from assistctl.operations.outcome import OperationStatus
from assistctl.planning.garbage import Garbage
from assistctl.rendering.listing import Column, Listing
from assistctl.rendering.shared_reasons import grouped

if TYPE_CHECKING:
    from assistctl.applying.cancellation import CancellationToken

HELP = """Delete uploads, vector stores, memory stores, environments and skills of this project that nothing names.

They are left behind by an apply that was killed, for example. Marks, and this checkout's record of
uploads, prove what belongs to this project. What only looks like it is listed, and deleted only with --unproven.
After a yes it looks again: what is in use by then stays, and is named.
Do not run this during an apply; with a shared journal, it waits for that to end."""
EXAMPLE = """\
Examples:
  assistctl gc                             list, then ask
  assistctl gc --yes --target prod
  assistctl gc --format json"""


@subcommand("gc", HELP, EXAMPLE)
@yes_option()
@click.option("--unproven", is_flag=True, help="Also delete what only looks like this project's.")
@lock_timeout_option()
@format_option(*TABLE_FORMATS)
def command(terminal: Terminal, *, yes: bool, unproven: bool, lock_timeout: float, output_format: str) -> int:
    """List what nothing refers to; delete it once that is agreed to."""
    deployment = terminal.deployment()
    outcome = run_until_interrupted(
        collect_garbage(
            deployment,
            unproven=unproven,
            lock_timeout=lock_timeout,
            confirm=None if yes else _confirm(terminal, deployment, output_format),
            cancellation=_cancellation(terminal),
        )
    )
    for warning in outcome.warnings:
        terminal.complain(f"warning: {warning}")
    if outcome.status is OperationStatus.DECLINED and terminal.is_interactive:
        terminal.complain("Nothing was deleted.")
        return outcome.exit_code
    _show(terminal, outcome, output_format)
    if outcome.status is OperationStatus.DECLINED:
        terminal.complain("refused: nothing was deleted, because there is no terminal to ask on; pass --yes")
    elif outcome.found and not outcome.chosen:
        terminal.say("Nothing was deleted: nothing proves that these are this project's. --unproven deletes them.")
    return outcome.exit_code


def _confirm(terminal: Terminal, deployment: Deployment, output_format: str) -> ConfirmDeletion:
    def is_agreed(outcome: GarbageCollection) -> bool:
        if not terminal.is_interactive:
            return False
        # Where the results are for a script, the question and what it is about go to the person.
        _print_found(terminal, outcome, to_messages=output_format != "text")
        return terminal.ask(f"Delete {counted(len(outcome.chosen), 'thing')} on {deployment.target.name}?")

    return is_agreed


def _cancellation(terminal: Terminal) -> CancellationToken:
    token = cancelled_by_signals(terminal.complain)

    @contextmanager
    def heeded() -> Iterator[None]:
        terminal.changes = True
        with token.heeded():
            yield

    return replace(token, heeded=heeded)


def _show(terminal: Terminal, outcome: GarbageCollection, output_format: str) -> None:
    if output_format == "json":
        terminal.write_json({**terminal.head, **_document(outcome)})
        return
    if output_format != "text":
        print_listing(terminal, _listing(outcome), output_format)
    elif not outcome.results:
        _print_found(terminal, outcome)
        return
    for error in _errors(outcome):
        terminal.complain(f"error: {error}")
    if output_format == "text":
        terminal.write(f"{_conclusion(outcome)}\n")


def _errors(outcome: GarbageCollection) -> list[str]:
    failed = [result for result in outcome.results if result.error]
    return [_not_deleted([str(result.id) for result in group], why) for group, why in grouped(failed, _reason)]


def _reason(result: Result) -> str:
    return result.error or ""


def _not_deleted(ids: list[str], why: str) -> str:
    return f"{', '.join(ids)} {'was' if len(ids) == 1 else 'were'} not deleted: {why}"


def _conclusion(outcome: GarbageCollection) -> str:
    if outcome.results:
        deleted = sum(result.status is Status.OK and result.touched for result in outcome.results)
        gone = sum(result.status is Status.OK and not result.touched for result in outcome.results)
        beside = f" {counted(gone, 'thing')} {'was' if gone == 1 else 'were'} gone already." if gone else ""
        return f"Deleted {counted(deleted, 'thing')}.{beside}"
    if not outcome.found:
        return "Nothing to delete: everything of this project is referred to."
    return f"{counted(len(outcome.found), 'thing')} found that nothing refers to; nothing was deleted."


def _listing(outcome: GarbageCollection) -> Listing:
    columns = (
        Column("WHAT"),
        Column("ID"),
        Column("NAME", free=True),
        Column("SIZE", right=True),
        Column("PROVEN"),
        Column("WHY"),
    )
    rows = tuple(map(_row, outcome.found))
    messages = [*(f"warning: {warning}" for warning in outcome.warnings), *_errors(outcome)]
    return Listing("gc", "Garbage", _conclusion(outcome), columns, rows, messages)


def _print_found(terminal: Terminal, outcome: GarbageCollection, *, to_messages: bool = False) -> None:
    if not outcome.found:
        terminal.write(f"{_conclusion(outcome)}\n")
        return
    print_listing(terminal, _listing(outcome), "text", to_messages=to_messages)


def _row(item: Garbage) -> tuple[str, ...]:
    from rich.filesize import decimal

    size = decimal(item.size) if item.size is not None else ""
    return item.kind.replace("_", " "), item.id, item.name, size, "yes" if item.proven else "no", item.reason


def _document(outcome: GarbageCollection) -> dict[str, Json]:
    from assistctl.model.document_parts import diagnostic_part
    from assistctl.rendering.json import result_documents

    return {
        "garbage": [
            {
                "kind": str(item.kind),
                "id": item.id,
                "name": item.name,
                "bytes": item.size,
                "proven": item.proven,
                "reason": item.reason,
            }
            for item in outcome.found
        ],
        "results": result_documents(outcome.results),
        "diagnostics": [diagnostic_part(diagnostic) for diagnostic in outcome.diagnostics],
    }
