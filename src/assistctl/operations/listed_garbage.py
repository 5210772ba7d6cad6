"""The things on a target that nothing refers to, as they are there: the I/O before ``planning.garbage``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Never

from assistctl.applying.files.upload_lines import Recorded
from assistctl.errors import ProjectError
from assistctl.manifest import Loaded
from assistctl.model.change import QualifiedKey
from assistctl.model.knowledge import ObservedEnvironment, ObservedStore, StoreFile
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.listed_files import list_contents, unlisted_stores
from assistctl.planning.garbage import Everything, Garbage, Ours, garbage
from assistctl.planning.named_ids import ids_declared
from assistctl.planning.rosters import Naming
from assistctl.platforms.base import Platform, SupportsEnvironments
from assistctl.platforms.resource_platform import resources_of


@dataclass(frozen=True, slots=True)
class ListedGarbage:
    """What nothing refers to, and ``everything`` that it was found in."""

    garbage: tuple[Garbage, ...]
    everything: Everything


async def list_garbage(
    deployment: Deployment, platform: Platform, loaded: Loaded, *, uploads: bool = True
) -> ListedGarbage:
    """Look through the platform; without ``uploads`` no upload is found, and no request asks about any.

    Raises ``ProjectError`` on a platform that has nothing but assistants, and ``PlatformError``.
    """
    _require_garbage(platform)
    # Before anything is asked for: opening them may fail.
    uploads_there, _ = platform.uploads, platform.vector_stores
    kinds, listings = resources_of(platform), Listings(platform, deployment)
    assistants, stores, files, environments, things = await asyncio.gather(
        listings.assistants(),
        listings.stores(),
        uploads_there.list_files() if uploads and uploads_there is not None else _nothing(),
        _environments(platform),
        asyncio.gather(*map(listings.of_kind, kinds)),
    )
    resources = dict(zip(kinds, things, strict=True))
    stores = [*stores, *await unlisted_stores(platform, assistants, stores)]
    contents = await _contents(platform, stores) if uploads else {store.id: () for store in stores}
    everything = Everything(assistants, stores, contents, files, environments, resources)
    return ListedGarbage(tuple(garbage(everything, _ours(deployment, loaded))), everything)


async def _contents(platform: Platform, stores: Sequence[ObservedStore]) -> Mapping[str, Sequence[StoreFile]]:
    there = platform.vector_stores
    return {} if there is None else await list_contents(there, [store.id for store in stores])


async def _nothing() -> Sequence[Never]:
    """The files of a platform that has none."""
    return ()


async def _environments(platform: Platform) -> Sequence[ObservedEnvironment]:
    return await platform.list_environments() if isinstance(platform, SupportsEnvironments) else ()


def _ours(deployment: Deployment, loaded: Loaded) -> Ours:
    unfinished = deployment.upload_log().unfinished()
    named = [(upload.file_id, upload) for upload in unfinished if upload.file_id is not None]
    nameless = [upload.filed for upload in unfinished if upload.file_id is None and upload.filed]
    manifests: tuple[Naming, ...] = (*loaded.desired, *loaded.resources)
    declared = [entry.source for store in loaded.stores for entry in store.files]
    declared += [file for upload in loaded.desired for file in upload.interpreter_files]
    return Ours(
        deployment.owner,
        deployment.target.name,
        frozenset(store.key for store in loaded.stores if store.shared),
        {file_id: _look(upload) for file_id, upload in named if upload.proven},
        frozenset(
            {(upload.name, upload.size) for upload in nameless}
            | {(file.identity.name, file.size) for file in declared}
        ),
        frozenset(file_id for file_id, upload in named if not upload.proven),
        frozenset(deployment.named_by_targets()).union(
            *(ids_declared(manifest, deployment.target.platform) for manifest in manifests)
        ),
        frozenset(QualifiedKey(resource.kind, resource.key) for resource in loaded.resources),
    )


def _look(upload: Recorded) -> tuple[str, int] | None:
    return None if upload.filed is None else (upload.filed.name, upload.filed.size)


def _require_garbage(platform: Platform) -> None:
    """Raise ``ProjectError`` for a platform that has nothing but assistants."""
    if platform.uploads is None and platform.vector_stores is None and not resources_of(platform):
        raise ProjectError(f"the platform {platform.name} has no uploads and no vector stores to look through")
