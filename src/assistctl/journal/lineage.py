"""The things an apply created, and those that later rollbacks put in their place: all its rollback may delete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assistctl.journal.records import Apply, Entry, Outcome
from assistctl.model.change import Action, QualifiedKey

_ROLLBACK = "rollback "


@dataclass(frozen=True, slots=True)
class Created:
    """The ``ids`` of what an apply created.

    ``unnamed``: what it created has no id on record, for it was cut off, and nobody came across it since. If
    something bears that key now, it is that.
    """

    ids: frozenset[str] = frozenset()
    unnamed: frozenset[QualifiedKey] = frozenset()


def created_by(apply: Apply, later: Sequence[Apply]) -> Created:
    """The things ``apply`` created, as far as it and the ``later`` applies to its target (oldest first) tell."""
    history = _History([apply, *later])
    ids: set[str] = set()
    unnamed: set[QualifiedKey] = set()
    for entry in apply.entries:
        if entry.action is not Action.CREATE or entry.outcome in {Outcome.SKIPPED, Outcome.WITHDRAWN}:
            continue
        about = QualifiedKey(entry.kind, entry.key)
        found = history.made(0, entry)
        made = [found, *history.restored(0, about, found.id)] if found.id is not None else [found]
        ids |= {creation.id for creation in made if creation.id is not None}
        if any(creation.may_be_there for creation in made):
            unnamed.add(about)
    return Created(frozenset(ids), frozenset(unnamed))


@dataclass(frozen=True, slots=True)
class _Made:
    """The outcome of one create: an ``id``, or none on record; it ``may_be_there`` nevertheless."""

    id: str | None = None
    may_be_there: bool = False


@dataclass(slots=True)
class _History:
    applies: Sequence[Apply]
    _places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._places = {apply.header.id: place for place, apply in enumerate(self.applies)}

    def made(self, place: int, entry: Entry) -> _Made:
        """The thing that the create ``entry`` of the apply at ``place`` made."""
        if entry.id is not None:
            return _Made(entry.id)
        if entry.outcome is Outcome.FAILED:
            return _Made()
        about = QualifiedKey(entry.kind, entry.key)
        for after in self._entries_after(place, about):
            # Whoever creates did not find it there; whoever takes over finds what is nobody's.
            if after.action in {Action.CREATE, Action.ADOPT} or after.before is None:
                return _Made()
            return _Made(after.before.id)
        return _Made(may_be_there=True)

    def restored(self, place: int, about: QualifiedKey, object_id: str) -> Iterator[_Made]:
        """The things that rollbacks created in place of ``object_id``, after it was deleted."""
        ids = {object_id}
        for later in range(place + 1, len(self.applies)):
            undone = self._places.get(self.applies[later].header.command.removeprefix(_ROLLBACK))
            if undone is None or not any(
                entry.before is not None and entry.before.id in ids for entry in self._entries(undone, about)
            ):
                continue
            for entry in self._entries(later, about):
                if entry.action is Action.CREATE:
                    again = self.made(later, entry)
                    ids |= {again.id} if again.id is not None else set()
                    yield again

    def _entries_after(self, place: int, about: QualifiedKey) -> Iterator[Entry]:
        for later in range(place + 1, len(self.applies)):
            yield from self._entries(later, about)

    def _entries(self, place: int, about: QualifiedKey) -> Iterator[Entry]:
        for entry in self.applies[place].entries:
            if (entry.kind, entry.key) == about and entry.outcome is not Outcome.SKIPPED:
                yield entry
