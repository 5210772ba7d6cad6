"""Past applies as JSON, and what lists of them say."""

from __future__ import annotations

from assistctl.journal import Actor, ApplySummary, CheckEntry, Ending, Header
from assistctl.json_value import Json
from assistctl.model.change import Action
from assistctl.operations.apply_details import EntryDetails


def told_changes(header: Header, ending: Ending | None) -> str:
    """The changes made, as far as the end says; without an end, the changes planned."""
    counts = ((number, action) for action, number in done_by_action(header, ending).items())
    told = ", ".join(f"{number} {action}" for number, action in counts if number)
    return told or ("none" if header.summary.changes else "files only")


def done_by_action(header: Header, ending: Ending | None) -> dict[Action, int]:
    """The number of changes made, by action, as the end says; without an end, the number planned."""
    planned = header.summary.by_action()
    if ending is None or ending.touched is None:
        return planned
    return {action: ending.done.get(action, 0) for action in planned}


def told_actor(who: Actor) -> str:
    """The commit first: it is what says what the manifests were."""
    git = f"{who.git.commit[:10]}{'+' if who.git.dirty else ''}" if who.git and who.git.commit else ""
    run = f"{who.ci.system} {who.ci.actor or ''}".strip() if who.ci else f"{who.user}@{who.host}"
    return f"{git} {run}".strip()


def past_apply(past: ApplySummary) -> dict[str, Json]:
    """An apply in the list of them."""
    unread: dict[str, Json] = {"id": past.id, "target": {"name": past.target}}
    head = apply_head(past.header, past.ending) if past.header else unread
    return {**head, "state": str(past.state), "problem": past.problem}


def apply_head(header: Header, ending: Ending | None) -> dict[str, Json]:
    """The apply's author and origin, and the number of its changes."""
    who, target = header.who, header.target
    return {
        "id": header.id,
        "project": header.project,
        "target": {"name": target.name, "platform": target.platform},
        "command": header.command,
        "started": header.started.isoformat(),
        "summary": {str(action): number for action, number in done_by_action(header, ending).items()},
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


def past_check(check: CheckEntry) -> dict[str, Json]:
    """A check that the apply asked before a change, and after it."""
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


def past_entry(details: EntryDetails) -> dict[str, Json]:
    """One operation of an apply. ``recorded`` is false of a difference whose new value nobody knows any more."""
    entry, before = details.entry, details.entry.before
    return {
        "kind": str(entry.kind),
        "key": entry.key,
        "id": entry.id,
        "action": str(entry.action),
        "outcome": str(entry.outcome) if entry.outcome else None,
        "error": entry.error,
        "at": entry.at.isoformat(),
        "diffs": [
            {
                "path": diff.path,
                "old": diff.old,
                "new": diff.new,
                **({"secret": True} if diff.secret else {}),
                **({"recorded": False} if diff.path in details.unrecorded else {}),
            }
            for diff in details.diffs
        ],
        "before": None
        if before is None
        else {
            "id": before.id,
            "fields": dict(before.fields),
            "metadata": dict(before.metadata.items()),
            "withheld": list[Json](sorted(before.withheld)),
        },
    }
