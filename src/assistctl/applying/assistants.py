"""The changes of assistants, one request each."""

from __future__ import annotations

from assistctl.applying.creating import created
from assistctl.applying.readback import not_kept
from assistctl.errors import NotFoundError, NotKeptError, PlatformError
from assistctl.model import Change, Observed, Request
from assistctl.planning.ownership import MARK
from assistctl.platforms.base import Platform


async def change_assistant(platform: Platform, change: Change, request: Request) -> str:
    """Create or update one; its id. Raises ``PlatformError`` when that fails or something was not kept."""
    answer = await (_create(platform, request) if change.id is None else _update(platform, change.id, request))
    capabilities = platform.capabilities
    lost = not_kept(request, answer, capabilities.unreported, capabilities.resolved)
    if lost:
        raise NotKeptError(answer.id, lost)
    return answer.id


async def delete_assistant(platform: Platform, change: Change) -> str:
    """Delete one; its id. Raises ``PlatformError``."""
    if change.id is None:
        raise PlatformError(f"{change.key} has no id to delete")
    await platform.delete_assistant(change.id)
    return change.id


async def _create(platform: Platform, request: Request) -> Observed:
    return await created(
        lambda: platform.create_assistant(request.fields, request.metadata),
        platform.list_assistants,
        request.metadata[MARK],
    )


async def _update(platform: Platform, assistant_id: str, request: Request) -> Observed:
    try:
        return await platform.update_assistant(
            assistant_id, request.fields, request.metadata, revision=request.revision
        )
    except NotFoundError as error:
        raise PlatformError(
            f"somebody deleted {assistant_id} meanwhile: {error.summary}",
            "The next apply creates it again.",
            status=error.status,
        ) from error
