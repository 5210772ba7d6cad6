"""Each difference as a plan tells it: who made it and where it is declared, without the secrets in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.model.capabilities import ASSISTANTS_API, FieldDefaults
from assistctl.model.change import Drift, FieldDiff, LastApplied, Origin, QualifiedKey
from assistctl.model.tool_names import ToolNames
from assistctl.ownership.canonical import TOOLS, Path, canonical_units, declared_units, default_of, dotted, same
from assistctl.ownership.mark import Mark, users_pairs
from assistctl.ownership.sensitive import (
    Declared,
    plainly_named_tools,
    secret_paths,
    shown_declared,
    shown_path,
    templates,
    touches,
)
from assistctl.planning.comparison.leaf_diff import Difference
from assistctl.planning.comparison.state import Comparison
from assistctl.planning.identity.inventory import Owned
from assistctl.secrets.redaction import SECRET

_AROUND = 20


def field_diffs(comparison: Comparison) -> Iterator[FieldDiff]:
    """Each difference between what is there and what is declared, with its origin."""
    if comparison.is_as_declared:
        return
    # A part may have thousands of differences, and has one origin.
    origins: dict[tuple[Path, Path], Origin] = {}
    undeclared = frozenset(comparison.undeclared)
    for unit, found in comparison.differences.items():
        for difference in found:
            part = comparison.part_of(difference, unit)
            if (unit, part) not in origins:
                origins[unit, part] = _origin(comparison, unit, part)
            diff = _diff(comparison, difference, unit, origins[unit, part])
            yield replace(diff, undeclared=True) if unit in undeclared else diff


def kept_forms(comparison: Comparison) -> Iterator[FieldDiff]:
    """What was applied and is there in the platform's own form: no difference, and nobody's change."""
    if comparison.is_as_declared:
        return
    for unit, kept in comparison.kept_forms.items():
        yield from (_diff(comparison, difference, unit, Origin.MANIFEST) for difference in kept)


def told_of_form(desired: Declared, platform: str, kept: tuple[FieldDiff, ...]) -> Iterator[Diagnostic]:
    """A word about each value that ``platform`` keeps in another form than it was sent, with both forms.

    ``kept`` have their places.
    """
    for diff in kept:
        shown = "" if diff.secret else " Declared: {}; kept: {}.".format(*_both(diff.new, diff.old))
        yield Diagnostic(
            Severity.INFO,
            f"{platform} keeps {diff.path} in another form",
            f"It says the same, so there is nothing to change.{shown}",
            key=desired.key,
            path=diff.path,
            position=diff.position or desired.position,
        )


def _both(declared: Json, kept: Json) -> tuple[str, str]:
    """Both values, of long texts the stretch where they begin to differ."""
    if not isinstance(declared, str) or not isinstance(kept, str):
        return repr(declared), repr(kept)
    shorter = min(len(declared), len(kept))
    first = next((place for place in range(shorter) if declared[place] != kept[place]), shorter)
    return _stretch(declared, first), _stretch(kept, first)


def _stretch(text: str, place: int) -> str:
    start, end = max(0, place - _AROUND), place + _AROUND
    return f"{'…' if start else ''}{text[start:end]!a}{'…' if end < len(text) else ''}"


def creation_diffs(desired: Declared, defaults: FieldDefaults = ASSISTANTS_API) -> Iterator[FieldDiff]:
    """Everything a new thing is declared to have; each tool by itself."""
    units = declared_units(desired.fields, defaults)
    tools = units.pop(TOOLS, None)
    if isinstance(tools, dict):
        units.update({("tools", name): tool for name, tool in tools.items()})
    names = defaults.tool_names
    secrets = secret_paths(desired, names)
    for path, value in units.items():
        if touches(secrets, path):
            yield _secret_diff(desired, names, Difference(path, None, value), None, Origin.MANIFEST)
        else:
            yield FieldDiff(dotted(path), None, value, Origin.MANIFEST)


def deletion_diffs(owned: Owned, defaults: FieldDefaults = ASSISTANTS_API) -> Iterator[FieldDiff]:
    """Everything that is lost with a thing, ids as they are; each tool by itself."""
    pairs = users_pairs(owned.observed.metadata)
    for unit, value in canonical_units(owned.observed.fields, pairs, defaults).items():
        if owned.baseline.is_secret(unit):
            yield FieldDiff(dotted(unit), SECRET, None, Origin.MANIFEST, secret=True)
        elif unit == TOOLS and isinstance(value, dict):
            yield from (
                FieldDiff(dotted((*unit, name)), tool, None, Origin.MANIFEST) for name, tool in value.items()
            )
        elif not same(value, default_of(unit, defaults)):
            yield FieldDiff(dotted(unit), value, None, Origin.MANIFEST)


def mark_diffs(mark: Mark, owned: Owned | None) -> Iterator[FieldDiff]:
    """In what ``mark`` differs from the one that is there; ``owned`` is ``None`` for a new thing."""
    old_mark = owned.mark if owned is not None else None
    was = bool(old_mark and old_mark.prevent_destroy)
    if was is not mark.prevent_destroy:
        shown = was if owned is not None else None
        yield FieldDiff("lifecycle.prevent_destroy", shown, mark.prevent_destroy, Origin.MANIFEST)
    if old_mark is not None and old_mark.key != mark.key:
        yield FieldDiff("key", old_mark.key, mark.key, Origin.MANIFEST)


def with_places(
    diffs: Iterable[FieldDiff], desired: Declared, defaults: FieldDefaults = ASSISTANTS_API
) -> tuple[FieldDiff, ...]:
    """The differences, each with the position of what declares it, or of the nearest declared thing around it."""
    tools = desired.fields.get("tools")
    identities = defaults.tool_names.identities(tools) if isinstance(tools, list) else []
    places = {dotted(("tools", identity)): f"tools[{place}]" for place, identity in enumerate(identities)}
    return tuple(replace(diff, position=_position(diff.path, places, desired)) for diff in diffs)


def drifts(about: QualifiedKey, identifier: str, diffs: Iterable[FieldDiff]) -> list[Drift]:
    """The differences that somebody else made, alone or beside the manifest."""
    return [
        Drift(
            about.kind,
            about.key,
            identifier,
            diff.path,
            diff.old,
            diff.new,
            diff.secret,
            diff.origin,
            diff.last_applied,
        )
        for diff in diffs
        if diff.origin is not Origin.MANIFEST
    ]


def who_changed(diffs: Iterable[FieldDiff], ours: str = "manifest changed") -> str:
    """The origins of ``diffs`` in words; ``ours`` stands for what the manifest changes."""
    origins = {diff.origin for diff in diffs}
    if origins == {Origin.MANIFEST}:
        return ours
    return "changed outside" if origins == {Origin.DRIFT} else f"{ours} and changed outside"


def _position(path: str, places: dict[str, str], desired: Declared) -> Position:
    """The position for a path that names tools by what they are called, and not by their place."""
    if path.startswith("tools["):
        named = max((name for name in places if path.startswith(name)), key=len, default="")
        path = places[named] + path[len(named) :] if named else "tools"
    return desired.position_of(path)


def _origin(comparison: Comparison, unit: Path, part: Path) -> Origin:
    if comparison.is_unseen(unit) or comparison.is_left_to_platform(unit) or comparison.agrees(part):
        return Origin.MANIFEST
    if not comparison.baseline.has(unit) or _is_untouched(comparison, part):
        return Origin.MANIFEST
    if any(_is_untouched(reading, part) for reading in comparison.other_readings):
        return Origin.MANIFEST
    moved_by_us = unit in comparison.undeclared or not comparison.is_as_applied(part, comparison.applied)
    return Origin.BOTH if moved_by_us else Origin.DRIFT


def _is_untouched(comparison: Comparison, part: Path) -> bool:
    """Whether a unit, or a single tool, is what this project applied, as far as that can be told."""
    return (
        comparison.is_as_applied(part, comparison.seen)
        or comparison.is_as_applied(part, comparison.seen_but_for_ignored)
        or comparison.is_as_applied_in_some_form(part)
        or comparison.settings_before(part) is not None
        or comparison.was_applied_in_part(part)
    )


def _diff(comparison: Comparison, difference: Difference, unit: Path, origin: Origin) -> FieldDiff:
    if touches(comparison.secrets, difference.path) or comparison.baseline.is_secret(unit):
        shown = _shown_observed(comparison, difference, unit)
        diff = _secret_diff(comparison.desired, comparison.tool_names, difference, shown, origin)
        return replace(diff, last_applied=LastApplied(known=False)) if origin is Origin.BOTH else diff
    last_applied = _last_applied(comparison, difference, unit) if origin is Origin.BOTH else None
    return FieldDiff(dotted(difference.path), difference.old, difference.new, origin, last_applied=last_applied)


def _last_applied(comparison: Comparison, difference: Difference, unit: Path) -> LastApplied:
    """The value that both changed. Only its digest is left, which tells whether it was the default."""
    default = comparison.value_in({}, unit)
    is_default = difference.path == unit and comparison.baseline.is_still(unit, default)
    return LastApplied(known=True, value=default) if is_default else LastApplied(known=False)


def _secret_diff(
    desired: Declared, names: ToolNames, difference: Difference, old: Json, origin: Origin
) -> FieldDiff:
    path = dotted(shown_path(difference.path, plainly_named_tools(desired, names)))
    new = shown_declared(difference.new, difference.path, desired, names)
    return FieldDiff(path, old, new, origin, secret=True)


def _shown_observed(comparison: Comparison, difference: Difference, unit: Path) -> Json:
    """What can be shown of what is there: all but secrets, or nothing where those cannot be told from it."""
    template = templates(comparison.desired, comparison.tool_names).get(difference.path)
    beside = template.shown_beside(difference.old) if template and isinstance(difference.old, str) else None
    if difference.old is None or beside is not None:
        return beside
    is_plain = isinstance(difference.old, str) and _was_given_no_secret(comparison, difference, unit)
    return difference.old if is_plain else SECRET


def _was_given_no_secret(comparison: Comparison, difference: Difference, unit: Path) -> bool:
    """Whether what is there is what this project applied, when there was no secret in it."""
    baseline, part = comparison.baseline, comparison.part_of(difference, unit)
    was_applied = baseline.has(unit) and not baseline.is_secret(unit)
    return was_applied and comparison.is_as_applied(part, comparison.seen)
