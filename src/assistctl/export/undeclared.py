"""Existing things that no manifest declares, and the keys and identities they get in a manifest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistctl.export.yaml_writer import key_for
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.ownership.mark import is_marked, read_mark
from assistctl.planning.identity.moves import Movable

# A manifest of this name would be taken for the project's own file.
_NO_KEY = "assistctl"


@dataclass(frozen=True, slots=True)
class Scope:
    """The owner whose assistants are ours: a project's ``target``.

    Where that is ``None``, those of all its targets; what others own is then not left to them, because where it
    was owned is gone.
    """

    project: str
    target: str | None

    def key_of(self, metadata: Mapping[str, object]) -> str | None:
        """The key that an assistant of ours has."""
        mark = read_mark(metadata)
        if mark is None or not mark.owned_by(self.project, self.target or mark.target):
            return None
        return mark.key

    def leaves(self, metadata: Mapping[str, object]) -> bool:
        """Whether somebody else owns an assistant, who is left to keep it."""
        return self.target is not None and is_marked(metadata) and self.key_of(metadata) is None


def undeclared(observed: Iterable[Observed], declared: Sequence[Movable], scope: Scope) -> list[Observed]:
    """The things that no manifest declares by key or, where nobody owns them, by id or name.

    A name is one that a manifest takes over only where its key owns nothing yet.
    """
    listed = [*observed]
    owned = {scope.key_of(assistant.metadata) for assistant in listed}
    keys = {assistant.key for assistant in declared} | {assistant.moved_from for assistant in declared}
    waiting = [assistant for assistant in declared if assistant.key not in owned and assistant.import_id is None]
    ids = {assistant.import_id for assistant in declared}
    chosen = []
    for assistant in listed:
        key = scope.key_of(assistant.metadata)
        known = assistant.id in ids or (key in keys if key is not None else _is_awaited(assistant, waiting))
        if not known and not scope.leaves(assistant.metadata):
            chosen.append(assistant)
    return chosen


def _is_awaited(assistant: Observed, waiting: Iterable[Movable]) -> bool:
    """Whether a manifest that owns nothing yet has its name or, if it has none, the key that is made of its id."""
    if assistant.name is None:
        return any(each.name is None and each.key == key_for(assistant, ()) for each in waiting)
    return any(each.name == assistant.name for each in waiting)


def keyed(
    chosen: Sequence[Observed], declared: Sequence[Movable], scope: Scope, others: Collection[str] = ()
) -> list[tuple[str, Observed]]:
    """Each of ``chosen`` with the key it had, if that is free, or a new one made from its name.

    ``others`` are keys that are not free either, those of vector stores.
    """
    had_keys = {key for assistant in chosen if (key := scope.key_of(assistant.metadata))}
    taken = {*others, *(assistant.key for assistant in declared)}
    found = []
    for assistant in chosen:
        had = scope.key_of(assistant.metadata)
        key = had if had and had not in taken else key_for(assistant, {_NO_KEY, *taken, *had_keys})
        taken.add(key)
        found.append((key, assistant))
    return found


def identity(key: str, assistant: Observed, scope: Scope, duplicates: Collection[str]) -> dict[str, Json]:
    """The fields by which a manifest with ``key`` takes over this assistant and creates no other.

    Nothing, for one that has the key, and for one that others own, which cannot be taken over. ``duplicates``
    are the keys that several have.
    """
    had = scope.key_of(assistant.metadata)
    if had == key or (had is None and is_marked(assistant.metadata)):
        return {}
    return {"import": assistant.id} if had is None or had in duplicates else {"moved_from": had}
