"""Whether a target is at the address of the platform's own vendor, as far as is known without a connection."""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.manifest import Project, Target

ADDRESS_VARIABLES: Mapping[str, str] = {
    "openai-assistants": "OPENAI_BASE_URL",
    "openai-agents": "OPENAI_BASE_URL",
    "anthropic-agents": "ANTHROPIC_BASE_URL",
    "azure-foundry": "FOUNDRY_PROJECT_ENDPOINT",
}
"""Where the platforms' SDKs look when the target names no address, by platform."""


def is_at_vendor(project: Project, target: Target) -> bool:
    """Whether neither ``target`` nor the environment names another address: gateways have models of others."""
    return not (target.base_url or project.environment.get(ADDRESS_VARIABLES.get(target.platform, "")))
