"""Assistants from a live target or an export, to what another target makes of them. Changes nothing anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.errors import PlatformError
from assistctl.export.from_observed import declared
from assistctl.export.undeclared import Scope, keyed, undeclared
from assistctl.export.yaml_writer import key_for
from assistctl.manifest.validation.plain_documents import faults
from assistctl.migration.convert import Destination, Source, migrated
from assistctl.migration.export_reader import PLATFORM, read_exported
from assistctl.migration.lost_resources import ResourceNames, ids_in
from assistctl.migration.report import Migrated, Migration
from assistctl.model.knowledge import ObservedStore, UploadedFile
from assistctl.model.plan import Desired, Json, Observed, TargetName
from assistctl.operations.deployment import Deployment
from assistctl.platforms.base import KnowledgePlatform, Platform
from assistctl.platforms.registry import capabilities_of

_LISTED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Where assistants come from: what is there, and whose it is.

    ``strange`` are the fields, by assistant's id, that manifests have no place for; ``doubts`` are sentences about
    what may be missing.
    """

    name: TargetName
    assistants: Sequence[Observed]
    resource_names: ResourceNames
    scope: Scope
    strange: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


async def origin_on(deployment: Deployment) -> Origin:
    """What a target has. Raises ``PlatformError`` when it cannot be listed."""
    async with deployment.open() as platform:
        assistants = await platform.list_assistants()
        resource_names = await _library(platform, assistants)
    scope = Scope(deployment.owner, deployment.target.name)
    return Origin(deployment.target_name, assistants, resource_names, scope)


def origin_in(path: Path, to: Deployment) -> Origin:
    """What an export has, for the project of ``to``. Raises ``ProjectError`` when it cannot be read."""
    exported = read_exported(path, to.project.directory)
    name = TargetName(str(path), PLATFORM)
    scope = Scope(to.owner, None)
    return Origin(name, exported.assistants, exported.resource_names, scope, exported.strange, exported.doubts)


def migration(origin: Origin, to: Deployment) -> Migration:
    """What becomes of the assistants that no manifest declares, on the platform of ``to``."""
    known = to.keys_only().desired
    chosen = undeclared(origin.assistants, known, origin.scope)
    destination = Destination(to.target.platform, capabilities_of(to.target.platform), faults)
    moved = [
        migrated(_source(key, one, origin), destination, origin.resource_names)
        for key, one in keyed(chosen, known, origin.scope)
    ]
    new = tuple(one for one in moved if not _is_declared(one, known))
    ids = {one.id for one in new}
    ours = [one for one in origin.assistants if not origin.scope.leaves(one.metadata)]
    return Migration(
        to.owner,
        origin.name,
        to.target_name,
        new,
        declared=tuple(one.name or one.id for one in ours if one.id not in ids),
        others=len(origin.assistants) - len(ours),
    )


def _source(key: str, one: Observed, origin: Origin) -> Source:
    found = declared(one, key, capabilities_of(origin.name.platform).defaults)
    strange = origin.strange.get(one.id, {})
    return Source(
        key, one.id, one.name, origin.name.platform, found.document, found.withheld, found.nameless, strange
    )


def _is_declared(one: Migrated, known: Sequence[Desired]) -> bool:
    """Whether an assistant whose name was left out is declared by the manifest that a migration wrote of it."""
    if one.document.get("name", one.key) == one.name:
        return False
    key = key_for(Observed(one.id, {"name": one.name}, {}), ())
    return any(key == desired.key == desired.fields.get("name") for desired in known)


async def _library(platform: Platform, assistants: Sequence[Observed]) -> ResourceNames:
    """The names of what the assistants read; they only help, so a server that does not tell is none the worse."""
    knowledge = platform.knowledge
    resources = [one.fields.get("tool_resources") for one in assistants]
    stores = {store_id for one in resources for store_id in ids_in(one, "file_search")}
    if knowledge is None or not (stores or any(ids_in(one, "code_interpreter") for one in resources)):
        return ResourceNames()
    slots = asyncio.Semaphore(_LISTED_AT_ONCE)
    reading = (_contents(knowledge, one, slots) for one in sorted(stores))
    files, listed, contents = await asyncio.gather(_files(knowledge), _stores(knowledge), asyncio.gather(*reading))
    return ResourceNames(
        {one.id: one.name for one in files},
        {one.id: str(one.fields.get("name") or "") for one in listed},
        {store_id: ids for store_id, ids in contents if ids is not None},
    )


async def _files(knowledge: KnowledgePlatform) -> Sequence[UploadedFile]:
    try:
        return await knowledge.list_files()
    except PlatformError:
        return ()


async def _stores(knowledge: KnowledgePlatform) -> Sequence[ObservedStore]:
    try:
        return await knowledge.list_stores()
    except PlatformError:
        return ()


async def _contents(
    knowledge: KnowledgePlatform, store_id: str, slots: asyncio.Semaphore
) -> tuple[str, Sequence[str] | None]:
    async with slots:
        try:
            return store_id, [one.id for one in await knowledge.list_store_files(store_id)]
        except PlatformError:
            return store_id, None
