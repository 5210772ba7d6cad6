"""The rules that refuse a change, and what each says to the person who meets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.assistant import Observed
from assistctl.model.change import Action, Blocked, Change, QualifiedKey
from assistctl.model.file_operations import Discard
from assistctl.model.kind import Kind
from assistctl.model.plan import PlanOptions, Thresholds
from assistctl.ownership.sensitive import Declared, kind_of


def protected(change: Change) -> tuple[Change, Diagnostic]:
    """A delete of something protected, marked, and why."""
    return replace(change, blocked=Blocked.PROTECTED), Diagnostic(
        Severity.WARNING,
        f"{change.key} is protected from deletion",
        f"Apply refuses this. To lift the protection, declare the {change.kind.noun} with "
        "lifecycle: {prevent_destroy: false} and apply that first.",
        key=change.key,
    )


def undecided_adoption(desired: Declared, candidate: Observed) -> Diagnostic:
    """Something unowned has a declared name, and nobody said whether to take it over."""
    return _warning(
        desired,
        f"{kind_of(desired).article} with the name of {desired.key} exists that no project owns: {candidate.id}",
        "Apply stops until that is decided: --adopt takes it over, --no-adopt leaves it and creates another.",
    )


def ambiguous_name(desired: Declared, candidates: Sequence[Observed]) -> Diagnostic:
    """Several unowned things have the declared name, or several keys declare the name of one."""
    ids = ", ".join(candidate.id for candidate in candidates)
    advice = (
        "`import: ID` in the manifest says which one it takes over, and `assistctl dump` writes that for each of "
        "them; --no-adopt creates another."
    )
    noun = kind_of(desired).noun
    if len(candidates) == 1:
        return _warning(desired, f"several keys declare the name of the unowned {noun} {ids}", advice)
    return _warning(desired, f"{len(candidates)} unowned {noun}s have the name of {desired.key}: {ids}", advice)


def ambiguous_owner(desired: Declared, duplicates: Sequence[Observed]) -> Diagnostic:
    """Several things carry the mark of one key."""
    ids = ", ".join(duplicate.id for duplicate in duplicates)
    return _warning(
        desired,
        f"{len(duplicates)} {kind_of(desired).noun}s carry the mark of {desired.key}: {ids}",
        "Apply refuses to guess which one is right. `import: ID` in the manifest says so; delete the others, or "
        "give each a manifest with its id.",
    )


def not_ours_to_delete(about: QualifiedKey, object_id: str) -> Diagnostic:
    """A thing that is not among those whose deletion the plan is for."""
    return Diagnostic(
        Severity.WARNING,
        f"{about} stays: {object_id} was not created by the apply that is undone",
        "`assistctl plan` shows whether it is as declared, `assistctl destroy` deletes it.",
        key=about.key,
    )


def still_named(about: QualifiedKey, object_id: str, by: str) -> Diagnostic:
    """A thing that is declared no longer, and which an assistant, or a target, goes on naming by its id."""
    return Diagnostic(
        Severity.WARNING,
        f"{about} stays: {by} names {object_id} by its id",
        "Nothing is deleted that something refers to; once nothing does, it is.",
        key=about.key,
    )


def still_read(upload: Discard, why: str) -> Diagnostic:
    """An upload that nothing of this project reads any more, and somebody else does."""
    return Diagnostic(
        Severity.WARNING,
        f"the upload {upload.file_id} of {upload.path or 'an unknown file'} stays: {why}",
        "Nothing is deleted that something refers to; once nothing does, `assistctl gc` deletes it.",
        key=min((key for _, key in upload.holders), default=None),
    )


def too_many_pairs(desired: Declared, pairs: int, room: int) -> Diagnostic:
    """The declared, our own and other people's metadata pairs do not fit together."""
    return Diagnostic(
        Severity.ERROR,
        f"the metadata would have {pairs} pairs with those that others added; {room} fit",
        "Declare fewer pairs, or remove some of the others' on the platform.",
        key=desired.key,
        path="metadata",
        position=desired.positions.get("metadata", desired.position),
    )


