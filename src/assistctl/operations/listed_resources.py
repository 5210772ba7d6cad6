"""The things that a platform keeps beside its assistants, as they are there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.platforms.base import Platform
from assistctl.platforms.resource_platform import resources_of


async def listed_resources(platform: Platform) -> dict[Kind, Sequence[Observed]]:
    """All of them, whoever owns them, by kind. Raises ``PlatformError``."""
    kinds = resources_of(platform)
    listed = await asyncio.gather(*(one.list() for one in kinds.values()))
    return dict(zip(kinds, listed, strict=True))
