"""Which platforms there are, by name; none is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from assistctl.errors import ProjectError, did_you_mean
from assistctl.platforms.base import Capabilities, Connection, Platform

_MODULES: Mapping[str, str] = {
    "local": "assistctl.platforms.local",
    "openai-assistants": "assistctl.platforms.openai_assistants",
}


def known_platforms() -> tuple[str, ...]:
    """The names of all platforms."""
    return tuple(_MODULES)


def open_platform(name: str, connection: Connection) -> Platform:
    """Connect to a platform; to be used as an async context manager.

    Raises ``ProjectError`` for a name nobody knows or settings that cannot be used.
    """
    return cast("Platform", import_module(_module(name)).connect(connection))


def capabilities_of(name: str) -> Capabilities:
    """What a platform can express. Raises ``ProjectError`` for a name nobody knows."""
    return cast("Capabilities", import_module(_module(name)).CAPABILITIES)


def _module(name: str) -> str:
    if name not in _MODULES:
        advice = did_you_mean(name, _MODULES) or f"Known platforms: {', '.join(_MODULES)}."
        raise ProjectError(f"there is no platform {name!r}", advice)
    return _MODULES[name]
