"""Identities that change hands on purpose: taken over by id, carried to another key, or let go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import did_you_mean
from assistctl.model.assistant import Desired, Observed
from assistctl.model.knowledge import DesiredStore
from assistctl.model.plan import PlanOptions
from assistctl.model.resource import DesiredResource
from assistctl.ownership.mark import MARK, is_marked
from assistctl.ownership.sensitive import kind_of
from assistctl.planning.identity.inventory import Inventory

Movable: TypeAlias = Desired | DesiredResource
"""A declaration of a kind whose things can be adopted by their ids."""


@dataclass(frozen=True, slots=True)
class Transfers:
    """The changes of identity that manifests and project ask for, as far as they can be made.

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
    """The result of ``moved_from:``, ``import:`` and ``removed:`` in this inventory."""
    newcomers = {key: desired for key, desired in wanted.items() if key not in inventory.owned}
    chosen = _chosen(wanted, inventory)
    moved = {
        key: desired.moved_from
        for key, desired in newcomers.items()
        if desired.moved_from is not None
        and desired.moved_from in inventory.owned
        and desired.moved_from not in wanted
    }
    settled = {*moved, *chosen}
    wishes = {key: desired for key, desired in newcomers.items() if desired.import_id and key not in settled}
    imported = {
        key: desired.import_id
        for key, desired in wishes.items()
        if desired.import_id is not None and desired.import_id in inventory.free_by_id
    }
    diagnostics = (
        *(_cannot_import(desired, inventory) for key, desired in wishes.items() if key not in imported),
        *_rivals(newcomers, wanted),
        *_without_effect(wanted, inventory, chosen),
        *_misspelt(newcomers.values(), inventory, wanted),
        *(still_declared(wanted[key]) for key in sorted(plan_options.forget & wanted.keys())),
    )
    forgotten = plan_options.forget - wanted.keys()
    return Transfers(moved, imported, forgotten, diagnostics, chosen, plan_options.release)


def still_declared(desired: Movable | DesiredStore) -> Diagnostic:
    """Something that is to be let go, and that the manifests declare."""
    return Diagnostic(
        Severity.ERROR,
        f"{desired.key!r} is to be let go and is declared as well",
        "Remove the manifest, or the key from `removed:` in assistctl.yaml.",
        key=desired.key,
        position=desired.position,
    )


def _chosen(wanted: Mapping[str, Movable], inventory: Inventory[Observed]) -> dict[str, str]:
    """The duplicates that manifests name by id: one with the mark of the manifest's own key, or of another."""
    owners = {
        owned.id: key for key, same_key in inventory.owned.items() if len(same_key) > 1 for owned in same_key
    }
    named = [(key, desired.import_id) for key, desired in wanted.items() if desired.import_id in owners]
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
    for newcomer in newcomers if ending else ():
        if newcomer.moved_from is None or newcomer.moved_from in inventory.owned or newcomer.moved_from in wanted:
            continue
        advice = did_you_mean(newcomer.moved_from, ending)
        if advice:
            is_new = f"{newcomer.key!r} is a new {kind_of(newcomer).noun}"
            summary = f"nothing here has the key {newcomer.moved_from!r}, so {is_new}"
            position = newcomer.position_of("moved_from")
            yield Diagnostic(
                Severity.WARNING, summary, advice, key=newcomer.key, path="moved_from", position=position
            )


def _without_effect(
    wanted: Mapping[str, Movable], inventory: Inventory[Observed], chosen: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """Each ``import`` of something that is there by a key that has another; ids of other targets are not there."""
    for key, desired in wanted.items():
        wish, owned = desired.import_id, inventory.owned.get(key, ())
        is_there = wish is not None and (wish in inventory.free_by_id or wish in inventory.others)
        if owned and is_there and key not in chosen and all(thing.id != wish for thing in owned):
            yield Diagnostic(
                Severity.WARNING,
                f"{key!r} has {owned[0].id} already, so {wish!r} is not taken over",
                "Remove the line; or delete the one it has, or let it go, and apply again.",
                key=key,
                path="import",
                position=desired.position_of("import"),
            )


def _rivals(newcomers: Mapping[str, Movable], wanted: Mapping[str, Movable]) -> Iterator[Diagnostic]:
    """Two that want the same identity, or one that wants what another still has."""
    claimed: dict[str, str] = {}
    for key, newcomer in newcomers.items():
        for path, wish in (("moved_from", newcomer.moved_from), ("import", newcomer.import_id)):
            if wish is None:
                continue
            rival = claimed.setdefault(wish, key)
            if path == "moved_from" and wish in wanted:
                yield _error(
                    newcomer, path, f"{wish!r} is declared itself, so it cannot move to {key!r}", "Remove one."
                )
            elif rival != key:
                yield _error(
                    newcomer, path, f"{rival!r} wants {wish!r} as well", "An identity goes to one key only."
                )


def _cannot_import(desired: Movable, inventory: Inventory[Observed]) -> Diagnostic:
    taken = inventory.others.get(str(desired.import_id))
    if taken is None:
        return _error(
            desired,
            "import",
            f"there is no {kind_of(desired).noun} {desired.import_id!r} on the platform",
            "An id belongs to one target: give the id on this one. If it was for another target, remove the line "
            f"once it is applied there: a key that owns its {kind_of(desired).noun} needs it no more.",
        )
    return _error(
        desired,
        "import",
        f"{desired.import_id!r} is owned by {_owner(taken)}",
        "Only what nobody owns can be imported, or one of several with the same mark. Within a project, "
        "`moved_from:` carries it to another key.",
    )


def _owner(taken: Observed) -> str:
    mark = taken.metadata.get(MARK, "")
    return mark if is_marked(taken.metadata) and mark else "another project"


def _error(desired: Movable, path: str, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR, summary, detail, key=desired.key, path=path, position=desired.position_of(path)
    )
