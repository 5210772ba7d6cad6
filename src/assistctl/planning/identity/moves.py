"""Identities that change hands on purpose: taken over by id, carried to another key, or let go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistctl.errors import did_you_mean
from assistctl.model.knowledge import DesiredStore
from assistctl.model.plan import Desired, Diagnostic, Observed, Severity
from assistctl.ownership.mark import MARK, is_marked
from assistctl.planning.identity.inventory import Inventory
from assistctl.planning.options import PlanOptions


@dataclass(frozen=True, slots=True)
class Transfers:
    """What the manifests and the project say about identities, as far as it can be done.

    ``moved`` maps a new key to the one it comes from, ``imported`` a key to what it takes over, and ``chosen`` a
    key to the one it means of several that carry the same mark. ``forgotten`` are the keys to let go.
    ``diagnostics`` says what cannot be done.
    """

    moved: Mapping[str, str]
    imported: Mapping[str, Observed]
    forgotten: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]
    chosen: Mapping[str, Observed]

    def of(self, key: str, owned: Sequence[Observed]) -> Sequence[Observed]:
        """Which of the assistants that carry the mark of ``key`` it means: all, unless a manifest says."""
        mine = self.chosen.get(key)
        if mine is not None:
            return [mine]
        taken = {one.id for one in self.chosen.values()}
        return [one for one in owned if one.id not in taken]

    @property
    def left_behind(self) -> frozenset[str]:
        """The keys that are carried to others: nothing is to be decided about them any more."""
        return frozenset(self.moved.values())


def transfers(wanted: Mapping[str, Desired], world: Inventory, plan_options: PlanOptions) -> Transfers:
    """What ``moved_from:``, ``import:`` and ``removed:`` come to in this world."""
    newcomers = {key: one for key, one in wanted.items() if key not in world.owned}
    chosen = _chosen(wanted, world)
    moved = {
        key: one.moved_from
        for key, one in newcomers.items()
        if one.moved_from is not None and one.moved_from in world.owned and one.moved_from not in wanted
    }
    wishes = {key: one for key, one in newcomers.items() if one.import_id and key not in {*moved, *chosen}}
    imported = {
        key: world.free_by_id[one.import_id]
        for key, one in wishes.items()
        if one.import_id is not None and one.import_id in world.free_by_id
    }
    diagnostics = (
        *(_cannot_import(one, world) for key, one in wishes.items() if key not in imported),
        *_rivals(newcomers, wanted),
        *(diagnostic for one in newcomers.values() for diagnostic in _misspelt(one, world, wanted)),
        *(still_declared(wanted[key]) for key in sorted(plan_options.forget & wanted.keys())),
    )
    return Transfers(moved, imported, plan_options.forget - wanted.keys(), diagnostics, chosen)


def _chosen(wanted: Mapping[str, Desired], world: Inventory) -> dict[str, Observed]:
    """The twins that manifests name by id: one with the mark of the manifest's own key, or of another."""
    duplicates = {one.id: (key, one) for key, those in world.owned.items() if len(those) > 1 for one in those}
    named = [
        (key, *duplicates[one.import_id])
        for key, one in wanted.items()
        if one.import_id in duplicates and one.import_id
    ]
    found = {key: one for key, owner, one in named if owner == key}
    for key, _, one in named:
        if key not in world.owned and one.id not in {each.id for each in found.values()}:
            found[key] = one
    return found


def _misspelt(one: Desired, world: Inventory, wanted: Mapping[str, Desired]) -> Iterator[Diagnostic]:
    """A ``moved_from`` that is nearly a key which would be deleted; on a new target it is rightly nothing."""
    if one.moved_from is None or one.moved_from in {*world.owned, *wanted}:
        return
    advice = did_you_mean(one.moved_from, world.owned.keys() - wanted.keys())
    if advice:
        summary = f"nothing here has the key {one.moved_from!r}, so {one.key!r} is a new assistant"
        position = one.position_of("moved_from")
        yield Diagnostic(Severity.WARNING, summary, advice, key=one.key, path="moved_from", position=position)


def _rivals(newcomers: Mapping[str, Desired], wanted: Mapping[str, Desired]) -> Iterator[Diagnostic]:
    """Two that want the same identity, or one that wants what another still has."""
    claimed: dict[str, str] = {}
    for key, one in newcomers.items():
        for field, wish in (("moved_from", one.moved_from), ("import", one.import_id)):
            if wish is None:
                continue
            rival = claimed.setdefault(wish, key)
            if field == "moved_from" and wish in wanted:
                yield _error(
                    one, field, f"{wish!r} is declared itself, so it cannot move to {key!r}", "Remove one."
                )
            elif rival != key:
                yield _error(one, field, f"{rival!r} wants {wish!r} as well", "An identity goes to one key only.")


def _cannot_import(one: Desired, world: Inventory) -> Diagnostic:
    taken = world.others.get(str(one.import_id))
    if taken is None:
        return _error(
            one, "import", f"there is no assistant {one.import_id!r} on the platform", "Look for its id."
        )
    return _error(
        one,
        "import",
        f"{one.import_id!r} is owned by {_owner(taken)}",
        "Only what nobody owns can be imported, or one of several with the same mark. Within a project, "
        "`moved_from:` carries it to another key.",
    )


def _owner(taken: Observed) -> str:
    mark = taken.metadata.get(MARK, "")
    return mark if is_marked(taken.metadata) and mark else "another project"


def still_declared(one: Desired | DesiredStore) -> Diagnostic:
    """Something that is to be let go, and that the manifests declare."""
    return Diagnostic(
        Severity.ERROR,
        f"{one.key!r} is to be let go and is declared as well",
        "Remove the manifest, or the key from `removed:` in assistctl.yaml.",
        key=one.key,
        position=one.position,
    )


def _error(one: Desired, path: str, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, detail, key=one.key, path=path, position=one.position_of(path))
