"""One assistant, three ways: what is declared, what is there, and what this project last applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from assistctl.model.capabilities import ASSISTANTS_API, FieldDefaults
from assistctl.model.plan import Desired, Drift, FieldDiff, Json, Kind, Observed, Origin
from assistctl.ownership.baseline import Baseline, read_baseline
from assistctl.ownership.canonical import (
    RESOURCE_LISTS,
    SETTINGS,
    canonical_units,
    default_of,
    same,
)
from assistctl.ownership.field_paths import Path, dotted
from assistctl.ownership.kept_form import differs_in_form_alone
from assistctl.ownership.mark import BASELINE, is_marked, users_pairs
from assistctl.planning.comparison.ignore_changes import covers, ignored_paths, keep_observed
from assistctl.planning.comparison.leaf_diff import Difference, differences
from assistctl.planning.comparison.placeholders import Symbols, has_token
from assistctl.planning.comparison.projection import declared_part, is_comparable, settings_before, whole_setting
from assistctl.planning.comparison.sensitive import (
    plainly_named_tools,
    secret_paths,
    shown_declared,
    shown_path,
    templates,
    touches,
)
from assistctl.secrets.redaction import SECRET
from assistctl.secrets.template import Template

# A new model may refuse what the old one was given, so these are not carried over to it.
MODEL_SETTINGS: tuple[Path, ...] = (("temperature",), ("top_p",))

_MODEL: Path = ("model",)
_TOOLS: Path = ("tools",)


@dataclass(frozen=True)
class Comparison:
    """``desired`` against ``observed`` against the baseline in the latter's metadata.

    ``write_only`` fields may be missing from what the platform answers; one that is missing is judged by the
    baseline alone. Where ids stand for files and vector stores, both sides have tokens, and ``symbols`` says what
    people call those. ``kind`` is what is compared. For the ``computed`` fields, and for a platform's own, null is
    answered with what the platform chose: a declared null is judged by the baseline alone as well.
    ``defaults`` are what the platform uses for fields that are left out.
    """

    desired: Desired
    observed: Observed
    write_only: frozenset[str] = frozenset()
    symbols: Symbols = field(default_factory=Symbols)
    kind: Kind = Kind.ASSISTANT
    computed: frozenset[str] = frozenset()
    defaults: FieldDefaults = ASSISTANTS_API

    @cached_property
    def diffs(self) -> tuple[FieldDiff, ...]:
        """Each difference between what is there and what is declared, with its origin."""
        return self.symbols.in_diffs(
            self._diff(difference, unit) for unit, found in self._differences.items() for difference in found
        )

    @cached_property
    def drift(self) -> tuple[Drift, ...]:
        """The differences that somebody else had a hand in."""
        key, observed_id = self.desired.key, self.observed.id
        return tuple(
            Drift(self.kind, key, observed_id, diff.path, diff.old, diff.new, diff.secret)
            for diff in self.diffs
            if diff.origin is not Origin.MANIFEST
        )

    @property
    def changed(self) -> tuple[Path, ...]:
        """The units that differ."""
        return tuple(unit for unit, found in self._differences.items() if found)

    @property
    def model_changes(self) -> bool:
        """Whether the assistant gets another model."""
        return _MODEL in self.changed

    @cached_property
    def fields(self) -> dict[str, Json]:
        """The declared fields in the API's shapes, with what is ignored inside them taken from what is there."""
        return keep_observed(self.desired.fields, self.observed.fields, self.ignored)

    @cached_property
    def declared(self) -> dict[Path, Json]:
        """The canonical units this project manages from now on."""
        return self._managed(self.fields)

    @cached_property
    def applied(self) -> dict[Path, Json]:
        """The canonical units to remember as applied: as the manifest has them, what is ignored inside too."""
        return self._managed(self.desired.fields)

    @cached_property
    def secret_units(self) -> tuple[Path, ...]:
        """The units that hold a secret from now on; what is ignored keeps one that it was given."""
        units = dict.fromkeys((*known_units(), *self._there, *self.declared))
        return tuple(
            unit
            for unit in units
            if touches(self._secrets, unit) or (touches(self.ignored, unit) and self._baseline.is_secret(unit))
        )

    @cached_property
    def undeclared(self) -> tuple[Path, ...]:
        """The units that were applied once and are declared no longer: they go back to the default."""
        return tuple(
            unit
            for unit in dict.fromkeys((*known_units(), *self._there))
            if unit not in self.declared and self._baseline.has(unit) and not covers(self.ignored, unit)
        )

    @cached_property
    def ignored(self) -> tuple[Path, ...]:
        """The paths of ``lifecycle.ignore_changes``."""
        return ignored_paths(self.desired.lifecycle.ignore_changes)

    def _managed(self, fields: Mapping[str, Json]) -> dict[Path, Json]:
        units = _declared_units(fields, self.defaults)
        return {unit: value for unit, value in units.items() if not covers(self.ignored, unit)}

    @cached_property
    def _there(self) -> dict[Path, Json]:
        return canonical_units(self.observed.fields, users_pairs(self.observed.metadata), self.defaults)

    @cached_property
    def _there_but_for_ignored(self) -> dict[Path, Json]:
        """What is there, had nobody edited what is ignored."""
        fields = keep_observed(self.observed.fields, self.desired.fields, self.ignored)
        return canonical_units(fields, users_pairs(self.observed.metadata), self.defaults)

    @cached_property
    def _seen(self) -> dict[Path, Json]:
        """What is there, as far as the manifest speaks of it."""
        return self._narrowed(self._there)

    def _narrowed(self, state: Mapping[Path, Json]) -> dict[Path, Json]:
        return {
            unit: declared_part(unit, value, self.declared[unit]) if unit in self.declared else value
            for unit, value in state.items()
        }

    @cached_property
    def _baseline(self) -> Baseline:
        baseline = read_baseline(self.observed.metadata.get(BASELINE))
        # Without a mark it tells what somebody else applied, or nobody knows who; its secrets are secrets still.
        return baseline if is_marked(self.observed.metadata) else Baseline(secrets=baseline.secrets)

    @cached_property
    def _secrets(self) -> tuple[Path, ...]:
        return secret_paths(self.desired)

    @cached_property
    def _templates(self) -> Mapping[Path, Template]:
        return templates(self.desired)

    @cached_property
    def kept_in_another_form(self) -> tuple[FieldDiff, ...]:
        """What was applied and is there as the platform writes it: no difference, and nobody's change."""
        units = [unit for unit in self.declared if not self._is_left_to_platform(unit)]
        return self.symbols.in_diffs(
            self._diff(difference, unit)
            for unit in units
            for difference in self._compare(unit)
            if self._is_kept_form(difference, unit)
        )

    def _is_kept_form(self, difference: Difference, unit: Path) -> bool:
        if difference.old is None or not differs_in_form_alone(difference.old, difference.new):
            return False
        return self._is_as_applied(self._part(difference, unit), self.applied)

    def _changed(self, unit: Path) -> Iterator[Difference]:
        return (one for one in self._compare(unit) if not self._is_kept_form(one, unit))

    @cached_property
    def _differences(self) -> dict[Path, tuple[Difference, ...]]:
        found = {unit: tuple(self._changed(unit)) for unit in (*self.declared, *self.undeclared)}
        if found.get(_MODEL):
            settings = (unit for unit in MODEL_SETTINGS if unit not in found and not covers(self.ignored, unit))
            found.update({unit: tuple(self._compare(unit)) for unit in settings})
        return found

    def _compare(self, unit: Path) -> Iterator[Difference]:
        want = self.declared.get(unit, default_of(unit, self.defaults))
        if self._is_left_to_platform(unit):
            there = whole_setting(unit, self._there)
            if there is not None and not self._baseline.is_still(unit, want):
                yield Difference(unit, there, None)
        elif not self._is_unseen(unit):
            seen = self._seen.get(unit, default_of(unit, self.defaults))
            # Which of two files is the first means nothing; such lists are told apart as a whole.
            yield from differences(unit, seen, want, whole=has_token(seen) or has_token(want))
            yield from self._settings_dropped(unit, want)
        elif not self._baseline.is_still(unit, want):
            yield Difference(unit, None, want)

    def _settings_dropped(self, unit: Path, want: Json) -> Iterator[Difference]:
        """What is declared no longer, inside of something that is otherwise as declared."""
        by_tool = unit == _TOOLS and self._baseline.by_tool and isinstance(want, dict)
        parts = [(*unit, name) for name in want] if by_tool and isinstance(want, dict) else [unit]
        for part in parts:
            whole, wanted = (
                self._value_in(self._there, part),
                self._value_in(self.declared, part),
            )
            may_be = self._agrees(part) and self._baseline.has(part) and not same(whole, wanted)
            if not may_be or self._is_as_applied(part, self.applied):
                continue
            before = self._settings_before(part)
            if before is None or not isinstance(wanted, dict) or not before.keys() <= wanted.keys():
                yield Difference(part, whole, wanted)

    def _settings_before(self, part: Path) -> Mapping[str, Json] | None:
        """The settings in a platform's own thing that were declared when it was applied, if they are as then."""
        whole = self._value_in(self._there, part)
        if is_comparable(part, whole) or not self._baseline.has(part):
            return None
        wanted = self._value_in(self.declared, part)
        return settings_before(whole, wanted, lambda value: self._baseline.is_still(part, value))

    def _agrees(self, part: Path) -> bool:
        """Whether all that is declared of a unit, or a single tool, is there."""
        return same(self._value_in(self._seen, part), self._value_in(self.declared, part))

    def _value_in(self, state: Mapping[Path, Json], part: Path) -> Json:
        """The value of a unit, or of a single tool."""
        if part[:1] != _TOOLS or part == _TOOLS:
            return state.get(part, default_of(part, self.defaults))
        tools = state.get(_TOOLS)
        return tools.get(str(part[-1])) if isinstance(tools, Mapping) else None

    def _is_left_to_platform(self, unit: Path) -> bool:
        """Whether the manifest asks for the platform's own choice, which cannot be told from another's."""
        if unit not in self.declared:
            return False
        return (unit[0] == "platforms" and self.declared[unit] is None) or (
            unit[0] in self.computed and self.fields.get(str(unit[0])) is None
        )

    def _is_unseen(self, unit: Path) -> bool:
        """Whether the answer need not show the unit and does not: nobody can tell what is there."""
        return unit[0] in self.write_only and unit not in self._there

    def _diff(self, difference: Difference, unit: Path) -> FieldDiff:
        origin = self._origin(difference, unit)
        if not self._is_secret(difference, unit):
            return FieldDiff(dotted(difference.path), difference.old, difference.new, origin)
        path = shown_path(difference.path, plainly_named_tools(self.desired))
        new = shown_declared(difference.new, difference.path, self.desired)
        return FieldDiff(dotted(path), self._shown_observed(difference, unit), new, origin, secret=True)

    def _shown_observed(self, difference: Difference, unit: Path) -> Json:
        """What can be shown of what is there: all but secrets, or nothing where those cannot be told from it."""
        template = self._templates.get(difference.path)
        beside = template.shown_beside(difference.old) if template and isinstance(difference.old, str) else None
        if difference.old is None or beside is not None:
            return beside
        is_plain = isinstance(difference.old, str) and self._was_given_no_secret(difference, unit)
        return difference.old if is_plain else SECRET

    def _was_given_no_secret(self, difference: Difference, unit: Path) -> bool:
        """Whether what is there is what this project applied, when there was no secret in it."""
        baseline, part = self._baseline, self._part(difference, unit)
        return baseline.has(unit) and not baseline.is_secret(unit) and self._is_as_applied(part, self._seen)

    @cached_property
    def _origins(self) -> dict[tuple[Path, Path], Origin]:
        """Those already found: a part may have thousands of differences, and one origin."""
        return {}

    def _origin(self, difference: Difference, unit: Path) -> Origin:
        part = self._part(difference, unit)
        if (unit, part) not in self._origins:
            self._origins[unit, part] = self._found_origin(unit, part)
        return self._origins[unit, part]

    def _found_origin(self, unit: Path, part: Path) -> Origin:
        if self._is_unseen(unit) or self._is_left_to_platform(unit) or self._agrees(part):
            return Origin.MANIFEST
        theirs_untouched = (
            any(
                self._is_as_applied(part, there)
                for there in (self._seen, self._narrowed(self._there_but_for_ignored))
            )
            or self._baseline.is_still_in_some_form(part, self._value_in(self._seen, part))
            or self._settings_before(part) is not None
        )
        if theirs_untouched or not self._baseline.has(unit):
            return Origin.MANIFEST
        moved_by_us = unit in self.undeclared or not self._is_as_applied(part, self.applied)
        return Origin.BOTH if moved_by_us else Origin.DRIFT

    def _part(self, difference: Difference, unit: Path) -> Path:
        """The smallest part around a difference that has a baseline entry."""
        if unit != _TOOLS or not self._baseline.by_tool or difference.path == unit:
            return unit
        return (*unit, difference.path[1])

    def _is_as_applied(self, part: Path, state: Mapping[Path, Json]) -> bool:
        """Whether a unit, or a single tool, is in ``state`` what this project last applied."""
        value = self._value_in(state, part)
        is_missing_tool = part[:1] == _TOOLS and part != _TOOLS and value is None
        return not self._baseline.has(part) if is_missing_tool else self._baseline.is_still(part, value)

    def _is_secret(self, difference: Difference, unit: Path) -> bool:
        return touches(self._secrets, difference.path) or self._baseline.is_secret(unit)


