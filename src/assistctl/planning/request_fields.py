"""A platform's own fields in a request, and the fields that a platform wants to have together."""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.model.plan import Json
from assistctl.ownership.canonical import PLATFORMS, own_fields
from assistctl.planning.comparison.three_way import Comparison

_MODEL = "model"


def changed_own_fields(comparison: Comparison) -> Json:
    """The platform's own fields that differ, each as a whole: what is declared no longer in them as null."""
    changed: dict[str, Json] = {}
    platform = ""
    for unit in comparison.changed:
        if unit[0] == PLATFORMS:
            platform, name = str(unit[1]), str(unit[2])
            changed[name] = _whole(comparison, platform, name)
    return {platform: changed}


def add_companions(fields: dict[str, Json], group: tuple[str, ...], comparison: Comparison) -> None:
    """Add to ``fields`` what of ``group`` is missing, if any of it is there.

    A name is that of a field, or ``platforms.NAME`` for one of the platform's own.
    What a new model is not known to accept is not carried over to it.
    """
    if not any(_has(fields, name) for name in group):
        return
    forgets = _MODEL in group and comparison.model_changes
    for name in group:
        if _has(fields, name):
            continue
        if _has(comparison.fields, name):
            _put(fields, name, _get(comparison.fields, name), comparison)
        elif _has(comparison.observed.fields, name):
            _put(fields, name, None if forgets else _get(comparison.observed.fields, name), comparison)


def _whole(comparison: Comparison, platform: str, name: str) -> Json:
    declared = own_fields(comparison.fields).get(name)
    dropped: dict[str, Json] = {
        str(unit[3]): None for unit in comparison.undeclared if unit[:-1] == (PLATFORMS, platform, name)
    }
    return {**dropped, **declared} if isinstance(declared, dict) else declared


def _has(fields: Mapping[str, Json], name: str) -> bool:
    field, _, own = name.partition(".")
    return own in own_fields(fields) if own else field in fields


def _get(fields: Mapping[str, Json], name: str) -> Json:
    field, _, own = name.partition(".")
    return own_fields(fields)[own] if own else fields[field]


def _put(fields: dict[str, Json], name: str, value: Json, comparison: Comparison) -> None:
    field, _, own = name.partition(".")
    if not own:
        fields[field] = value
        return
    platforms = comparison.fields.get(PLATFORMS) or comparison.observed.fields.get(PLATFORMS)
    platform = next(iter(platforms)) if isinstance(platforms, dict) else ""
    fields[PLATFORMS] = {platform: {**own_fields(fields), own: value}}
