"""The requests that change what an agent has beside its versions: ``foundry_endpoint`` says what that is."""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.errors import LeftBehindError, PlatformError
from assistctl.json_value import Json
from assistctl.platforms.azure.foundry_endpoint import DISABLED, STATE, patch_of
from assistctl.platforms.azure.foundry_fields import NAME
from assistctl.platforms.azure.wire import AzureWire
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.translation import Object, as_object


def agent_path(*parts: str) -> str:
    """The URL path of an agent, or of a part of it."""
    return path_of("/agents", *parts)


async def serve(wire: AzureWire, agent: str, fields: Mapping[str, Json], details: Object) -> Object:
    """``details`` of ``agent`` once it has the state, the endpoint and the card among ``fields``.

    ``PATCH /agents/{name}`` (``update_details``) and ``POST /agents/{name}:enable`` or ``:disable``, each where it
    is asked for; then it is read again. Raises ``LeftBehindError`` when only a part was done.
    """
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    patch = patch_of(own, details)
    if patch:
        await wire.patch(agent_path(agent), patch, repeatable=True)
    if not patch and STATE not in own:
        return details
    try:
        if STATE in own:
            switch = "disable" if own[STATE] == DISABLED else "enable"
            await wire.post(f"{agent_path(agent)}:{switch}", None, repeatable=True)
        return as_object(await wire.get(agent_path(agent)))
    except PlatformError as error:
        if not patch:
            raise
        raise half_done(agent, error) from error


def half_done(agent: str, error: PlatformError) -> LeftBehindError:
    """That of a change of ``agent`` only this part was made, because of ``error``."""
    summary = f"the endpoint or the state of {agent} was changed, and the rest was not: {error.summary}"
    return LeftBehindError(agent, summary, error.hint, status=error.status)


def not_as_declared(agent: str, error: PlatformError) -> LeftBehindError:
    """That ``agent`` was made without what is beside its versions, because of ``error``, and stays so for now."""
    summary = f"{agent} was created, and its endpoint and its state are not as declared: {error.summary}"
    return LeftBehindError(
        agent, summary, f"{error.hint} The next apply tries again.".lstrip(), status=error.status
    )
