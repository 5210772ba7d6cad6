"""Listing what a project owns on a target. Reads no manifest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedEnvironment
from assistctl.model.serving import Serving
from assistctl.operations.deployment import Deployment, Listings
from assistctl.ownership.mark import BASELINE, read_baseline, read_mark
from assistctl.ownership.placeholders import file_ids
from assistctl.platforms.base import Platform, SupportsEnvironments
from assistctl.secrets.redaction import SECRET


@dataclass(frozen=True, slots=True)
class DeployedAssistant:
    """One assistant the project owns on the target.

    ``version`` is the newest one, ``None`` where the platform has none; ``serving`` says which versions answer,
    where that need not be it.
    """

    key: str
    id: str
    name: str | None
    model: str | None
    prevent_destroy: bool
    version: str | None = None
    serving: Serving | None = None


@dataclass(frozen=True, slots=True)
class DeployedResource:
    """One environment, memory store or skill that the project owns on the target."""

    kind: Kind
    key: str
    id: str
    name: str | None
    prevent_destroy: bool


@dataclass(frozen=True, slots=True)
class DeployedFile:
    """An upload that the code interpreter of the assistant ``key`` reads, under its base name."""

    key: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """Everything the project owns on the target, but for vector stores and their files: each kind by key.

    ``environments`` are those that come with the files of assistants, by the keys of these; they and ``files`` are
    there if they were asked for. ``hidden`` are the kinds of resources that the key may not see.
    """

    assistants: tuple[DeployedAssistant, ...]
    resources: tuple[DeployedResource, ...] = ()
    environments: tuple[DeployedResource, ...] = ()
    files: tuple[DeployedFile, ...] = ()
    hidden: tuple[Kind, ...] = ()


async def list_deployed(deployment: Deployment, *, environments: bool = False, files: bool = False) -> Deployed:
    """Everything the project owns on the target; its assistants' ``environments`` and ``files`` on request.

    Raises ``PlatformError``.
    """
    async with deployment.open() as platform:
        listings = Listings(platform, deployment)
        observed, others, used = await asyncio.gather(
            listings.assistants(),
            listings.beside(()),
            _environments(platform) if environments else _no_environments(),
        )
        owned = deployment.owned(observed)
        read = await _files(platform, owned) if files else ()
    return Deployed(
        tuple(_deployed(key, assistant) for key, same_key in owned.items() for assistant in same_key),
        tuple(
            _resource(kind, key, resource)
            for kind, things in others.things.items()
            for key, same_key in deployment.owned(things).items()
            for resource in same_key
        ),
        tuple(
            DeployedResource(Kind.ENVIRONMENT, key, environment.id, environment.name, prevent_destroy=False)
            for key, same_key in owned.items()
            for assistant in same_key
            for environment in used
            if assistant.id in environment.used_by
        ),
        read,
        tuple(others.hidden),
    )


def said_of_hidden(found: Deployed) -> str:
    """A sentence on what could not be listed, behind others; empty where all could."""
    kinds = " and ".join(f"{kind.noun}s" for kind in found.hidden)
    return f" This key may not see {kinds}." if kinds else ""


async def _environments(platform: Platform) -> Sequence[ObservedEnvironment]:
    return await platform.list_environments() if isinstance(platform, SupportsEnvironments) else ()


async def _no_environments() -> Sequence[ObservedEnvironment]:
    """The environments when nobody asks for them."""
    return ()


async def _files(platform: Platform, owned: Mapping[str, Sequence[Observed]]) -> tuple[DeployedFile, ...]:
    """The code interpreters' files, by their names on the platform; one that is gone has its id."""
    ids = [
        (key, file_id)
        for key, same_key in owned.items()
        for assistant in same_key
        for file_id in file_ids(assistant.fields)
    ]
    if not ids or platform.uploads is None:
        return ()
    names = {file.id: file.name for file in await platform.uploads.list_files()}
    return tuple(DeployedFile(key, file_id, names.get(file_id) or file_id) for key, file_id in ids)


def _resource(kind: Kind, key: str, observed: Observed) -> DeployedResource:
    mark = read_mark(observed.metadata)
    is_secret = read_baseline(observed.metadata.get(BASELINE)).is_secret(("name",))
    protected = bool(mark and mark.prevent_destroy)
    return DeployedResource(kind, key, observed.id, SECRET if is_secret else observed.name, protected)


def _deployed(key: str, assistant: Observed) -> DeployedAssistant:
    mark = read_mark(assistant.metadata)
    baseline = read_baseline(assistant.metadata.get(BASELINE))
    model = assistant.fields.get("model")
    return DeployedAssistant(
        key,
        assistant.id,
        SECRET if baseline.is_secret(("name",)) else assistant.name,
        SECRET if baseline.is_secret(("model",)) else (model if isinstance(model, str) else None),
        bool(mark and mark.prevent_destroy),
        assistant.revision,
        assistant.serving,
    )
