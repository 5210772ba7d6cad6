"""The mark that a change leaves: who owns the thing from then on, and whether it is protected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistctl.model.plan import FieldDiff, Lifecycle, Origin
from assistctl.ownership.mark import Mark, read_mark
from assistctl.planning.options import PlanOptions


@dataclass(frozen=True, slots=True)
class Marking:
    """The ``mark`` a thing is to carry, and in what that differs from the one it carries."""

    mark: Mark
    diffs: tuple[FieldDiff, ...]


def marking(
    plan_options: PlanOptions, key: str, lifecycle: Lifecycle, metadata: Mapping[str, str] | None = None
) -> Marking:
    """What marks a thing as the project's under ``key``; ``metadata`` is what it has, ``None`` for a new one.

    A lifecycle that says nothing of protection leaves it as it is.
    """
    there = read_mark(metadata or {})
    was = bool(there and there.prevent_destroy)
    now = was if lifecycle.prevent_destroy is None else lifecycle.prevent_destroy
    diffs = []
    if was is not now:
        shown = was if metadata is not None else None
        diffs.append(FieldDiff("lifecycle.prevent_destroy", shown, now, Origin.MANIFEST))
    if there is not None and there.key != key:
        diffs.append(FieldDiff("key", there.key, key, Origin.MANIFEST))
    return Marking(Mark(plan_options.project, plan_options.target.name, key, now), tuple(diffs))
