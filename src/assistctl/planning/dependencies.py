"""What depends on what in a plan: things on those that they name by key, an assistant on the store it shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from assistctl.model.assistant import Desired
from assistctl.model.change import Action, Change, QualifiedKey
from assistctl.model.kind import Kind
from assistctl.planning.rosters import Rosters

_ENDING = frozenset({Action.DELETE, Action.FORGET})


def with_dependencies(
    changes: Iterable[Change], wanted: Mapping[str, Desired], rosters: Rosters
) -> tuple[Change, ...]:
    """``changes`` with what each thing among them depends on; ``wanted`` are the assistants, by key."""
    return tuple(
        replace(change, depends_on=found) if (found := _dependencies(change, wanted, rosters)) else change
        for change in changes
    )


def _dependencies(change: Change, wanted: Mapping[str, Desired], rosters: Rosters) -> tuple[QualifiedKey, ...]:
    if change.action in _ENDING:
        return ()
    about = change.qualified_key
    named = {reference.about for reference in rosters.named.get(about, ())} - {about}
    desired = wanted.get(change.key) if change.kind is Kind.ASSISTANT else None
    is_shared = desired is not None and desired.store is not None and desired.store != change.key
    stores = [QualifiedKey(Kind.VECTOR_STORE, str(desired.store))] if desired is not None and is_shared else []
    return (*sorted(named), *stores)
