"""The environment variables that a target's platform goes by, known without a connection.

A platform that cannot be loaded has none here; what is wrong with it is told as soon as it is spoken to.
"""

from __future__ import annotations

from collections.abc import Collection

from assistctl.errors import ProjectError
from assistctl.manifest import Project, Target
from assistctl.model.capabilities import Capabilities
from assistctl.platforms.registry import capabilities_of


def address_variable(target: Target) -> str:
    """The variable with the address of ``target`` when it names none; empty where its platform has none."""
    capabilities = _capabilities(target)
    return capabilities.address_variable if capabilities else ""


def credential_variables(target: Target) -> Collection[str]:
    """The variables with what lets one in when ``target`` names no key."""
    capabilities = _capabilities(target)
    return capabilities.credential_variables if capabilities else ()


def extra_of(target: Target) -> str:
    """The extra of this package that has the SDK of ``target``'s platform; empty where it needs none."""
    capabilities = _capabilities(target)
    return capabilities.extra if capabilities else ""


def is_at_vendor(project: Project, target: Target) -> bool:
    """Whether neither ``target`` nor the environment names another address: gateways have models of others."""
    return not (target.base_url or project.environment.get(address_variable(target)))


def is_embedded(target: Target) -> bool:
    """Whether ``target`` is the platform inside this package."""
    capabilities = _capabilities(target)
    return capabilities is not None and capabilities.embedded


def _capabilities(target: Target) -> Capabilities | None:
    try:
        return capabilities_of(target.platform)
    except ProjectError:
        return None
