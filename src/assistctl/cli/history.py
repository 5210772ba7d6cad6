"""``assistctl history``: past applies, and what each of them did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from assistctl.cli.history_documents import (
    apply_head,
    past_apply,
    past_check,
    past_entry,
    told_actor,
    told_changes,
)
from assistctl.cli.options import format_option, run_until_interrupted, subcommand
from assistctl.cli.table import TABLE_FORMATS, print_listing
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.journal import ApplySummary
from assistctl.json_value import Json
from assistctl.model.counting import counted
from assistctl.operations.journal import History, list_applies, put_back_by, read_apply_with_later
from assistctl.rendering.listing import Column, Listing
from assistctl.rendering.shared_reasons import told_once

if TYPE_CHECKING:
    from assistctl.journal import Apply, CheckEntry
    from assistctl.operations.apply_details import EntryDetails
    from assistctl.rendering.history.wording import PastApplyReport, PastChange, PastCheck

HELP = """List past applies, or show what one of them did.

Reads the journal: .assistctl/journal, or the shared one that `journal:` in assistctl.yaml names. Lists the applies
to every target unless you give one with -t. For one apply it shows the fields that it changed, with their old and
new values; the journal has no secrets, and no values that the platform may hide."""
EXAMPLE = """\
Examples:
  assistctl history
  assistctl history --target prod
  assistctl history --format tsv | cut -f 1,4
  assistctl history 1f3a --format markdown"""


@subcommand("history", HELP, EXAMPLE)
@click.argument("apply_id", metavar="[ID]", required=False)
@format_option(*TABLE_FORMATS)
def command(terminal: Terminal, *, apply_id: str | None, output_format: str) -> int:
    """Read the journal and print."""
    deployment = terminal.deployment()
    if apply_id is not None:
        if output_format == "tsv":
            raise click.UsageError("--format tsv is for the list of applies.")
        _show_one(terminal, *run_until_interrupted(read_apply_with_later(deployment, apply_id)), output_format)
        return ExitCode.OK
    history = run_until_interrupted(list_applies(deployment, terminal.invocation.target))
    if output_format == "json":
        terminal.write_json({"applies": [past_apply(past) for past in history.applies]})
    else:
        _print_list(terminal, history, output_format)
    return ExitCode.OK


def _show_one(terminal: Terminal, apply: Apply, later: list[Apply], output_format: str) -> None:
    from assistctl.operations.apply_details import apply_details

    entries = apply_details(apply, later)
    if output_format == "json":
        head = apply_head(apply.header, apply.ending)
        back = put_back_by(apply, later)
        document = {**head, "state": str(apply.state), "torn": apply.truncated, "put_back_by": back}
        checks: list[Json] = [past_check(check) for check in apply.checks]
        terminal.write_json({**document, "entries": [past_entry(entry) for entry in entries], "checks": checks})
    elif output_format == "markdown":
        from assistctl.rendering.history.apply_markdown import apply_markdown
        from assistctl.rendering.markdown.document import marker

        mark = marker("history", apply.header.project, apply.header.target.name)
        terminal.write(f"{mark}{apply_markdown(_report(apply, later, entries))}")
    elif output_format == "html":
        from assistctl.rendering.history.apply_html import apply_html

        terminal.write(apply_html(_report(apply, later, entries)))
    else:
        from assistctl.rendering.history.apply_text import print_apply

        print_apply(terminal.results(), _report(apply, later, entries), verbose=terminal.invocation.verbose)


def _report(apply: Apply, later: list[Apply], entries: tuple[EntryDetails, ...]) -> PastApplyReport:
    from assistctl.rendering.history.wording import PastApplyReport

    header = apply.header
    return PastApplyReport(
        header.id,
        header.project,
        header.target.name,
        header.target.platform,
        header.command,
        str(apply.state),
        header.started,
        told_actor(header.who),
        tuple(_changes(entries)),
        tuple(map(_check, apply.checks)),
        put_back_by(apply, later),
    )


def _check(check: CheckEntry) -> PastCheck:
    from assistctl.rendering.history.wording import PastCheck

    before, after = (None if status is None else str(status) for status in (check.before, check.after))
    return PastCheck(check.key, check.index, check.ask, before, after, check.worse, check.reasons)


def _changes(entries: Iterable[EntryDetails]) -> Iterator[PastChange]:
    """The changes as reports show them: a reason that several have in common is told in full only once."""
    changes = [_change(details) for details in entries]
    for change, reason in zip(changes, told_once((each.thing, each.error) for each in changes), strict=True):
        yield replace(change, error=reason)


def _change(details: EntryDetails) -> PastChange:
    from assistctl.rendering.history.wording import CUT_OFF, PastChange

    entry = details.entry
    outcome = str(entry.outcome or CUT_OFF)
    return PastChange(
        entry.kind,
        entry.key,
        entry.action,
        outcome,
        entry.id,
        entry.error,
        details.diffs,
        details.unrecorded,
        entry.values is not None,
    )


def _print_list(terminal: Terminal, history: History, output_format: str) -> None:
    number = len(history.applies)
    if not number:
        target = terminal.invocation.target
        about = f"No apply to {target}" if target else "No apply"
        terminal.say(f"{about} is recorded in {history.place}.")
        if output_format == "text":
            return
    columns = (
        Column("ID"),
        Column("TARGET"),
        Column("WHAT"),
        Column("STATE"),
        Column("CHANGES", free=True),
        Column("BY", free=True),
    )
    conclusion = f"{counted(number, 'apply', 'applies')} on record."
    rows = tuple(map(_row, history.applies))
    print_listing(terminal, Listing("history", "Past applies", conclusion, columns, rows), output_format)


def _row(past: ApplySummary) -> tuple[str, ...]:
    header, state = past.header, str(past.state)
    if header is None:
        return past.id, past.target, "?", state, "", past.problem or ""
    changes = told_changes(header, past.ending)
    return past.id, past.target, header.command, state, changes, told_actor(header.who)
