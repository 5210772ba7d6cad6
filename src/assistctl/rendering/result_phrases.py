"""The sentences about what an apply did that text, Markdown and HTML have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.filesize import decimal

from assistctl.model.change import Action, Result, Status
from assistctl.model.counting import counted
from assistctl.model.file_operations import FileTotals
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering import phrases
from assistctl.rendering.tally import count, done_files, done_summary

_PAST = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
}


def done(plan: Plan, results: Sequence[Result]) -> str:
    """An apply's outcome in one line."""
    if not results:
        return phrases.no_changes(plan)
    summary, failed, skipped = (
        done_summary(plan, results),
        count(results, Status.FAILED),
        count(results, Status.SKIPPED),
    )
    counts = (
        (summary.create, "created"),
        (summary.update, "updated"),
        (summary.delete, "deleted"),
        (summary.adopt, "adopted"),
        (count([result for result in results if result.action is Action.FORGET], Status.OK), "forgotten"),
        (failed, "failed"),
        (skipped, "skipped"),
    )
    opening = (
        "Done"
        if not failed and not skipped
        else "Applied in part"
        if any(result.touched for result in results)
        else "Nothing was changed"
    )
    told = [f"{number:,} {word}" for number, word in counts if number]
    files = _files_done(done_files(plan, results))
    return f"{opening}: {', '.join([*told, f'{summary.unchanged:,} unchanged', *files])}."


def _files_done(files: FileTotals | None) -> Iterator[str]:
    if files and files.upload:
        yield f"{counted(files.upload, 'file')} uploaded ({decimal(files.bytes)})"
    if files and files.remove:
        yield f"{counted(files.remove, 'file')} removed"


def told_results(results: Sequence[Result], most: int | None) -> tuple[tuple[Result, ...], int]:
    """The results to show: all but files that went well beyond ``most`` (``None``: all); how many are left out."""
    places = [at for at, result in enumerate(results) if result.kind is Kind.FILE and result.status is Status.OK]
    hidden = set(places[most:]) if most is not None else set()
    return tuple(result for at, result in enumerate(results) if at not in hidden), len(hidden)


def said(result: Result) -> str:
    """The outcome in a word or two: ``created``, ``failed: update``."""
    if result.status is not Status.OK:
        made = result.action is Action.CREATE and result.id and result.kind is not Kind.FILE
        return f"created, {result.status}" if made else f"{result.status}: {result.action}"
    reused = result.kind is Kind.FILE and result.action is not Action.DELETE and result.sent is None
    return "reused" if reused else _PAST[result.action]


def tried(result: Result) -> str:
    """The action, and the thing that it was for."""
    return f"{result.action} {phrases.thing(result)}"
