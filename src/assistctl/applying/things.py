"""The things of one kind on a platform as changes need them: assistants, and what is kept beside them, alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Request
from assistctl.model.kind import Kind
from assistctl.platforms.base import Platform, SupportsGet
from assistctl.platforms.resource_platform import ResourcePlatform, resources_of


@dataclass(frozen=True, slots=True)
class Things:
    """The requests about things of a ``kind``; they raise ``PlatformError`` and nothing else on failure.

    ``find`` gives one by its id, ``None`` where it is not there; it is missing where a platform cannot.
    """

    kind: Kind
    capabilities: Capabilities
    listed: Callable[[], Awaitable[Sequence[Observed]]]
    create: Callable[[Request], Awaitable[Observed]]
    update: Callable[[str, Request], Awaitable[Observed]]
    delete: Callable[[str], Awaitable[None]]
    find: Callable[[str], Awaitable[Observed | None]] | None = None


def things_on(platform: Platform) -> dict[Kind, Things]:
    """The kinds of things that ``platform`` keeps, beside files and vector stores."""
    resources = resources_of(platform)
    others = {kind: _resources(kind, requests, platform.capabilities) for kind, requests in resources.items()}
    return {Kind.ASSISTANT: _assistants(platform), **others}


def _assistants(platform: Platform) -> Things:
    async def create(request: Request) -> Observed:
        return await platform.create_assistant(request.fields, request.metadata)

    async def update(assistant_id: str, request: Request) -> Observed:
        return await platform.update_assistant(
            assistant_id, request.fields, request.metadata, revision=request.revision
        )

    return Things(
        Kind.ASSISTANT,
        platform.capabilities,
        platform.list_assistants,
        create,
        update,
        platform.delete_assistant,
        platform.find_assistant if isinstance(platform, SupportsGet) else None,
    )


def _resources(kind: Kind, platform: ResourcePlatform, capabilities: Capabilities) -> Things:
    async def create(request: Request) -> Observed:
        return await platform.create(request.fields, request.metadata, request.sources)

    async def update(object_id: str, request: Request) -> Observed:
        return await platform.update(
            object_id, request.fields, request.metadata, request.sources, revision=request.revision
        )

    table = capabilities.resources.get(kind, Capabilities(fields={}))
    return Things(kind, table, platform.list, create, update, platform.delete, platform.find)
