"""The sentences that text, Markdown and HTML have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.filesize import decimal

from assistctl.model.file_operations import FileTotals
from assistctl.model.plan import (
    Action,
    Blocked,
    Change,
    Diagnostic,
    Drift,
    Kind,
    Missing,
    Origin,
    Plan,
    QualifiedKey,
    Result,
    Status,
)
from assistctl.rendering.diff.rows import Row
from assistctl.rendering.field_view import FieldView, Shape
from assistctl.rendering.importance import by_importance
from assistctl.rendering.tally import count, done_files, done_summary
from assistctl.rendering.values import label
from assistctl.secrets.escaping import visible

SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.ADOPT: "=",
    Action.FORGET: ".",
}
FULL_DIFF_HINT = "see --format json or the saved plan"
MISSING_TITLE = "Declared and not there:"
DRIFT_TITLE = "Changed outside (declared → there now):"
DRIFT_ADVICE = "Apply will undo these edits; one that is to stay belongs into the manifest."
REFUSAL_TITLE = "Apply will refuse this plan:"

_PERMITS = {
    Blocked.PROTECTED: (
        "Protected against deletion. To delete on purpose, set lifecycle.prevent_destroy: false "
        "in the manifest and apply; then delete."
    ),
    Blocked.THRESHOLD: (
        "More would be deleted or changed at once than the safety settings of assistctl.yaml allow, or everything "
        "would be deleted. To delete on purpose, apply with --allow-deletes."
    ),
    Blocked.ADOPTION: (
        "An assistant with the declared name is already there, and this project does not own it. "
        "Apply with --adopt to take it over, or with --no-adopt to create another one."
    ),
    Blocked.AMBIGUOUS: (
        "More than one assistant there could be the declared one. Rename or delete the ones that are not it, "
        "then plan again."
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that refuses changes: which ones, and how to do them on purpose."""

    rule: str
    things: tuple[str, ...]
    permit: str


def refusals(plan: Plan) -> Iterator[Refusal]:
    """One for each rule that refuses anything in the plan."""
    for rule, permit in _PERMITS.items():
        things = tuple(thing(change) for change in plan.changes if change.blocked is rule)
        if things:
            yield Refusal(str(rule), things, permit)


def heading(plan: Plan) -> str:
    """Project, target and platform."""
    return f"{label(plan.project)} → {label(plan.target.name)} ({label(plan.target.platform)})"


def thing(about: Change | Drift | Missing | Result) -> str:
    """The key, and the kind if it is not an assistant."""
    key = label(about.key)
    return key if about.kind is Kind.ASSISTANT else f"{key} ({about.kind.replace('_', ' ')})"


def conclusion(plan: Plan) -> str:
    """The plan in one line."""
    if not plan.changes:
        return _nothing(plan)
    return f"Plan: {', '.join(_counts(plan))}."


def _nothing(plan: Plan) -> str:
    unchanged = plan.summary.unchanged
    if not unchanged:
        return "No changes. Nothing is declared, and nothing there is this project's."
    if plan.files is not None:
        return f"No changes. {unchanged:,} assistants and vector stores are as declared, with their files."
    return f"No changes. {unchanged:,} {'assistant is' if unchanged == 1 else 'assistants are'} as declared."


def _counts(plan: Plan) -> Iterator[str]:
    summary = plan.summary
    for number, verb in ((summary.create, "create"), (summary.update, "update"), (summary.delete, "delete")):
        yield f"{number:,} to {verb}"
    if summary.adopt:
        yield f"{summary.adopt:,} to adopt"
    forget = sum(change.action is Action.FORGET for change in plan.changes)
    if forget:
        yield f"{forget:,} to forget"
    yield f"{summary.unchanged:,} unchanged"
    yield from _file_counts(plan.files)


def _file_counts(files: FileTotals | None) -> Iterator[str]:
    if files and files.upload:
        yield f"{counted_files(files.upload)} to upload ({decimal(files.bytes)})"
    if files and files.remove:
        yield f"{counted_files(files.remove)} to remove"


