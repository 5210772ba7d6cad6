"""The sentences that text, Markdown and HTML have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.change import (
    DESTROYED,
    Absence,
    Action,
    Blocked,
    Change,
    Drift,
    Missing,
    Origin,
    QualifiedKey,
    Result,
)
from assistctl.model.counting import counted
from assistctl.model.file_operations import FileTotals
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.plan import Plan
from assistctl.rendering.diff.row import Row
from assistctl.rendering.field_view import FieldView, Shape
from assistctl.rendering.shared_reasons import grouped
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
MISSING_TITLE = "Declared and missing:"
DRIFT_TITLE = "Changed outside (declared → there now):"
NO_DRIFT = "No drift. Nothing was changed outside."
DRIFT_ADVICE = "Apply will undo these edits; to keep one, put it into the manifest."
MISSING_ADVICE = "`assistctl plan` shows what apply will do about what is missing."
REFUSAL_TITLE = "Apply will refuse this plan"

_RANKS = {Action.DELETE: 1, Action.ADOPT: 3, Action.CREATE: 4, Action.UPDATE: 5, Action.FORGET: 6}
_RANK_OF_UNDOING = 2
_FEW = 3
_TOGETHER = 20
_PERMITS = {
    Blocked.PROTECTED: (
        "Protected against deletion. To delete on purpose, set lifecycle.prevent_destroy: false "
        "in the manifest and apply; then delete."
    ),
    Blocked.THRESHOLD: (
        "More would be deleted or changed at once than the safety settings of assistctl.yaml allow, or everything "
        "would be deleted."
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


_BEYOND_THRESHOLDS = {
    Action.DELETE: "To delete on purpose, apply with --allow-deletes.",
    Action.UPDATE: "To update as many on purpose, raise safety.max_update_percent in assistctl.yaml.",
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
        refused = [change for change in plan.changes if change.blocked is rule]
        if refused:
            yield Refusal(str(rule), tuple(thing(change) for change in refused), _permitted(rule, permit, refused))


def _permitted(rule: Blocked, permit: str, refused: Sequence[Change]) -> str:
    """``permit``, with what lets these changes past a threshold: one for deletes, another for updates."""
    if rule is not Blocked.THRESHOLD:
        return permit
    actions = {change.action for change in refused}
    return " ".join((permit, *(way for action, way in _BEYOND_THRESHOLDS.items() if action in actions)))


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
        return no_changes(plan)
    return f"Plan: {', '.join(_counts(plan))}."


def no_changes(plan: Plan) -> str:
    """That all is as declared, and how much that is."""
    unchanged = plan.summary.unchanged
    if not unchanged and plan.narrowed:
        return "No changes. There is nothing to do."
    if not unchanged:
        return "No changes. Nothing is declared, and nothing there is this project's."
    others = [*_beside_assistants(plan)]
    ending = ", with their files" if plan.files is not None else ""
    if others:
        *first, last = "assistants", *(f"{kind.noun}s" for kind in others)
        return f"No changes. {unchanged:,} {', '.join(first)} and {last} are as declared{ending}."
    return f"No changes. {counted(unchanged, 'assistant is', 'assistants are')} as declared."


def _beside_assistants(plan: Plan) -> Iterator[Kind]:
    """The kinds that were looked at, besides assistants."""
    if plan.files is not None:
        yield Kind.VECTOR_STORE
    yield from (kind for kind in RESOURCE_KINDS if any(name.startswith(f"{kind}:") for name in plan.seen))


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
        from rich.filesize import decimal

        yield f"{counted(files.upload, 'file')} to upload ({decimal(files.bytes)})"
    if files and files.remove:
        yield f"{counted(files.remove, 'file')} to remove"


def absence(missing: Missing) -> str:
    """The reason that it is missing. A file's mark goes with its attachment; its upload may still exist."""
    detached = {
        Absence.MARK_REMOVED: "uploaded, but no longer attached",
        Absence.NOT_THERE: "no longer attached",
    }
    words = detached.get(missing.reason) if missing.kind is Kind.FILE else None
    return words or str(missing.reason)


def missing_together(missing: Sequence[Missing]) -> Iterator[Sequence[Missing]]:
    """The missing things, grouped by line: those without an id that share a reason (new ones) stand together."""
    for group, _ in grouped(missing, lambda absent: absent.id or absence(absent)):
        together = len(group) > _FEW and group[0].id is None
        size = _TOGETHER if together else 1
        yield from (group[start : start + size] for start in range(0, len(group), size))


def reason(change: Change) -> str:
    """The reason, the things it depends on, and for an upload its size."""
    if change.action is Action.DELETE:
        return _reason_to_delete(change)
    if change.depends_on:
        return f"{change.reason}; uses {', '.join(map(str, change.depends_on))}"
    if change.file is None or not change.file.upload or change.file.size is None:
        return change.reason
    from rich.filesize import decimal

    return f"{change.reason}, {decimal(change.file.size)}"


