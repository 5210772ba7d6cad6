"""Who depends on whom in a plan: an assistant on those that it names by key, and on the store that it shares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from assistctl.model.change import QualifiedKey
from assistctl.model.plan import Action, Change, Desired, Kind

_ENDING = frozenset({Action.DELETE, Action.FORGET})


def with_dependencies(
    changes: Iterable[Change], wanted: Mapping[str, Desired], named: Mapping[str, Collection[str]]
) -> tuple[Change, ...]:
    """``changes`` with what each assistant among them depends on; ``named`` are the keys that each key names."""
    return tuple(
        replace(change, depends_on=found) if (found := _dependencies(change, wanted, named)) else change
        for change in changes
    )


def _dependencies(
    change: Change, wanted: Mapping[str, Desired], named: Mapping[str, Collection[str]]
) -> tuple[QualifiedKey, ...]:
    desired = wanted.get(change.key)
    if change.kind is not Kind.ASSISTANT or change.action in _ENDING or desired is None:
        return ()
    assistants = [QualifiedKey(Kind.ASSISTANT, key) for key in named.get(change.key, ()) if key != change.key]
    is_shared = desired.store is not None and desired.store != change.key
    stores = [QualifiedKey(Kind.VECTOR_STORE, str(desired.store))] if is_shared else []
    return (*sorted(assistants), *stores)
