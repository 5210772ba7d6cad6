"""One thing, three ways: what is declared, what is there, and what this project last applied.

``Comparison`` holds them against each other, each in canonical form; ``field_diffs`` says of each difference who
made it, without the secrets in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from assistctl.json_value import Json
from assistctl.model.capabilities import Capabilities, FieldDefaults
from assistctl.model.change import FieldDiff, LastApplied, Origin
from assistctl.model.tool_names import ToolNames
from assistctl.ownership.applied_part import applied_part, was_applied_in_part
from assistctl.ownership.canonical import (
    PLATFORMS,
    TOOLS,
    Path,
    canonical_units,
    covers,
    declared_units,
    default_of,
    dotted,
    known_units,
    parse,
    same,
)
from assistctl.ownership.mark import Baseline, before_it_was_kept, differs_in_form_alone, users_pairs
from assistctl.ownership.placeholders import has_token
from assistctl.ownership.projection import (
    PARTLY_DECLARED,
    declared_part,
    is_comparable,
    mentioned,
    settings_before,
    whole_setting,
    without_extras_in,
)
from assistctl.ownership.references_by_key import tokens_in_own_fields
from assistctl.ownership.sensitive import (
    Declared,
    UnseenSecrets,
    plainly_named_tools,
    secret_paths,
    shown_declared,
    shown_path,
    templates,
    touches,
    unseen_secrets,
)
from assistctl.planning.comparison.ignore_changes import keep_observed
from assistctl.planning.comparison.leaf_diff import Difference, differences
from assistctl.planning.identity.inventory import Owned
from assistctl.secrets.redaction import SECRET

# A new model may refuse what the old one was given, so these are not carried over to it.
MODEL_SETTINGS: tuple[Path, ...] = (("temperature",), ("top_p",))

_MODEL: Path = ("model",)


@dataclass(frozen=True)
class Comparison:
    """``desired`` against ``owned``, which is what is there, and the baseline that stands on it.

    Where ids stand for files and vector stores, both sides have tokens. ``capabilities`` are the platform's: its
    write-only fields may be missing from what it answers, and one that is missing is judged by the baseline alone.
    For the computed fields, and for a platform's own, null is answered with what the platform chose: a declared
    null is judged by the baseline alone as well. What holds ``outdated`` tokens counts as changed: they stand for
    something else by now. ``read_otherwise`` gives ``owned`` with the tokens that it may have been applied with.
    """

    desired: Declared
    owned: Owned
    capabilities: Capabilities
    outdated: frozenset[str] = frozenset()
    read_otherwise: Callable[[], Iterable[Owned]] = tuple

    @cached_property
    def other_readings(self) -> tuple[Comparison, ...]:
        """The same, with the tokens that may stand in the baseline."""
        return tuple(replace(self, owned=owned, read_otherwise=tuple) for owned in self.read_otherwise())

    @cached_property
    def differences(self) -> dict[Path, tuple[Difference, ...]]:
        """The differences between observed and declared, by unit; none for a unit that is as declared."""
        found = {
            unit: tuple(difference for difference in differing if not self._is_kept_form(difference, unit))
            for unit, differing in self._compared.items()
        }
        if found.get(_MODEL):
            settings = (unit for unit in MODEL_SETTINGS if unit not in found and not covers(self.ignored, unit))
            found.update({unit: tuple(self._compare(unit)) for unit in settings})
        return found

    @cached_property
    def kept_forms(self) -> dict[Path, tuple[Difference, ...]]:
        """The applied values in the form that the platform keeps them in, by unit."""
        kept = {
            unit: tuple(difference for difference in differing if self._is_kept_form(difference, unit))
            for unit, differing in self._compared.items()
            if differing and unit in self.declared and not self.is_left_to_platform(unit)
        }
        return {unit: found for unit, found in kept.items() if found}

    @cached_property
    def _compared(self) -> dict[Path, tuple[Difference, ...]]:
        """Both sides of each unit that is declared or was, in whatever form."""
        return {unit: tuple(self._compare(unit)) for unit in (*self.declared, *self.undeclared)}

    @cached_property
    def is_as_declared(self) -> bool:
        """Whether each declared unit is there as it is declared, and nothing else was ever applied.

        Most things are, and this is quickly told. Where it takes more than holding values against each other, it
        is false, and ``differences`` tells.
        """
        if self.ignored or self._write_only_in_tools:
            return False
        observed = self.owned.units
        for unit, want in self.declared.items():
            if unit not in observed or not same(observed[unit], want) or self.is_left_to_platform(unit):
                return False
        tools = self.declared.get(TOOLS)
        known = [*self.declared, *((*TOOLS, name) for name in (tools if isinstance(tools, dict) else ()))]
        return not self.baseline.has_others_than(known)

    @property
    def changed(self) -> tuple[Path, ...]:
        """The units that differ."""
        return tuple(unit for unit, found in self.differences.items() if found or self._is_outdated(unit))

    @property
    def tool_names(self) -> ToolNames:
        """The names of the platform's tools."""
        return self._defaults.tool_names

    @property
    def model_changes(self) -> bool:
        """Whether the assistant gets another model."""
        return _MODEL in self.changed

    @cached_property
    def fields(self) -> Mapping[str, Json]:
        """The declared fields in the API's shapes, with what is ignored inside them taken from what is there."""
        if not self.ignored:
            return self.desired.fields
        return keep_observed(self.desired.fields, self.owned.fields, self.ignored, self.tool_names)

    @cached_property
    def declared(self) -> dict[Path, Json]:
        """The canonical units this project manages from now on."""
        return self._managed(self.fields)

    @cached_property
    def to_record(self) -> dict[Path, Json]:
        """The canonical units to put on record: as the manifest has them, what is ignored inside too."""
        return self._managed(self.desired.fields) if self.ignored else self.declared

    @cached_property
    def recorded(self) -> Mapping[Path, Json]:
        """The same as the baseline has them: with labels for secrets that no answer shows."""
        return self._unseen_secrets.recorded(self.to_record) if self.desired.secret_paths else self.to_record

    @cached_property
    def undeclared(self) -> tuple[Path, ...]:
        """The units that were applied once and are declared no longer: they go back to the default."""
        unseen = ((name,) for name in sorted(self.capabilities.write_only))
        return tuple(
            unit
            for unit in dict.fromkeys((*known_units(), *unseen, *self.owned.units))
            if unit not in self.declared and self.baseline.has(unit) and not covers(self.ignored, unit)
        )

    @cached_property
    def ignored(self) -> tuple[Path, ...]:
        """The paths of ``lifecycle.ignore_changes``."""
        ignored = tuple(map(parse, self.desired.lifecycle.ignore_changes))
        # A part of a field that no answer shows is a unit of its own.
        parts = (name for name in self.capabilities.write_only if "." in name) if ignored else ()
        return (*ignored, *((name,) for name in parts if covers(ignored, parse(name))))

    @cached_property
    def secrets(self) -> tuple[Path, ...]:
        """The paths of declared secrets."""
        return secret_paths(self.desired, self.tool_names) if self.desired.secret_paths else ()

    @cached_property
    def secret_units(self) -> tuple[Path, ...]:
        """The units that hold a secret from now on; what is ignored keeps one that it was given."""
        if not (self.secrets or self.baseline.secrets):
            return ()
        units = dict.fromkeys((*known_units(), *self.owned.units, *self.declared))
        return tuple(
            unit
            for unit in units
            if touches(self.secrets, unit) or (touches(self.ignored, unit) and self.baseline.is_secret(unit))
        )

    @cached_property
    def baseline(self) -> Baseline:
        """The baseline. Without a mark its author is unknown; its secrets are secrets still."""
        baseline = self.owned.baseline
        return baseline if self.owned.is_marked else Baseline(secrets=baseline.secrets)

    @cached_property
    def seen(self) -> dict[Path, Json]:
        """The observed fields, as far as the manifest covers them."""
        return self._narrowed(self.owned.units)

    @cached_property
    def seen_but_for_ignored(self) -> dict[Path, Json]:
        """The same, had nobody edited what is ignored."""
        if not self.ignored:
            return self.seen
        fields = keep_observed(self.owned.fields, self.desired.fields, self.ignored, self.tool_names)
        pairs = users_pairs(self.owned.observed.metadata)
        return self._narrowed(canonical_units(fields, pairs, self._defaults))

    def part_of(self, difference: Difference, unit: Path) -> Path:
        """The smallest part around a difference inside ``unit`` that has a baseline entry."""
        if unit != TOOLS or not self.baseline.by_tool or difference.path == unit:
            return unit
        return (*unit, difference.path[1])

    def settings_before(self, part: Path) -> Mapping[str, Json] | None:
        """The settings in a platform's own thing that were declared when it was applied, if they are as then."""
        whole = self.value_in(self.owned.units, part)
        if is_comparable(part, whole) or not self.baseline.has(part):
            return None
        wanted = self.value_in(self.declared, part)
        return settings_before(whole, wanted, lambda value: self._is_still(part, value))

    def agrees(self, part: Path) -> bool:
        """Whether all that is declared of a unit, or a single tool, is there."""
        return same(self.value_in(self.seen, part), self.value_in(self.declared, part))

    def value_in(self, state: Mapping[Path, Json], part: Path) -> Json:
        """The value of a unit, or of a single tool."""
        if part[:1] != TOOLS or part == TOOLS:
            return state[part] if part in state else default_of(part, self._defaults)
        tools = state.get(TOOLS)
        return tools.get(str(part[-1])) if isinstance(tools, Mapping) else None

    def is_as_applied(self, part: Path, state: Mapping[Path, Json]) -> bool:
        """Whether a unit, or a single tool, is in ``state`` what this project last applied."""
        value = self.value_in(state, part)
        is_missing_tool = part[:1] == TOOLS and part != TOOLS and value is None
        if is_missing_tool:
            return not self.baseline.has(part)
        return self._is_still(part, value) or self._is_still(part, without_extras_in(part, value))

    def is_as_applied_in_some_form(self, part: Path) -> bool:
        """Whether a unit, or a single tool, is what a platform may have made of what was last applied."""
        seen, wanted = self.value_in(self.seen, part), self.value_in(self.declared, part)
        return any(self._is_still(part, sent) for sent in before_it_was_kept(seen, wanted))

    def is_left_to_platform(self, unit: Path) -> bool:
        """Whether the manifest asks for the platform's own choice, which cannot be told from another's."""
        if unit not in self.declared:
            return False
        return (unit[0] == PLATFORMS and self.declared[unit] is None) or (
            unit[0] in self.capabilities.computed and self.fields.get(str(unit[0])) is None
        )

    def is_unseen(self, unit: Path) -> bool:
        """Whether the answer need not show the unit and does not: nobody can tell what is there."""
        return unit[0] in self.capabilities.write_only and unit not in self.owned.units

    def was_applied_in_part(self, part: Path) -> bool:
        """Whether a platform's own thing is as applied, beside what the platform has filled in."""
        whole = self.value_in(self.owned.units, part)
        if is_comparable(part, whole) or not self.baseline.has(part):
            return False
        wanted = self.value_in(self.declared, part)
        return was_applied_in_part(whole, wanted, lambda value: self._is_still(part, value))

    @cached_property
    def _unseen_secrets(self) -> UnseenSecrets:
        return unseen_secrets(self.desired, self.capabilities)

    def _is_still(self, part: Path, value: Json) -> bool:
        if self.baseline.is_still(part, value):
            return True
        # Baselines of earlier versions have a digest of the value with its secrets, those of now one with labels.
        has_secrets = bool(self.desired.secret_paths)
        return has_secrets and self.baseline.is_still(part, self._unseen_secrets.labelled(part, value))

    def _is_outdated(self, unit: Path) -> bool:
        return bool(self.outdated) and bool(self.outdated & tokens_in_own_fields(self.declared.get(unit)))

    @property
    def _write_only_in_tools(self) -> frozenset[str]:
        return self.capabilities.write_only_in_tools

    @property
    def _defaults(self) -> FieldDefaults:
        return self.capabilities.field_defaults

    def _managed(self, fields: Mapping[str, Json]) -> dict[Path, Json]:
        units = declared_units(fields, self._defaults)
        if not self.ignored:
            return units
        return {unit: value for unit, value in units.items() if not covers(self.ignored, unit)}

    def _narrowed(self, state: Mapping[Path, Json]) -> dict[Path, Json]:
        return {
            unit: declared_part(unit, value, self.declared[unit], self._write_only_in_tools)
            if unit[0] in PARTLY_DECLARED and unit in self.declared
            else value
            for unit, value in state.items()
        }

    def _is_kept_form(self, difference: Difference, unit: Path) -> bool:
        if difference.old is None or not differs_in_form_alone(difference.old, difference.new):
            return False
        return self.is_as_applied(self.part_of(difference, unit), self.to_record)

    def _compare(self, unit: Path) -> Iterator[Difference]:
        want = self.value_in(self.declared, unit)
        if self.is_left_to_platform(unit):
            observed = whole_setting(unit, self.owned.units)
            if observed is not None and not self.baseline.is_still(unit, want):
                yield Difference(unit, observed, None)
        elif not self.is_unseen(unit):
            yield from _leaves(unit, self.value_in(self.seen, unit), want)
            yield from self._settings_dropped(unit, want)
        elif not self._is_still(unit, want):
            yield Difference(unit, None, want)

    def _settings_dropped(self, unit: Path, want: Json) -> Iterator[Difference]:
        """The settings no longer declared inside something that is otherwise as declared."""
        by_tool = unit == TOOLS and self.baseline.by_tool and isinstance(want, dict)
        for part in [(*unit, name) for name in want] if by_tool and isinstance(want, dict) else [unit]:
            whole, wanted = self.value_in(self.owned.units, part), self.value_in(self.declared, part)
            # The cheapest question first: nearly always the two are the same.
            may_be = (not same(whole, wanted) or self._may_hide(part, wanted)) and self.agrees(part)
            if not may_be or not self.baseline.has(part) or self.is_as_applied(part, self.to_record):
                continue
            if not self._was_declared_with_less(part, whole, wanted):
                yield Difference(part, whole, wanted)

    def _may_hide(self, part: Path, wanted: Json) -> bool:
        """Whether a tool, or one of several, may hold what no answer shows."""
        return bool(self._write_only_in_tools) and part[:1] == TOOLS and not is_comparable(part, wanted)

    def _was_declared_with_less(self, part: Path, whole: Json, wanted: Json) -> bool:
        """Whether all that was declared of a platform's own thing still is, and what came to that can be seen."""
        before = self.settings_before(part) or self._guessed_before(part, whole, wanted)
        if before is None or not isinstance(wanted, dict) or not same(mentioned({**before}, wanted), {**before}):
            return False
        shown = whole if isinstance(whole, dict) else {}
        return not any(name in wanted and name not in shown for name in self._write_only_in_tools)

    def _guessed_before(self, part: Path, whole: Json, wanted: Json) -> Mapping[str, Json] | None:
        """The settings that were declared when it was applied, where they are too many to try all of them."""
        found = applied_part(whole, wanted, lambda value: self._is_still(part, value))
        return found if isinstance(found, dict) and self._is_still(part, found) else None


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
    """The applied values that the platform keeps in another form: not a difference, and nobody's change."""
    if comparison.is_as_declared:
        return
    for unit, kept in comparison.kept_forms.items():
        yield from (_diff(comparison, difference, unit, Origin.MANIFEST) for difference in kept)


