"""Which of the assistants that exist no manifest declares, and the keys they get in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistctl.export.yaml_writer import key_for
from assistctl.model.plan import Desired, Observed
from assistctl.ownership.mark import is_marked, read_mark

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


def undeclared(observed: Iterable[Observed], declared: Sequence[Desired], scope: Scope) -> list[Observed]:
    """What no manifest declares by its key or, where nobody owns it, by its name."""
    keys = {one.key for one in declared}
    names = {one.fields.get("name") for one in declared}
    chosen = []
    for one in observed:
        key = scope.key_of(one.metadata)
        known = key in keys if key is not None else one.name in names
        if not known and not scope.leaves(one.metadata):
            chosen.append(one)
    return chosen


def keyed(chosen: Iterable[Observed], declared: Sequence[Desired], scope: Scope) -> list[tuple[str, Observed]]:
    """Each of ``chosen`` with the key it had, if that is free, or a new one made from its name."""
    taken = {_NO_KEY, *(one.key for one in declared)}
    found = []
    for one in chosen:
        had = scope.key_of(one.metadata)
        key = had if had and had not in taken else key_for(one, taken)
        taken.add(key)
        found.append((key, one))
    return found