def _reason_to_delete(change: Change) -> str:
    """The reason, where there is more to it than that it was asked for: then who is meant."""
    reason, semicolon, rest = change.reason.partition("; ")
    if reason == DESTROYED:
        is_named = change.name is not None and change.name != change.key
        reason = f"named {label(change.name or '')}" if is_named else "owned by this project"
    return f"{reason}{semicolon}{rest}"


def listed(changes: Sequence[Change], most: int | None) -> tuple[tuple[Change, ...], int]:
    """The changes to show, by importance, with at most ``most`` files (``None``: all); the number left out."""
    files = [change for change in changes if change.kind is Kind.FILE]
    hidden = len(files) - most if most is not None and len(files) > most else 0
    return tuple(by_importance(changes)[: len(changes) - hidden]), hidden


def by_importance(changes: Sequence[Change]) -> list[Change]:
    """The changes in the order in which somebody has to look at them, those of files behind the others.

    First what a rule refuses, then deletes, what undoes somebody's edit, adoptions, creates, and other updates.
    """
    return sorted(
        changes, key=lambda change: (change.kind is Kind.FILE, change.blocked is None, _importance(change))
    )


def _importance(change: Change) -> int:
    if change.action is Action.UPDATE and any(diff.origin is not Origin.MANIFEST for diff in change.diffs):
        return _RANK_OF_UNDOING
    return _RANKS[change.action]


def more_files(hidden: int, hint: str = FULL_DIFF_HINT) -> str:
    """That files are left out, and where they are all listed."""
    return f"… and {counted(hidden, 'more file')} ({hint})"


def unplanned_drift(plan: Plan) -> tuple[Drift, ...]:
    """The drift that no change of the plan shows."""
    shown = {
        (change.qualified_key, diff.path)
        for change in plan.changes
        for diff in change.diffs
        if diff.origin is not Origin.MANIFEST
    }
    return tuple(drift for drift in plan.drift if (QualifiedKey(drift.kind, drift.key), drift.path) not in shown)


def drift_conclusion(plan: Plan) -> str:
    """The number of outside changes and missing things, in one line."""
    fields, missing = len(plan.drift), len(plan.missing)
    if not fields and not missing:
        return NO_DRIFT
    things = len({(drift.kind, drift.key) for drift in plan.drift})
    told = []
    if fields:
        told.append(f"{counted(fields, 'field')} of {counted(things, 'thing')} changed outside")
    if missing:
        told.append(f"{counted(missing, 'thing')} missing")
    return f"Drift: {', '.join(told)}."


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
    """The number of rows that a view leaves out, and how to see them."""
    if view.shape is Shape.CHANGED:
        return f"… {counted(view.more, 'more change')} ({hint})"
    return f"… {counted(view.more, 'more line')} ({hint})"


def left_out(view: FieldView, hint: str) -> Iterator[str]:
    """The amount that a view leaves out: rows, and parts of the rows that it shows."""
    if view.more:
        yield more_rows(view, hint)
    elif view.shortened:
        yield f"… not shown whole ({hint})"


def gap_before(row: Row, *, is_first: bool) -> str:
    """The unchanged text between a row and the one before, and where it is; empty where there is none."""
    where = f"§ {visible(row.heading)}" if row.heading else ""
    if row.skipped_characters:
        return f"⋯ {row.skipped_characters:,} unchanged characters"
    if not row.skipped or is_first:
        return where and f"⋯ {where}"
    lines = f"⋯ {counted(row.skipped, 'unchanged line')}"
    return f"{lines}, {where}" if where else lines


def group_similar(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The messages, each that stands for more than a few with the places of some of the others in its detail.

    Errors that have to be mended each at its own place stay as they are.
    """
    alike: dict[object, list[Diagnostic]] = {}
    for number, diagnostic in enumerate(diagnostics):
        path = "" if diagnostic.is_mended_once else diagnostic.path
        same = (diagnostic.severity, diagnostic.summary, diagnostic.detail, path)
        alone = diagnostic.severity is Severity.ERROR and not diagnostic.is_mended_once
        alike.setdefault(number if alone else same, []).append(diagnostic)
    return [told for group in alike.values() for told in (_merged(group) if len(group) > _FEW else group)]


def _merged(group: Sequence[Diagnostic]) -> list[Diagnostic]:
    first, *others = group
    named = ", ".join(_where(diagnostic) for diagnostic in others[: _FEW - 1])
    rest = len(others) - (_FEW - 1)
    same = f"The same of {named} and {rest:,} more."
    return [replace(first, detail="\n".join(filter(None, (first.detail, same))))]


def _where(diagnostic: Diagnostic) -> str:
    return str(diagnostic.position) if diagnostic.position else diagnostic.key or "another"
