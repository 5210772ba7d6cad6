"""Identities that change hands on purpose: taken over by id, carried to another key, or let go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from assistctl.errors import did_you_mean
from assistctl.model.knowledge import DesiredStore
from assistctl.model.plan import Desired, Diagnostic, Observed, Severity
from assistctl.model.resource import DesiredResource
from assistctl.ownership.mark import MARK, is_marked
from assistctl.ownership.sensitive import kind_of
from assistctl.planning.identity.inventory import Inventory
from assistctl.planning.options import PlanOptions

Movable: TypeAlias = Desired | DesiredResource
"""What a manifest declares of a kind whose things can be taken over by their ids."""


@dataclass(frozen=True, slots=True)
class Transfers:
    """What the manifests and the project say about identities, as far as it can be done.

    ``moved`` maps a new key to the one it comes from, ``imported`` a key to the id of what it takes over, and
    ``chosen`` a key to the id of the one it means of several that carry the same mark. ``forgotten`` are the keys
    to let go, ``released`` those to let go once they are as declared. ``diagnostics`` says what cannot be done.
    """

    moved: Mapping[str, str] = field(default_factory=dict)
    imported: Mapping[str, str] = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)
    released: frozenset[str] = frozenset()


def transfers(
    wanted: Mapping[str, Movable], inventory: Inventory[Observed], plan_options: PlanOptions
) -> Transfers:
    """What ``moved_from:``, ``import:`` and ``removed:`` come to in this inventory."""
    newcomers = {key: one for key, one in wanted.items() if key not in inventory.owned}
    chosen = _chosen(wanted, inventory)
    moved = {
        key: one.moved_from
        for key, one in newcomers.items()
        if one.moved_from is not None and one.moved_from in inventory.owned and one.moved_from not in wanted
    }
    settled = {*moved, *chosen}
    wishes = {key: one for key, one in newcomers.items() if one.import_id and key not in settled}
    imported = {
        key: one.import_id
        for key, one in wishes.items()
        if one.import_id is not None and one.import_id in inventory.free_by_id
    }
    diagnostics = (
        *(_cannot_import(one, inventory) for key, one in wishes.items() if key not in imported),
        *_rivals(newcomers, wanted),
        *_misspelt(newcomers.values(), inventory, wanted),
        *(still_declared(wanted[key]) for key in sorted(plan_options.forget & wanted.keys())),
    )
    forgotten = plan_options.forget - wanted.keys()
    return Transfers(moved, imported, forgotten, diagnostics, chosen, plan_options.release)


def _chosen(wanted: Mapping[str, Movable], inventory: Inventory[Observed]) -> dict[str, str]:
    """The duplicates that manifests name by id: one with the mark of the manifest's own key, or of another."""
    owners = {each.id: key for key, same_key in inventory.owned.items() if len(same_key) > 1 for each in same_key}
    named = [(key, one.import_id) for key, one in wanted.items() if one.import_id in owners]
    found = {key: object_id for key, object_id in named if owners[object_id] == key}
    taken = {*found.values()}
    for key, object_id in named:
        if key not in inventory.owned and object_id not in taken:
            found[key] = object_id
            taken.add(object_id)
    return found


def _misspelt(
    newcomers: Iterable[Movable], inventory: Inventory[Observed], wanted: Mapping[str, Movable]
) -> Iterator[Diagnostic]:
    """Each ``moved_from`` that is nearly a key which would be deleted; on a new target it is rightly nothing."""
    ending = inventory.owned.keys() - wanted.keys()
    for one in newcomers if ending else ():
        if one.moved_from is None or one.moved_from in inventory.owned or one.moved_from in wanted:
            continue
        advice = did_you_mean(one.moved_from, ending)
        if advice:
            summary = f"nothing here has the key {one.moved_from!r}, so {one.key!r} is a new {kind_of(one).noun}"
            position = one.position_of("moved_from")
            yield Diagnostic(Severity.WARNING, summary, advice, key=one.key, path="moved_from", position=position)


def _rivals(newcomers: Mapping[str, Movable], wanted: Mapping[str, Movable]) -> Iterator[Diagnostic]:
    """Two that want the same identity, or one that wants what another still has."""
    claimed: dict[str, str] = {}
    for key, one in newcomers.items():
        for path, wish in (("moved_from", one.moved_from), ("import", one.import_id)):
            if wish is None:
                continue
            rival = claimed.setdefault(wish, key)
            if path == "moved_from" and wish in wanted:
                yield _error(
                    one, path, f"{wish!r} is declared itself, so it cannot move to {key!r}", "Remove one."
                )
            elif rival != key:
                yield _error(one, path, f"{rival!r} wants {wish!r} as well", "An identity goes to one key only.")


def _cannot_import(one: Movable, inventory: Inventory[Observed]) -> Diagnostic:
    taken = inventory.others.get(str(one.import_id))
    if taken is None:
        return _error(
            one, "import", f"there is no {kind_of(one).noun} {one.import_id!r} on the platform", "Look for its id."
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


def still_declared(one: Movable | DesiredStore) -> Diagnostic:
    """Something that is to be let go, and that the manifests declare."""
    return Diagnostic(
        Severity.ERROR,
        f"{one.key!r} is to be let go and is declared as well",
        "Remove the manifest, or the key from `removed:` in assistctl.yaml.",
        key=one.key,
        position=one.position,
    )


def _error(one: Movable, path: str, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, detail, key=one.key, path=path, position=one.position_of(path))
