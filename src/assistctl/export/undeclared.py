"""Which of the things that exist no manifest declares, and the keys and identities they get in one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistctl.export.yaml_writer import key_for
from assistctl.model.plan import Json, Observed
from assistctl.ownership.mark import is_marked, read_mark
from assistctl.planning.identity.moves import Movable

# A manifest of this name would be taken for the project's own file.
_NO_KEY = "assistctl"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose assistants are ours: those of a project's ``target``.

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
    """What no manifest declares by its key or, where nobody owns it, by its id or its name.

    A name is one that a manifest takes over only where its key owns nothing yet.
    """
    there = [*observed]
    owned = {scope.key_of(one.metadata) for one in there}
    keys = {one.key for one in declared} | {one.moved_from for one in declared}
    waiting = [one for one in declared if one.key not in owned and one.import_id is None]
    ids = {one.import_id for one in declared}
    chosen = []
    for one in there:
        key = scope.key_of(one.metadata)
        known = one.id in ids or (key in keys if key is not None else _is_awaited(one, waiting))
        if not known and not scope.leaves(one.metadata):
            chosen.append(one)
    return chosen


def _is_awaited(one: Observed, waiting: Iterable[Movable]) -> bool:
    """Whether a manifest that owns nothing yet has its name or, if it has none, the key that is made of its id."""
    if one.name is None:
        return any(each.name is None and each.key == key_for(one, ()) for each in waiting)
    return any(each.name == one.name for each in waiting)


def keyed(
    chosen: Sequence[Observed], declared: Sequence[Movable], scope: Scope, others: Collection[str] = ()
) -> list[tuple[str, Observed]]:
    """Each of ``chosen`` with the key it had, if that is free, or a new one made from its name.

    ``others`` are keys that are not free either, those of vector stores.
    """
    had_keys = {key for one in chosen if (key := scope.key_of(one.metadata))}
    taken = {*others, *(one.key for one in declared)}
    found = []
    for one in chosen:
        had = scope.key_of(one.metadata)
        key = had if had and had not in taken else key_for(one, {_NO_KEY, *taken, *had_keys})
        taken.add(key)
        found.append((key, one))
    return found


def identity(key: str, one: Observed, scope: Scope, duplicates: Collection[str]) -> dict[str, Json]:
    """What a manifest with ``key`` says so that it takes over this one and makes no other.

    Nothing, for one that has the key, and for one that others own, which cannot be taken over. ``duplicates``
    are the keys that several have.
    """
    had = scope.key_of(one.metadata)
    if had == key or (had is None and is_marked(one.metadata)):
        return {}
    return {"import": one.id} if had is None or had in duplicates else {"moved_from": had}
