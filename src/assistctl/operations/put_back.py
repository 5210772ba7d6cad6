"""Putting back what an apply under way has changed, with its files: planned and carried out like any change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistctl.checkout.untrusted_files import composed
from assistctl.diagnostics import Position
from assistctl.errors import AssistctlError, RefusedError
from assistctl.journal import BeforeImage
from assistctl.manifest import Loaded
from assistctl.model.change import Action, Change, QualifiedKey
from assistctl.model.kind import RESOURCE_KINDS, SURROUNDINGS, Kind
from assistctl.model.knowledge import StoreEntry, StoreFile
from assistctl.model.plan import Plan, PlanOptions
from assistctl.model.source_file import Identity, SourceFile
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.gate_findings import surroundings_of
from assistctl.operations.plan import plan_on
from assistctl.operations.rollback import declared_again, present_on, rollback_policy
from assistctl.ownership.file_marks import PATH, SHA256, HeldFile, held_in_store
from assistctl.ownership.placeholders import store_ids, uploads_read
from assistctl.planning.named_ids import ids_named
from assistctl.planning.rollback import declare_rollback
from assistctl.planning.undone import Documents, Undone
from assistctl.platforms.base import Platform

_NOWHERE = Path()
_CHANGED = frozenset({Action.UPDATE, Action.ADOPT})


@dataclass(frozen=True, slots=True)
class WayBack:
    """The plan with which things are as they were, and what it was made from."""

    plan: Plan
    loaded: Loaded
    plan_options: PlanOptions
    unread: tuple[HeldFile, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """The state before an apply: its ``plan``, and the contents of the vector stores, by id."""

    plan: Plan
    contents: Mapping[str, Sequence[StoreFile]] = field(default_factory=dict)

    def changes_of(
        self, keys: frozenset[str], stores: frozenset[str], beside: frozenset[QualifiedKey]
    ) -> list[Change]:
        """The changes that made the assistants of ``keys`` what they are now.

        ``stores`` are the keys of their vector stores, ``beside`` their environments and memory stores.
        """
        return [
            change
            for change in self.plan.changes
            if (change.kind is Kind.ASSISTANT and change.key in keys and change.action in _CHANGED)
            or (change.qualified_key in beside and change.action in _CHANGED)
            or (change.kind is Kind.VECTOR_STORE and change.key in stores and change.action is not Action.FORGET)
        ]

    def unread(self) -> tuple[HeldFile, ...]:
        """The uploads of ours that were read before: none of them is deleted yet."""
        images = [
            change.before
            for change in self.plan.changes
            if change.kind is Kind.ASSISTANT and change.before is not None
        ]
        held = [held_in_store(file) for files in self.contents.values() for file in files]
        return (*uploads_read(images), *(file for file in held if file is not None))

    def documents(self) -> dict[str, Documents]:
        """The vector stores' contents that are ours, as they would be declared."""
        return {store_id: _documents(files) for store_id, files in self.contents.items()}


async def way_back(
    deployment: Deployment,
    platform: Platform,
    before: Before,
    loaded: Loaded,
    keys: frozenset[str],
    *,
    made: Mapping[QualifiedKey, str],
) -> WayBack:
    """The plan to put the assistants of ``keys`` back; ``made`` has the ids of what the apply created.

    Raises ``RefusedError``, whose summary is the reason alone, where a rule refuses it, and ``PlatformError``.
    """
    beside = frozenset[QualifiedKey]().union(
        *(surroundings_of(desired) for desired in loaded.desired if desired.key in keys)
    )
    changes = before.changes_of(keys, _stores_of(before.plan, loaded, keys), beside)
    images = {change.qualified_key: BeforeImage.of(change.before) if change.before else None for change in changes}
    unread, undone = before.unread(), Undone("under way", images)
    # What the checks were asked of was listed before they were: people may have changed something since.
    listings = Listings(platform, deployment)
    found = await present_on(deployment, listings, undone, loaded)
    present = replace(found, kept=frozenset(file.file_id for file in unread), documents=before.documents())
    back = declare_rollback(undone, present)
    deletable = frozenset(made[about] for about, image in images.items() if image is None and about in made)
    policy = rollback_policy(deployment, back, deletable, allow_deletes=True)
    plan_options = replace(policy, also_declared=loaded.desired)
    again = declared_again(loaded, back)
    plan = await plan_on(deployment, listings, again, plan_options, unread=unread)
    if plan.errors or plan.blocked:
        reasons = [error.summary for error in plan.errors] or ["a safety rule refuses it"]
        raise RefusedError("; ".join(reasons))
    return WayBack(plan, again, plan_options, unread)


