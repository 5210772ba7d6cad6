"""Requests to a platform whose answers are held against what was sent."""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.applying.verification import rejected_fields
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.change import Request
from assistctl.ownership.canonical import Path, canonical_units
from assistctl.platforms.base import Platform


async def created(
    platform: Platform, fields: Mapping[str, Json], metadata: Mapping[str, str] | None = None
) -> Observed:
    """A new assistant, which has all that it was sent."""
    sent = Request(_expressed(platform, fields), metadata or {})
    return _checked(platform, sent, await platform.create_assistant(sent.fields, sent.metadata))


async def updated(
    platform: Platform, observed: Observed, fields: Mapping[str, Json], metadata: Mapping[str, str] | None = None
) -> Observed:
    """``observed`` after an update, which has all that it was sent; fields that go along are sent as they are."""
    pairs = observed.metadata if metadata is None else metadata
    companions = {
        name: observed.fields[name]
        for group in platform.capabilities.replaced_together
        for name in group
        if any(field in group for field in fields) and name in observed.fields
    }
    sent = Request({**companions, **_expressed(platform, fields)}, pairs, observed.revision)
    answer = await platform.update_assistant(observed.id, sent.fields, sent.metadata, revision=observed.revision)
    return _checked(platform, sent, answer)


def state(observed: Observed) -> dict[Path, Json]:
    """All that is compared of an assistant."""
    return canonical_units(observed.fields, dict(observed.metadata))


def _expressed(platform: Platform, fields: Mapping[str, Json]) -> Mapping[str, Json]:
    to_platform = platform.capabilities.to_platform
    return fields if to_platform is None else to_platform(fields)


def _checked(platform: Platform, sent: Request, answer: Observed) -> Observed:
    capabilities = platform.capabilities
    assert rejected_fields(sent, answer, capabilities) == ()
    return answer