def creation_diffs(
    desired: Desired, symbols: Symbols | None = None, defaults: FieldDefaults = ASSISTANTS_API
) -> tuple[FieldDiff, ...]:
    """Everything a new thing is declared to have; each tool by itself."""
    units = _declared_units(desired.fields, defaults)
    tools = units.pop(_TOOLS, None)
    if isinstance(tools, dict):
        units.update({("tools", name): tool for name, tool in tools.items()})
    secrets, plain_tools = secret_paths(desired), plainly_named_tools(desired)
    return (symbols or Symbols()).in_diffs(
        FieldDiff(
            dotted(shown_path(path, plain_tools) if touches(secrets, path) else path),
            None,
            shown_declared(value, path, desired) if touches(secrets, path) else value,
            Origin.MANIFEST,
            touches(secrets, path),
        )
        for path, value in units.items()
    )


def _declared_units(fields: Mapping[str, Json], defaults: FieldDefaults) -> dict[Path, Json]:
    metadata = fields.get("metadata")
    return canonical_units(fields, metadata if isinstance(metadata, dict) else {}, defaults)


def known_units() -> Iterator[Path]:
    """The units a baseline may name although the answer does not show them."""
    yield from ((name,) for name in ("description", "instructions", *SETTINGS, "tools"))
    yield from (("tool_resources", tool, ids_name) for tool, ids_name in RESOURCE_LISTS.items())