def nothing_declared(owned: int) -> Diagnostic:
    """An empty folder of manifests means the deletion of everything; that is said aloud."""
    return Diagnostic(
        Severity.WARNING,
        f"no assistant is declared, so {_all(owned)} that this project owns here would be deleted",
        "Apply wants --allow-deletes for this. If it is not meant, look at `assistants:` in assistctl.yaml and at "
        "the folder it names.",
    )


def over_thresholds(
    changes: Sequence[Change], exceeded: Mapping[tuple[Kind, Action], tuple[int, int]], thresholds: Thresholds
) -> tuple[tuple[Change, ...], tuple[Diagnostic, ...]]:
    """``changes``, those marked whose kind and action are among the ``exceeded``, and why.

    ``exceeded`` has how many they are, of how many.
    """
    marked = tuple(
        replace(change, blocked=change.blocked or Blocked.THRESHOLD)
        if (change.kind, change.action) in exceeded
        else change
        for change in changes
    )
    why = (_over_threshold(kind, action, share, thresholds) for (kind, action), share in exceeded.items())
    return marked, tuple(why)


def not_everything(
    changes: Sequence[Change], owned: Mapping[Kind, int], plan_options: PlanOptions
) -> tuple[tuple[Change, ...], tuple[Diagnostic, ...]]:
    """``changes``, the deletes marked when nothing that the project owns would be left, and why.

    ``owned`` is how many things of each kind it owns: the assistants count or, where there are none, all the
    others. Nothing is added where other rules refuse all deletes.
    """
    if plan_options.allow_deletes or not any(_is_free_delete(change) for change in changes):
        return tuple(changes), ()
    why = _destroyed(plan_options) if plan_options.destroy else _emptied(changes, owned, plan_options)
    if why is None:
        return tuple(changes), ()
    marked = tuple(
        replace(change, blocked=Blocked.THRESHOLD) if _is_free_delete(change) else change for change in changes
    )
    return marked, (why,)


def _is_free_delete(change: Change) -> bool:
    return change.action is Action.DELETE and change.blocked is None


def _destroyed(plan_options: PlanOptions) -> Diagnostic | None:
    if not plan_options.confirm_destroy:
        return None
    return Diagnostic(
        Severity.WARNING,
        "this plan was saved to delete what the project owns",
        "Apply refuses this. Pass --allow-deletes if that is meant.",
    )


def _emptied(changes: Sequence[Change], owned: Mapping[Kind, int], plan_options: PlanOptions) -> Diagnostic | None:
    kinds = {Kind.ASSISTANT} if owned[Kind.ASSISTANT] else {kind for kind, number in owned.items() if number}
    deleted = sum(change.kind in kinds and change.action is Action.DELETE for change in changes)
    if plan_options.may_empty or not deleted or deleted < sum(owned[kind] for kind in kinds):
        return None
    nouns = " and ".join(f"{kind.noun}s" for kind in sorted(kinds))
    return Diagnostic(
        Severity.WARNING,
        f"of the {nouns} that this project owns here, {_all(deleted)} would be deleted",
        "Apply refuses this. Pass --allow-deletes if that is meant; `assistctl destroy` deletes everything, too.",
    )


def _all(number: int) -> str:
    return "the only one" if number == 1 else f"all {number}"


def _over_threshold(kind: Kind, action: Action, share: tuple[int, int], thresholds: Thresholds) -> Diagnostic:
    count, owned = share
    passing = "Pass --allow-deletes if that is meant, or raise" if action is Action.DELETE else "Raise"
    return Diagnostic(
        Severity.WARNING,
        f"{count} of the {owned} {kind.noun}s owned here would be {action}d, more than "
        f"{thresholds.percent(action):g} %",
        f"Apply refuses this. {passing} safety.max_{action}_percent in assistctl.yaml.",
    )


def _warning(desired: Declared, summary: str, detail: str) -> Diagnostic:
    position = desired.positions.get("name", desired.position)
    return Diagnostic(Severity.WARNING, summary, detail, key=desired.key, path="name", position=position)