def counted_files(number: int) -> str:
    """So many files."""
    return f"{number:,} {'file' if number == 1 else 'files'}"


def reason(change: Change) -> str:
    """Why, what it depends on, and for a file that is uploaded how large it is."""
    if change.depends_on:
        return f"{change.reason}; uses {', '.join(map(str, change.depends_on))}"
    if change.file is None or not change.file.upload or change.file.size is None:
        return change.reason
    return f"{change.reason}, {decimal(change.file.size)}"


def listed(changes: Sequence[Change], most: int | None) -> tuple[tuple[Change, ...], int]:
    """The changes to show, by importance, with at most so many files (``None``: all); how many are left out."""
    files = [change for change in changes if change.kind is Kind.FILE]
    hidden = len(files) - most if most is not None and len(files) > most else 0
    return tuple(by_importance(changes)[: len(changes) - hidden]), hidden


def more_files(hidden: int, hint: str = FULL_DIFF_HINT) -> str:
    """That files are left out, and where they are all listed."""
    return f"… and {hidden:,} more {'file' if hidden == 1 else 'files'} ({hint})"


def done(plan: Plan, results: Sequence[Result]) -> str:
    """An apply's outcome in one line."""
    if not results:
        return _nothing(plan)
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
        yield f"{counted_files(files.upload)} uploaded ({decimal(files.bytes)})"
    if files and files.remove:
        yield f"{counted_files(files.remove)} removed"


def told_results(results: Sequence[Result], most: int | None) -> tuple[tuple[Result, ...], int]:
    """The results to show: all but files that went well beyond ``most`` (``None``: all); how many are left out."""
    places = [at for at, one in enumerate(results) if one.kind is Kind.FILE and one.status is Status.OK]
    hidden = set(places[most:]) if most is not None else set()
    return tuple(result for at, result in enumerate(results) if at not in hidden), len(hidden)


def unplanned_drift(plan: Plan) -> tuple[Drift, ...]:
    """The drift that no change of the plan shows."""
    shown = {
        (change.qualified_key, diff.path)
        for change in plan.changes
        for diff in change.diffs
        if diff.origin is not Origin.MANIFEST
    }
    return tuple(drift for drift in plan.drift if (QualifiedKey(drift.kind, drift.key), drift.path) not in shown)


def place(diagnostic: Diagnostic) -> str:
    """``file:line:column`` where it is known, else the key, else nothing."""
    if diagnostic.position:
        where = str(diagnostic.position)
        return label(where) if where.startswith(" ") or "  " in where else visible(where)
    return label(diagnostic.key) if diagnostic.key else ""


def message(diagnostic: Diagnostic) -> str:
    """The summary, with the field's path if it does not name it itself."""
    summary, path = visible(diagnostic.summary), visible(diagnostic.path)
    return f"{summary} ({path})" if path and path not in summary else summary


def more_rows(view: FieldView, hint: str = FULL_DIFF_HINT) -> str:
    """How many rows a view leaves out, and how to see them."""
    if view.shape is Shape.CHANGED:
        return f"… {view.more:,} more {'change' if view.more == 1 else 'changes'} ({hint})"
    return f"… {view.more:,} more {'line' if view.more == 1 else 'lines'} ({hint})"


def left_out(view: FieldView, hint: str) -> Iterator[str]:
    """What is left out of a view: rows, and parts of those that are shown."""
    if view.more:
        yield more_rows(view, hint)
    elif view.shortened and view.rows:
        yield f"… not shown whole ({hint})"


def gap_before(row: Row, *, is_first: bool) -> str:
    """What stands unchanged between a row and the one before, and where it is; nothing where that is nothing."""
    where = f"§ {visible(row.heading)}" if row.heading else ""
    if row.skipped_characters:
        return f"⋯ {row.skipped_characters:,} unchanged characters"
    if not row.skipped or is_first:
        return where and f"⋯ {where}"
    lines = f"⋯ {row.skipped:,} unchanged {'line' if row.skipped == 1 else 'lines'}"
    return f"{lines}, {where}" if where else lines
