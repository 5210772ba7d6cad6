"""The registry of platforms by name: our own, and those that other packages offer as entry points.

A package offers one in the group ``assistctl.platforms``; the entry point is a module (or an object) with
``connect`` and ``CAPABILITIES``, as our own modules have them; ``OPTIONS`` may name its options. None is
imported before it is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from assistctl.errors import AssistctlError, ProjectError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from assistctl.model.capabilities import Capabilities
    from assistctl.platforms.base import Platform
    from assistctl.platforms.connection import Connection

GROUP = "assistctl.platforms"

_MODULES: Mapping[str, str] = {
    "local": "assistctl.platforms.local",
    "openai-assistants": "assistctl.platforms.openai.assistants",
    "openai-agents": "assistctl.platforms.openai.agents",
    "anthropic-agents": "assistctl.platforms.anthropic.agents",
    "azure-foundry": "assistctl.platforms.azure.foundry",
    "mistral-agents": "assistctl.platforms.mistral.agents",
}
# Most of what is asked of a platform is answered by its capabilities, without any code that speaks to it.
_CAPABILITIES: Mapping[str, str] = {
    "local": "assistctl.platforms.local_capabilities",
    "openai-assistants": "assistctl.platforms.openai.assistants_fields",
    "openai-agents": "assistctl.platforms.openai.agents_fields",
    "anthropic-agents": "assistctl.platforms.anthropic.agents_fields",
    "azure-foundry": "assistctl.platforms.azure.foundry_fields",
    "mistral-agents": "assistctl.platforms.mistral.agents_fields",
}


# Known without importing a platform: what is deployed is known by them, whichever platform it is on.
ADDRESS_VARIABLES = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "FOUNDRY_PROJECT_ENDPOINT")
"""The environment variables with the addresses of our own platforms."""


class Offer(Protocol):
    """The names that a module (or an entry point) needs to be a platform."""

    CAPABILITIES: Capabilities

    def connect(self, connection: Connection, /) -> Platform:
        """Connect. Raises ``ProjectError`` for settings that cannot be used."""


def known_platforms() -> Collection[str]:
    """The names of all platforms, our own first; other packages are only looked at for a name that is not ours."""
    return _Names()


class _Names(Collection[str]):
    def __contains__(self, name: object) -> bool:
        return name in _MODULES or name in _entry_points()

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*_MODULES, *sorted(_entry_points())))

    def __len__(self) -> int:
        return len({*_MODULES, *_entry_points()})


def open_platform(name: str, connection: Connection) -> Platform:
    """Connect to a platform; to be used as an async context manager.

    Raises ``ProjectError`` for a name nobody knows, a plug-in that is broken, or settings that cannot be used.
    """
    offer = _offer(name)
    try:
        return offer.connect(connection)
    except (ImportError, OSError, ValueError) as error:  # what an SDK thinks of its surroundings
        raise ProjectError(
            f"the platform {name!r} of target {connection.target!r} cannot be opened: {error}",
            "Check the target's settings, and the environment's proxies and certificates.",
        ) from error


def capabilities_of(name: str) -> Capabilities:
    """The capabilities of a platform. Raises ``ProjectError`` as ``open_platform`` does."""
    if name in _CAPABILITIES:
        return cast("Capabilities", import_module(_CAPABILITIES[name]).CAPABILITIES)
    return _offer(name).CAPABILITIES


def options_of(name: str) -> Collection[str] | None:
    """The names of a platform's options; ``None`` for one of another package that has no ``OPTIONS``.

    Raises ``ProjectError`` as ``open_platform`` does.
    """
    return cast("Collection[str] | None", getattr(_offer(name), "OPTIONS", None))


def _offer(name: str) -> Offer:
    if name in _MODULES:
        return cast("Offer", import_module(_MODULES[name]))
    offers = _entry_points()
    if name not in offers:
        known = known_platforms()
        raise ProjectError(
            f"there is no platform {name!r}", did_you_mean(name, known) or f"Known platforms: {', '.join(known)}."
        )
    return _loaded(name, offers[name])


def _entry_points() -> Mapping[str, EntryPoint]:
    return _installed(tuple(sys.path))


# A command asks for its platform many times, and each look reads the metadata of every package that is installed.
@lru_cache(maxsize=1)
def _installed(_: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """The platforms of the packages on a search path."""
    from importlib.metadata import entry_points

    return {entry_point.name: entry_point for entry_point in entry_points(group=GROUP)}


def _loaded(name: str, entry_point: EntryPoint) -> Offer:
    from assistctl.model.capabilities import Capabilities

    package = entry_point.dist.name if entry_point.dist else entry_point.value
    try:
        offer = entry_point.load()
    except AssistctlError:
        raise
    except Exception as error:  # whatever somebody else's module does when it is imported
        raise ProjectError(
            f"the platform {name!r} of the package {package} cannot be loaded: {type(error).__name__}: {error}",
            "Update or remove that package.",
        ) from error
    if not callable(getattr(offer, "connect", None)) or not isinstance(
        getattr(offer, "CAPABILITIES", None), Capabilities
    ):
        raise ProjectError(
            f"the platform {name!r} of the package {package} is not one: {entry_point.value} has no `connect` and "
            "`CAPABILITIES`",
            "Update or remove that package.",
        )
    from assistctl.model.capability_problems import problems_in

    problems = problems_in(offer.CAPABILITIES)
    if problems:
        raise ProjectError(
            f"the platform {name!r} of the package {package} errs about itself: {'; '.join(problems)}",
            "Update that package, or tell its author.",
        )
    return cast("Offer", offer)
