"""Things to be created although a look-alike exists under another key, project or target.

A renamed manifest, project or target is another identity, and nothing can tell that from a new thing. So it is
said, with the way to carry over what is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import FieldDefaults
from assistctl.model.change import Action, Change
from assistctl.model.counting import first_named
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedStore
from assistctl.model.plan import PlanOptions
from assistctl.model.resource import DesiredResource
from assistctl.ownership.canonical import canonical, default_of, digest
from assistctl.ownership.file_marks import contents_digest, filled_with
from assistctl.ownership.mark import Mark
from assistctl.ownership.sensitive import Declared
from assistctl.planning.identity.inventory import Inventory
from assistctl.planning.identity.moves import Transfers
from assistctl.planning.vector_stores.inventory import StoreInventory

_CONTENT = ("model", "description", "instructions", "tools", "response_format")
# Without any of these an assistant is like many others.
_TELLING = ("instructions", "tools")
# So many are named in one message.
_NAMED = 5
_SAME_NAME = "the same name"


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Looks for what is like the things that a plan creates.

    ``wanted`` is what is declared, by key; ``declared_stores`` are the keys of all declared vector stores.
    """

    wanted: Mapping[str, Desired]
    declared_stores: frozenset[str]
    inventory: Inventory[Observed]
    moving: Transfers
    store_inventory: StoreInventory
    plan_options: PlanOptions
    defaults: FieldDefaults

    def among(self, changes: Iterable[Change]) -> Iterator[Diagnostic]:
        """A warning for each new key that looks like one which nobody declares any more, and for each other owner.

        None for a rollback, which knows what it puts back.
        """
        if self.plan_options.deletable is not None:
            return
        created = [change for change in changes if change.action is Action.CREATE]
        assistants = [change for change in created if change.kind is Kind.ASSISTANT]
        yield from self._under_other_keys(assistants)
        yield from self._stores_under_other_keys(change for change in created if change.kind is Kind.VECTOR_STORE)
        yield from self._of_other_owners(assistants)

    def _under_other_keys(self, created: Sequence[Change]) -> Iterator[Diagnostic]:
        settled = {*self.wanted, *self.moving.moved.values(), *self.moving.forgotten}
        left = {key: same_key[0] for key, same_key in self.inventory.owned.items() if key not in settled}
        by_name = _keys_by((observed.name, key) for key, observed in left.items())
        by_content = _keys_by((self._content(observed.fields), key) for key, observed in left.items())
        told: set[str] = set()
        for change in created if left else ():
            same_name = _first(by_name, change.name, told)
            key = same_name or _first(by_content, self._telling_content(change), told)
            if key is not None:
                told.add(key)
                likeness = _SAME_NAME if same_name else "the same content"
                yield _under_other_key(self.wanted[change.key], key, likeness)

    def _stores_under_other_keys(self, created: Iterable[Change]) -> Iterator[Diagnostic]:
        settled = {*self.declared_stores, *self.store_inventory.moved.values(), *self.plan_options.forget}
        left = {key: store for key, store in self.store_inventory.live.items() if key not in settled}
        by_name = _keys_by((_name_of(store), key) for key, store in left.items())
        by_files = _keys_by((filled_with(store.metadata), key) for key, store in left.items())
        told: set[str] = set()
        for change in created if left else ():
            wanted = self.store_inventory.wanted[change.key]
            if not wanted.shared:
                continue
            same_name = _first(by_name, change.name, told)
            same_files = _first(by_files, contents_digest(wanted) if wanted.files else None, told)
            key = min((key for key in (same_name, same_files) if key is not None), default=None)
            if key is not None:
                told.add(key)
                yield _under_other_key(wanted, key, "the same files" if key == same_files else _SAME_NAME)

    def _of_other_owners(self, created: Sequence[Change]) -> Iterator[Diagnostic]:
        owners: dict[Mark, list[str]] = {}
        marked = ((observed, self.inventory.marks.get(observed.id)) for observed in self.inventory.others.values())
        foreign = [(observed, mark) for observed, mark in marked if mark is not None and not self._is_beside(mark)]
        by_key = {change.key: change for change in created} if foreign else {}
        by_content = _keys_by((self._telling_content(change), key) for key, change in by_key.items())
        for observed, mark in foreign if created else ():
            same_key = by_key.get(mark.key)
            is_copy = same_key is not None and self._is_copy(same_key, mark, observed)
            alike = mark.key if is_copy else _first(by_content, self._content(observed.fields), ())
            if alike is not None:
                owners.setdefault(Mark(mark.project, mark.target, ""), []).append(f"{alike} ({observed.id})")
        for owner, copies in sorted(owners.items(), key=lambda item: (item[0].project, item[0].target)):
            yield self._elsewhere(owner, sorted(copies))

    def _is_beside(self, mark: Mark) -> bool:
        """Whether it is ours, or of another target that the project has: each has its own."""
        if mark.project != self.plan_options.project:
            return False
        return mark.target == self.plan_options.target.name or (
            self.plan_options.targets is None or mark.target in self.plan_options.targets
        )

    def _is_copy(self, change: Change, mark: Mark, observed: Observed) -> bool:
        """Whether a new one is what others own under its key; of another project, a name alone says little."""
        if change.name != observed.name:
            return False
        is_ours = mark.project == self.plan_options.project
        return is_ours or self._content(_fields_of(change)) == self._content(observed.fields)

    def _elsewhere(self, owner: Mark, copies: Sequence[str]) -> Diagnostic:
        what = "target" if owner.project == self.plan_options.project else "project"
        return Diagnostic(
            Severity.WARNING,
            f"project={owner.project} target={owner.target} owns what looks the same as "
            f"{'one' if len(copies) == 1 else len(copies)} to be created: {first_named(copies, _NAMED)}",
            f"If the {what} was renamed, give it its old name again; or let go there with `assistctl forget`, and "
            "take over here with `import: ID`. Otherwise these are created beside those.",
        )

    def _telling_content(self, change: Change) -> str | None:
        """The digest of what a new assistant is like; ``None`` where that is too little to know it by."""
        fields = _fields_of(change)
        return self._content(fields) if any(fields.get(name) for name in _TELLING) else None

    def _content(self, fields: Mapping[str, Json]) -> str:
        defaults = self.defaults
        return digest(
            [
                canonical(name, fields[name], defaults) if name in fields else default_of((name,), defaults)
                for name in _CONTENT
            ]
        )