def secret_diff(
    desired: Declared, names: ToolNames, difference: Difference, old: Json, origin: Origin
) -> FieldDiff:
    """A difference with a secret in it, which is left out; ``old`` is as it may be shown."""
    path = dotted(shown_path(difference.path, plainly_named_tools(desired, names)))
    new = shown_declared(difference.new, difference.path, desired, names)
    return FieldDiff(path, old, new, origin, secret=True)


def _origin(comparison: Comparison, unit: Path, part: Path) -> Origin:
    if comparison.is_unseen(unit) or comparison.is_left_to_platform(unit) or comparison.agrees(part):
        return Origin.MANIFEST
    if not comparison.baseline.has(unit) or _is_untouched(comparison, part):
        return Origin.MANIFEST
    if any(_is_untouched(reading, part) for reading in comparison.other_readings):
        return Origin.MANIFEST
    moved_by_us = unit in comparison.undeclared or not comparison.is_as_applied(part, comparison.to_record)
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
    is_declared_secret = bool(comparison.secrets) and touches(comparison.secrets, difference.path)
    if is_declared_secret or comparison.baseline.is_secret(unit):
        shown = _shown_observed(comparison, difference, unit)
        diff = secret_diff(comparison.desired, comparison.tool_names, difference, shown, origin)
        return replace(diff, last_applied=LastApplied(known=False)) if origin is Origin.BOTH else diff
    last_applied = _last_applied(comparison, difference, unit) if origin is Origin.BOTH else None
    return FieldDiff(dotted(difference.path), difference.old, difference.new, origin, last_applied=last_applied)


def _last_applied(comparison: Comparison, difference: Difference, unit: Path) -> LastApplied:
    """The value that both changed. Only its digest is left, which tells whether it was the default."""
    default = comparison.value_in({}, unit)
    is_default = difference.path == unit and comparison.baseline.is_still(unit, default)
    return LastApplied(known=True, value=default) if is_default else LastApplied(known=False)


def _shown_observed(comparison: Comparison, difference: Difference, unit: Path) -> Json:
    """The observed value without secrets; nothing where secrets cannot be told from the rest."""
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


def _leaves(unit: Path, seen: Json, want: Json) -> Iterator[Difference]:
    if same(seen, want):
        return
    if isinstance(want, dict | list):
        # Which of two files is the first means nothing; such lists are told apart as a whole.
        yield from differences(unit, seen, want, whole=has_token(seen) or has_token(want))
    else:
        yield Difference(unit, seen, want)
