"""What would be created although something that looks the same is there, under another key, project or target.

A renamed manifest, project or target is another identity, and nothing can tell that from a new thing. So it is
said, with the way to carry over what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistctl.model.capabilities import FieldDefaults
from assistctl.model.knowledge import DesiredStore
from assistctl.model.plan import Action, Change, Desired, Diagnostic, Json, Kind, Observed, Severity
from assistctl.ownership.canonical import canonical, default_of, same
from assistctl.ownership.file_marks import was_filled_with
from assistctl.ownership.mark import Mark
from assistctl.planning.identity.inventory import Inventory
from assistctl.planning.identity.moves import Transfers
from assistctl.planning.options import PlanOptions
from assistctl.planning.vector_stores.inventory import StoreInventory

_CONTENT = ("model", "description", "instructions", "tools", "response_format")
# Without any of these an assistant is like many others.
_TELLING = ("instructions", "tools")
# So many are named in one message.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Looks for what is like the things that a plan creates. ``wanted`` is what is declared, by key."""

    wanted: Mapping[str, Desired]
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
        creation_diffs = [change for change in changes if change.action is Action.CREATE]
        assistants = [change for change in creation_diffs if change.kind is Kind.ASSISTANT]
        yield from self._under_other_keys(assistants)
        yield from self._stores_under_other_keys(
            change for change in creation_diffs if change.kind is Kind.VECTOR_STORE
        )
        yield from self._of_other_owners(assistants)

    def _under_other_keys(self, creation_diffs: Sequence[Change]) -> Iterator[Diagnostic]:
        left = {
            key: those[0]
            for key, those in self.inventory.owned.items()
            if key not in self.wanted and key not in {*self.moving.moved.values(), *self.moving.forgotten}
        }
        for change in creation_diffs:
            found = {key: why for key, one in left.items() if (why := self._likeness(change, one)) is not None}
            for key in sorted(found, key=lambda one: (found[one] != _SAME_NAME, one))[:1]:
                del left[key]
                yield self._warning(self.wanted[change.key], key, found[key])

    def _stores_under_other_keys(self, creation_diffs: Iterable[Change]) -> Iterator[Diagnostic]:
        left = {
            key: store
            for key, store in self.store_inventory.live.items()
            if key
            not in {*self.store_inventory.wanted, *self.store_inventory.moved.values(), *self.plan_options.forget}
        }
        for change in creation_diffs:
            wanted = self.store_inventory.wanted[change.key]
            for key, there in sorted(left.items()) if wanted.shared else ():
                is_filled = bool(wanted.files) and was_filled_with(wanted, there.metadata)
                if is_filled or there.fields.get("name") == change.name:
                    yield self._warning(wanted, key, "the same files" if is_filled else _SAME_NAME)
                    del left[key]
                    break

    def _of_other_owners(self, creation_diffs: Sequence[Change]) -> Iterator[Diagnostic]:
        owners: dict[Mark, list[str]] = {}
        for one in self.inventory.others.values():
            mark = self.inventory.marks.get(one.id)
            if mark is None or self._is_beside(mark):
                continue
            alike = next((change.key for change in creation_diffs if self._is_copy(change, mark, one)), None)
            if alike is not None:
                owners.setdefault(Mark(mark.project, mark.target, ""), []).append(f"{alike} ({one.id})")
        for owner, those in sorted(owners.items(), key=lambda item: (item[0].project, item[0].target)):
            yield self._elsewhere(owner, sorted(those))

    def _is_beside(self, mark: Mark) -> bool:
        """Whether it is ours, or of another target that the project has: each has its own."""
        if mark.project != self.plan_options.project:
            return False
        return mark.target == self.plan_options.target.name or (
            self.plan_options.targets is None or mark.target in self.plan_options.targets
        )

    def _is_copy(self, change: Change, mark: Mark, one: Observed) -> bool:
        """Whether a new assistant is just like one that others own; of another project, a name says nothing."""
        same_key = change.key == mark.key and change.name == one.name
        if mark.project == self.plan_options.project and same_key:
            return True
        return (same_key or _is_telling(change)) and self._has_same_content(change, one)

    def _warning(self, one: Desired | DesiredStore, old_key: str, likeness: str) -> Diagnostic:
        return Diagnostic(
            Severity.WARNING,
            f"{one.key!r} is new, and {old_key!r}, which no manifest declares any more, has {likeness}",
            f"If that is the same under another key, add `moved_from: {old_key}` to the manifest, and it keeps "
            "its id. Otherwise the one is created and the other deleted.",
            key=one.key,
            position=one.position,
        )

    def _elsewhere(self, owner: Mark, those: Sequence[str]) -> Diagnostic:
        what = "target" if owner.project == self.plan_options.project else "project"
        more = f" and {len(those) - _NAMED} more" if len(those) > _NAMED else ""
        return Diagnostic(
            Severity.WARNING,
            f"project={owner.project} target={owner.target} owns what looks the same as "
            f"{'one' if len(those) == 1 else len(those)} to be created: {', '.join(those[:_NAMED])}{more}",
            f"If the {what} was renamed, give it its old name again; or let go there with `assistctl forget`, and "
            "take over here with `import: ID`. Otherwise these are created beside those.",
        )

    def _likeness(self, change: Change, one: Observed) -> str | None:
        if change.name is not None and change.name == one.name:
            return _SAME_NAME
        return "the same content" if _is_telling(change) and self._has_same_content(change, one) else None

    def _has_same_content(self, change: Change, one: Observed) -> bool:
        fields = change.request.fields if change.request is not None else {}
        return all(same(self._canonical(name, fields), self._canonical(name, one.fields)) for name in _CONTENT)

    def _canonical(self, field: str, fields: Mapping[str, Json]) -> Json:
        if field in fields:
            return canonical(field, fields[field], self.defaults)
        return default_of((field,), self.defaults)


_SAME_NAME = "the same name"


def _is_telling(change: Change) -> bool:
    fields = change.request.fields if change.request is not None else {}
    return any(fields.get(field) for field in _TELLING)
