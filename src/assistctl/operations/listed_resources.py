"""The things that a platform keeps beside its assistants, as they are there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import PlatformError
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.platforms.base import NotListed, Platform
from assistctl.platforms.resource_platform import resources_of


@dataclass(frozen=True, slots=True)
class VisibleResources:
    """``things`` are all of them, whoever owns them, by kind; ``hidden`` the kinds that the key may not see."""

    things: Mapping[Kind, Sequence[Observed]] = field(default_factory=dict)
    hidden: Mapping[Kind, PlatformError] = field(default_factory=dict)

    def diagnostics(self, target: str) -> Iterator[Diagnostic]:
        """A word about each kind that was not looked at."""
        for kind, error in self.hidden.items():
            yield Diagnostic(
                Severity.INFO,
                f"this key may not see {kind.noun}s on {target}: {error.summary}",
                "None is declared, so they are not looked at; one of this project that is there stays as it is.",
            )


async def visible_resources(
    platform: Platform,
    needed: Collection[Kind],
    listed: Callable[[Kind], Awaitable[Sequence[Observed]]],
) -> VisibleResources:
    """All of them, whoever owns them, without the kinds that the key may not see and that nobody needs.

    Kinds whose things may name others are always needed, for what is named stays. ``listed`` lists those of a
    kind. Raises ``PlatformError``.
    """
    tables = platform.capabilities.resources
    kinds = resources_of(platform)
    free = {kind for kind in kinds if kind not in needed and kind in tables and tables[kind].names_nothing}
    found = await asyncio.gather(*(_visible(listed(kind), may_be_hidden=kind in free) for kind in kinds))
    return VisibleResources(
        {kind: things for kind, things in zip(kinds, found, strict=True) if not isinstance(things, PlatformError)},
        {kind: things for kind, things in zip(kinds, found, strict=True) if isinstance(things, PlatformError)},
    )


async def _visible(
    things: Awaitable[Sequence[Observed]], *, may_be_hidden: bool
) -> Sequence[Observed] | PlatformError:
    try:
        listed = await things
    except PlatformError as error:
        if may_be_hidden and error.status == HTTPStatus.FORBIDDEN:
            return error
        raise
    if may_be_hidden and isinstance(listed, NotListed) and listed.error.status == HTTPStatus.FORBIDDEN:
        return listed.error
    return listed
