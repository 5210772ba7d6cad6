"""``assistctl history``: past applies, and what each of them did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.journal import Apply, Ending, Entry, Header, Journal, Past, Who
from assistctl.model import Action, Json, QualifiedKey

HELP = """List past applies, or show what the apply ID did.

They are recorded in .assistctl/journal, or at the shared address that `journal:` in assistctl.yaml names. Without
-t, the applies to every target are listed."""
EXAMPLE = """\
Examples:
  assistctl history
  assistctl history --target prod
  assistctl history 1f3a --format json"""


@subcommand("history", HELP, EXAMPLE)
@click.argument("apply_id", metavar="[ID]", required=False)
@format_option("text", "json")
def command(terminal: Terminal, *, apply_id: str | None, output_format: str) -> int:
    """Read the journal and print."""
    journal = terminal.deployment().journal()
    if apply_id is not None:
        _show_one(terminal, asyncio.run(journal.read(apply_id)), output_format)
        return ExitCode.OK
    found = asyncio.run(journal.applies(terminal.invocation.target))
    if output_format == "json":
        _write(terminal, {"applies": [_past(one) for one in found]})
    else:
        _print_list(terminal, journal, found)
    return ExitCode.OK


def _show_one(terminal: Terminal, apply: Apply, output_format: str) -> None:
    if output_format == "json":
        document = {**_head(apply.header, apply.ending), "state": str(apply.state), "torn": apply.torn}
        _write(terminal, {**document, "entries": [_entry(one) for one in apply.entries]})
        return
    header = apply.header
    lines = [
        f"{header.id}  {header.command}  {header.target.name} ({header.target.platform})  {apply.state}",
        f"  {header.started:%Y-%m-%d %H:%M:%S} UTC, {_who(header.who)}",
        "",
        *(line for one in apply.entries for line in _entry_lines(one)),
    ]
    _print(terminal, lines)


def _entry_lines(one: Entry) -> list[str]:
    about = QualifiedKey(one.kind, one.key)
    outcome = one.outcome or "unknown: it was cut off"
    error = [f"      {one.error}"] if one.error else []
    return [f"  {one.action:<6}  {about}  {outcome}  {one.id or ''}".rstrip(), *error]


def _print_list(terminal: Terminal, journal: Journal, found: Sequence[Past]) -> None:
    if not found:
        terminal.say(f"No apply is recorded in {journal.place}.")
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from assistctl.rendering.safe_text import visible

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("ID", "TARGET", "WHAT", "STATE", "CHANGES", "BY"):
        table.add_column(heading, overflow="fold", no_wrap=not terminal.is_interactive)
    for one in found:
        header = one.header
        told = (header.command, str(one.state), _changes(header, one.ending), _who(header.who)) if header else ()
        cells = (one.id, one.target, *(told or ("?", str(one.state), "", one.problem or "")))
        table.add_row(*(Text(visible(cell)) for cell in cells))
    terminal.results().print(table)


def _changes(header: Header, ending: Ending | None) -> str:
    """What was done, as far as the end says; of an apply without an end, what it set out to do."""
    counts = ((number, action) for action, number in _done(header, ending).items())
    told = ", ".join(f"{number} {action}" for number, action in counts if number)
    return told or ("none" if header.summary.changes else "files only")


def _done(header: Header, ending: Ending | None) -> dict[Action, int]:
    planned = header.summary.by_action()
    if ending is None or ending.touched is None:
        return planned
    return {action: ending.done.get(action, 0) for action in planned}


def _who(who: Who) -> str:
    """The commit first: it is what says what the manifests were."""
    git = f"{who.git.commit[:10]}{'+' if who.git.dirty else ''}" if who.git and who.git.commit else ""
    run = f"{who.ci.system} {who.ci.actor or ''}".strip() if who.ci else f"{who.user}@{who.host}"
    return f"{git} {run}".strip()


def _past(one: Past) -> dict[str, Json]:
    unread: dict[str, Json] = {"id": one.id, "target": {"name": one.target}}
    head = _head(one.header, one.ending) if one.header else unread
    return {**head, "state": str(one.state), "problem": one.problem}


def _head(header: Header, ending: Ending | None) -> dict[str, Json]:
    who, target = header.who, header.target
    return {
        "id": header.id,
        "project": header.project,
        "target": {"name": target.name, "platform": target.platform},
        "command": header.command,
        "started": header.started.isoformat(),
        "summary": {str(action): number for action, number in _done(header, ending).items()},
        "planned": {str(action): number for action, number in header.summary.by_action().items()},
        "by": {
            "user": who.user,
            "host": who.host,
            "commit": who.git.commit if who.git else None,
            "branch": who.git.branch if who.git else None,
            "dirty": who.git.dirty if who.git else None,
            "ci": who.ci.system if who.ci else None,
            "run": who.ci.url if who.ci else None,
            "actor": who.ci.actor if who.ci else None,
        },
        "version": header.tool,
    }


def _entry(one: Entry) -> dict[str, Json]:
    before = one.before
    return {
        "kind": str(one.kind),
        "key": one.key,
        "id": one.id,
        "action": str(one.action),
        "outcome": str(one.outcome) if one.outcome else None,
        "error": one.error,
        "at": one.at.isoformat(),
        "before": None
        if before is None
        else {
            "id": before.id,
            "fields": dict(before.fields),
            "metadata": dict(before.metadata.items()),
            "withheld": list[Json](sorted(before.withheld)),
        },
    }


def _write(terminal: Terminal, document: dict[str, Json]) -> None:
    from assistctl.rendering.as_json import FORMAT_VERSION, dumps

    terminal.write(dumps({"format_version": FORMAT_VERSION, **document}))


def _print(terminal: Terminal, lines: Sequence[str]) -> None:
    from assistctl.rendering.safe_text import visible

    terminal.write("".join(f"{visible(line)}\n" for line in lines))