def same_name_under_other_key(
    created: Iterable[Change], wanted: Mapping[str, DesiredResource], left: Mapping[str, Observed]
) -> Iterator[Diagnostic]:
    """A warning for each of the ``created`` that has the name of one of ``left``, which nobody declares."""
    by_name = _keys_by((observed.name, key) for key, observed in left.items())
    told: set[str] = set()
    for change in created:
        key = _first(by_name, change.name, told)
        if key is not None:
            told.add(key)
            yield _under_other_key(wanted[change.key], key, _SAME_NAME)


def _name_of(store: ObservedStore) -> str | None:
    name = store.fields.get("name")
    return name if isinstance(name, str) else None


def _under_other_key(desired: Declared, old_key: str, likeness: str) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        f"{desired.key!r} is new, and {old_key!r}, which no manifest declares any more, has {likeness}",
        f"If that is the same under another key, add `moved_from: {old_key}` to the manifest, and it keeps "
        "its id. Otherwise the one is created and the other deleted.",
        key=desired.key,
        position=desired.position,
    )


def _fields_of(change: Change) -> Mapping[str, Json]:
    return change.request.fields if change.request is not None else {}


def _keys_by(named: Iterable[tuple[str | None, str]]) -> dict[str, list[str]]:
    """The keys of each name (or digest), in falling order."""
    found: dict[str, list[str]] = {}
    for name, key in sorted(named, key=lambda pair: pair[1], reverse=True):
        if name is not None:
            found.setdefault(name, []).append(key)
    return found


def _first(keys_by: Mapping[str, list[str]], name: str | None, told: Collection[str]) -> str | None:
    """The first key of a name that was not told; what was told goes."""
    keys = keys_by.get(name, []) if name is not None else []
    while keys and keys[-1] in told:
        keys.pop()
    return keys[-1] if keys else None
