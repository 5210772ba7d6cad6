"""``assistctl history``: past applies, and what each of them did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.table import print_table
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.journal import Actor, Apply, ApplySummary, CheckEntry, Ending, Entry, Header
from assistctl.model.plan import Action, Json, QualifiedKey
from assistctl.operations.journal import History, list_applies, read_apply

HELP = """List past applies, or show what one of them did.

Reads the journal: .assistctl/journal, or the shared one that `journal:` in assistctl.yaml names. Lists the applies
to every target unless you give one with -t."""
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
    deployment = terminal.deployment()
    if apply_id is not None:
        _show_one(terminal, asyncio.run(read_apply(deployment, apply_id)), output_format)
        return ExitCode.OK
    history = asyncio.run(list_applies(deployment, terminal.invocation.target))
    if output_format == "json":
        _write(terminal, {"applies": [_past(past) for past in history.applies]})
    else:
        _print_list(terminal, history)
    return ExitCode.OK


def _show_one(terminal: Terminal, apply: Apply, output_format: str) -> None:
    if output_format == "json":
        document = {**_head(apply.header, apply.ending), "state": str(apply.state), "torn": apply.truncated}
        checks: list[Json] = [_check(check) for check in apply.checks]
        _write(terminal, {**document, "entries": [_entry(entry) for entry in apply.entries], "checks": checks})
        return
    header = apply.header
    lines = [
        f"{header.id}  {header.command}  {header.target.name} ({header.target.platform})  {apply.state}",
        f"  {header.started:%Y-%m-%d %H:%M:%S} UTC, {_who(header.who)}",
        "",
        *(line for entry in apply.entries for line in _entry_lines(entry)),
        *(line for check in apply.checks for line in _check_lines(check)),
    ]
    _print(terminal, lines)


def _entry_lines(entry: Entry) -> list[str]:
    about = QualifiedKey(entry.kind, entry.key)
    outcome = entry.outcome or "unknown: it was cut off"
    error = [f"      {entry.error}"] if entry.error else []
    return [f"  {entry.action:<6}  {about}  {outcome}  {entry.id or ''}".rstrip(), *error]


def _check_lines(check: CheckEntry) -> list[str]:
    course = f"{check.before or 'not asked'} -> {check.after or 'not asked'}{', worse' if check.worse else ''}"
    ask = " ".join(check.ask.split())
    return [
        f"  check   {check.key} {check.index + 1}  {course}  {ask}",
        *(f"      {reason}" for reason in check.reasons),
    ]


def _print_list(terminal: Terminal, history: History) -> None:
    if not history.applies:
        terminal.say(f"No apply is recorded in {history.place}.")
        return
    print_table(terminal, ("ID", "TARGET", "WHAT", "STATE", "CHANGES", "BY"), map(_row, history.applies))


def _row(past: ApplySummary) -> tuple[str, ...]:
    header, state = past.header, str(past.state)
    if header is None:
        return past.id, past.target, "?", state, "", past.problem or ""
    return past.id, past.target, header.command, state, _changes(header, past.ending), _who(header.who)


def _changes(header: Header, ending: Ending | None) -> str:
    """The changes made, as far as the end says; without an end, the changes planned."""
    counts = ((number, action) for action, number in _done(header, ending).items())
    told = ", ".join(f"{number} {action}" for number, action in counts if number)
    return told or ("none" if header.summary.changes else "files only")


def _done(header: Header, ending: Ending | None) -> dict[Action, int]:
    planned = header.summary.by_action()
    if ending is None or ending.touched is None:
        return planned
    return {action: ending.done.get(action, 0) for action in planned}


def _who(who: Actor) -> str:
    """The commit first: it is what says what the manifests were."""
    git = f"{who.git.commit[:10]}{'+' if who.git.dirty else ''}" if who.git and who.git.commit else ""
    run = f"{who.ci.system} {who.ci.actor or ''}".strip() if who.ci else f"{who.user}@{who.host}"
    return f"{git} {run}".strip()


def _past(past: ApplySummary) -> dict[str, Json]:
    unread: dict[str, Json] = {"id": past.id, "target": {"name": past.target}}
    head = _head(past.header, past.ending) if past.header else unread
    return {**head, "state": str(past.state), "problem": past.problem}


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


def _entry(entry: Entry) -> dict[str, Json]:
    before = entry.before
    return {
        "kind": str(entry.kind),
        "key": entry.key,
        "id": entry.id,
        "action": str(entry.action),
        "outcome": str(entry.outcome) if entry.outcome else None,
        "error": entry.error,
        "at": entry.at.isoformat(),
        "before": None
        if before is None
        else {
            "id": before.id,
            "fields": dict(before.fields),
            "metadata": dict(before.metadata.items()),
            "withheld": list[Json](sorted(before.withheld)),
        },
    }


def _check(check: CheckEntry) -> dict[str, Json]:
    return {
        "key": check.key,
        "index": check.index,
        "ask": check.ask,
        "at": check.at.isoformat(),
        "before": str(check.before) if check.before else None,
        "after": str(check.after) if check.after else None,
        "worse": check.worse,
        "reasons": [*check.reasons],
    }


def _write(terminal: Terminal, document: dict[str, Json]) -> None:
    from assistctl.rendering.json import FORMAT_VERSION, dumps

    terminal.write(dumps({"format_version": FORMAT_VERSION, **document}))


def _print(terminal: Terminal, lines: Sequence[str]) -> None:
    from assistctl.secrets.escaping import visible

    terminal.write("".join(f"{visible(line)}\n" for line in lines))
