"""Putting back what an apply found: the I/O around ``planning.rollback``."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from assistctl.applying.limits import ApplyLimits
from assistctl.errors import AssistctlError, JournalError, RefusedError
from assistctl.journal import Apply, Created, Journal, created_by
from assistctl.json_value import Json
from assistctl.manifest import Loaded
from assistctl.model.assistant import Observed
from assistctl.model.change import QualifiedKey
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedStore
from assistctl.model.plan import PlanOptions
from assistctl.operations.apply_request import ApplyRequest
from assistctl.operations.deployment import Deployment, Listings
from assistctl.ownership.mark import read_mark
from assistctl.planning.capability_check import to_platform
from assistctl.planning.named_ids import ids_named
from assistctl.planning.rollback import declare_rollback
from assistctl.planning.rollback_files import uploads_to_look_for
from assistctl.planning.undone import Present, RollbackDeclarations, Undone
from assistctl.platforms.base import Platform, UploadPlatform


async def rollback_request(
    deployment: Deployment,
    apply_id: str,
    limits: ApplyLimits = ApplyLimits(),
    *,
    allow_deletes: bool = False,
) -> ApplyRequest:
    """The request to undo an apply; the diagnostics of its ``loaded`` say what cannot be undone.

    ``apply_id`` may be the beginning or the end of an id, if only one is meant. Raises ``JournalError`` when there
    is no such apply, ``RefusedError`` when it was made elsewhere, and ``AssistctlError`` when there is nothing to
    put back.
    """
    journal = deployment.journal()
    apply = await journal.read(apply_id)
    _check_target(deployment, apply)
    loaded, plan_options = await _way_back(
        deployment, journal, apply, deployment.manifests(), allow_deletes=allow_deletes
    )
    return ApplyRequest(loaded, plan_options, command=f"rollback {apply.header.id}", limits=limits)


def declared_again(loaded: Loaded, back: RollbackDeclarations) -> Loaded:
    """``loaded`` with what is to be declared for the way back in its place."""
    return replace(
        loaded,
        desired=tuple(back.desired),
        stores=tuple(back.stores),
        resources=tuple(back.resources),
        diagnostics=tuple(back.diagnostics),
        past_keys=frozenset(qualified.key for qualified in back.about),
    )


def rollback_policy(
    deployment: Deployment, back: RollbackDeclarations, deletable: frozenset[str], *, allow_deletes: bool
) -> PlanOptions:
    """The policy for the plan of the way back: only what has one of the ids ``deletable`` is deleted."""
    return replace(
        deployment.plan_options(allow_deletes=allow_deletes),
        # Whoever names the apply that began it all means that nothing is left.
        may_empty=True,
        only=frozenset(back.about),
        forget=frozenset(),
        release=frozenset(back.release),
        deletable=deletable,
        rolls_back=True,
    )


async def present_on(deployment: Deployment, listings: Listings, undone: Undone, loaded: Loaded) -> Present:
    """The current declarations and the things that ``undone`` names."""
    platform = listings.platform
    declared = {desired.key: desired for desired in loaded.desired}
    needed = {about.kind for about in undone.images} | {resource.kind for resource in loaded.resources}
    others, stores = (await listings.beside(needed)).things, await listings.stores()
    tables = platform.capabilities.resources
    uploads = uploads_to_look_for(undone, declared)
    beside = {thing.id for things in others.values() for thing in things}
    images = [image for image in undone.images.values() if image is not None]
    named = frozenset[str]().union(*(ids_named(image.fields, {}) - {image.id} for image in images))
    found = {image.id for image in images} & named - beside
    assistants = await listings.assistants() if found or _names_versions(platform, named) else ()
    return Present(
        declared,
        {store.key: store for store in loaded.stores},
        {store.id: key_of_store(deployment, store) for store in stores if not store.expired},
        await _uploads(platform.uploads, uploads) if platform.uploads is not None else (),
        declared_resources={QualifiedKey(resource.kind, resource.key): resource for resource in loaded.resources},
        resources=beside,
        loses={kind: table.loses for kind, table in tables.items() if table.loses},
        keep_contents={kind for kind, table in tables.items() if table.keeps_contents},
        gone=found - {assistant.id for assistant in assistants},
        owned=_owned(deployment, {**others, Kind.ASSISTANT: assistants}),
        entries=platform.capabilities.entries,
        write_only={
            Kind.ASSISTANT: platform.capabilities.write_only,
            **{kind: table.write_only for kind, table in tables.items()},
        },
        sent=as_sent(deployment, platform, loaded),
    )


def as_sent(deployment: Deployment, platform: Platform, loaded: Loaded) -> dict[str, Mapping[str, Json]]:
    """The fields of each declared assistant in the form that the platform is given, by key."""
    name, capabilities = deployment.target.platform, platform.capabilities
    return {assistant.key: to_platform(assistant, name, capabilities).fields for assistant in loaded.desired}


def key_of_store(deployment: Deployment, store: ObservedStore) -> str | None:
    """The key of a vector store that the project owns on the target."""
    mark = read_mark(store.metadata)
    return mark.key if mark and mark.owned_by(deployment.owner, deployment.target.name) else None


async def _way_back(
    deployment: Deployment, journal: Journal, apply: Apply, loaded: Loaded, *, allow_deletes: bool
) -> tuple[Loaded, PlanOptions]:
    """The declarations with which things are as ``apply`` found them, and the policy for their plan.

    Of all there is, only what that apply created may be deleted.

    ``loaded`` is what the manifests declare now. Raises ``AssistctlError`` when there is nothing to put back.
    """
    undone = Undone(apply.header.id, apply.before_images(), apply.forgotten, apply.deleted_files)
    created = await _created(journal, apply)
    async with deployment.open() as platform:
        # The plan lists it all again: that is made under the lock, for which others may have to be waited.
        listings = Listings(platform, deployment)
        back = declare_rollback(undone, await present_on(deployment, listings, undone, loaded))
        deletable = created.ids | await _unnamed(deployment, listings, created)
    if not back.about:
        reasons = " ".join(f"{diagnostic.summary}." for diagnostic in back.diagnostics)
        raise AssistctlError(f"the apply {apply.header.id} changed nothing that could be put back", reasons)
    plan_options = replace(
        rollback_policy(deployment, back, deletable, allow_deletes=allow_deletes), also_declared=loaded.desired
    )
    return declared_again(loaded, back), plan_options


def _check_target(deployment: Deployment, apply: Apply) -> None:
    """Raise ``RefusedError`` when the apply was made somewhere else."""
    then, now = apply.header.target, deployment.journal_target()
    if then.name != now.name:
        raise RefusedError(
            f"the apply {apply.header.id} was made on the target {then.name}, and this is {now.name}",
            f"Add --target {then.name}.",
        )
    if (then.platform, then.address) != (now.platform, now.address):
        raise RefusedError(
            f"the target {then.name} is not where it was when the apply {apply.header.id} was made",
            "What was there then cannot be put back here.",
        )


async def _created(journal: Journal, apply: Apply) -> Created:
    try:
        return created_by(apply, await journal.since(apply))
    except JournalError:
        # Without what came after it, whose it is can be told only of what has its id on record.
        return replace(created_by(apply, ()), unnamed=frozenset())


def _names_versions(platform: Platform, named: Collection[str]) -> bool:
    """Whether ``named``, all that may be ids, is as where something names assistants with their versions."""
    entry = platform.capabilities.entries.get(Kind.ASSISTANT)
    return entry is not None and bool(entry.revision) and {*entry.fixed.values()} <= {*named}


def _owned(
    deployment: Deployment, observed: Mapping[Kind, Sequence[Observed]]
) -> dict[str, tuple[QualifiedKey, str | None]]:
    """The keys of what the project owns, by id, with its newest version; of two with one key neither."""
    return {
        same_key[0].id: (QualifiedKey(kind, key), same_key[0].revision)
        for kind, things in observed.items()
        for key, same_key in deployment.owned(things).items()
        if len(same_key) == 1
    }


async def _uploads(platform: UploadPlatform, ids: Iterable[str]) -> frozenset[str]:
    found = await asyncio.gather(*(platform.find_file(file_id) for file_id in sorted(ids)))
    return frozenset(file.id for file in found if file is not None)


async def _unnamed(deployment: Deployment, listings: Listings, created: Created) -> frozenset[str]:
    """The ids of what the apply created and could not write down."""
    if not created.unnamed:
        return frozenset()
    owned = deployment.owned(await listings.assistants())
    ids = {
        QualifiedKey(Kind.ASSISTANT, key): [assistant.id for assistant in assistants]
        for key, assistants in owned.items()
    }
    others = await listings.beside({about.kind for about in created.unnamed})
    for kind, things in others.things.items():
        owned_there = deployment.owned(things)
        ids |= {
            QualifiedKey(kind, named): [observed.id for observed in same] for named, same in owned_there.items()
        }
    for store in await listings.stores():
        key = key_of_store(deployment, store)
        if key is not None:
            ids.setdefault(QualifiedKey(Kind.VECTOR_STORE, key), []).append(store.id)
    # Where there are two, one of them was there before or came later.
    return frozenset(ids[about][0] for about in created.unnamed if len(ids.get(about, ())) == 1)