def kept_stores(plan: Plan, keys: frozenset[str]) -> frozenset[str]:
    """The keys of vector stores that ``plan`` deletes and that the assistants of ``keys`` searched before it."""
    searched = {
        store_id
        for change in plan.changes
        if change.kind is Kind.ASSISTANT and change.key in keys and change.before is not None
        for store_id in store_ids(change.before.fields)
    }
    return frozenset(
        change.key
        for change in plan.changes
        if change.kind is Kind.VECTOR_STORE and change.action is Action.DELETE and change.id in searched
    )


def kept_beside(plan: Plan, undone: Collection[QualifiedKey]) -> frozenset[QualifiedKey]:
    """The things ``plan`` deletes beside assistants that the ``undone`` ones may have used before.

    That is what it named by id. Which environment and memory stores conversations of an assistant had is written
    nowhere, so that all of these stay.
    """
    images = [change.before for change in plan.changes if change.qualified_key in undone and change.before]
    named = frozenset[str]().union(*(ids_named(image.fields, {}) for image in images))
    return frozenset(
        change.qualified_key
        for change in plan.changes
        if change.action is Action.DELETE
        and change.kind in RESOURCE_KINDS
        and (change.kind in SURROUNDINGS or change.id in named)
    )


def stores_that_change(plan: Plan, loaded: Loaded, keys: frozenset[str]) -> list[Change]:
    """The changes of vector stores that the assistants of ``keys`` search, and that are there already."""
    stores = _stores_of(plan, loaded, keys)
    return [
        change
        for change in plan.changes
        if change.kind is Kind.VECTOR_STORE
        and change.key in stores
        and change.action is Action.UPDATE
        and change.id is not None
    ]


def why_not(error: AssistctlError) -> str:
    """A sentence on why something could not be put back."""
    return f"{error.summary}. {error.hint}".removesuffix(". ")


def _stores_of(plan: Plan, loaded: Loaded, keys: frozenset[str]) -> frozenset[str]:
    """The keys of vector stores that are to be put back with ``keys``: not new ones that others search as well."""
    ours = {desired.store for desired in loaded.desired if desired.key in keys and desired.store is not None}
    others = {desired.store for desired in loaded.desired if desired.key not in keys}
    created = {
        change.key
        for change in plan.changes
        if change.kind is Kind.VECTOR_STORE and change.action is Action.CREATE
    }
    return frozenset(ours - (created & others))


def _documents(files: Sequence[StoreFile]) -> Documents:
    entries = tuple(entry for file in files if (entry := _entry(file)) is not None)
    chunking = next(
        (file.chunking for file in files if file.chunking and file.chunking.get("type") == "static"), None
    )
    return Documents(entries, chunking)


def _entry(file: StoreFile) -> StoreEntry | None:
    sha256, path = file.attributes.get(SHA256), file.attributes.get(PATH)
    if not isinstance(sha256, str) or not isinstance(path, str):
        return None
    identity = Identity(sha256, composed(path.rpartition("/")[2]))
    declared = {name: value for name, value in file.attributes.items() if name not in {SHA256, PATH}}
    # It is uploaded: nobody reads it from its place.
    return StoreEntry(SourceFile(path, _NOWHERE, 0, identity), lambda: Position("the vector store"), declared)
