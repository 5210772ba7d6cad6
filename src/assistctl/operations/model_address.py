"""Where the model is that answers on the embedded platform."""

from __future__ import annotations

from assistctl.errors import ProjectError
from assistctl.operations.deployment import Deployment
from assistctl.operations.target_connection import connection_to
from assistctl.platforms.registry import capabilities_of
from assistctl.secrets.addresses import without_credentials

_VARIABLE = "ASSISTCTL_MODEL_URL"


def model_address(deployment: Deployment) -> str:
    """The address without what only lets one in; empty on other platforms, and where there is none."""
    if not capabilities_of(deployment.target.platform).embedded:
        return ""
    connection = connection_to(deployment.project, deployment.target)
    url = connection.options.get("model_url") or connection.environment.get(_VARIABLE) or ""
    return without_credentials(str(url))


def require_model(deployment: Deployment) -> None:
    """Raise ``ProjectError`` where the embedded platform has no model that could answer."""
    if capabilities_of(deployment.target.platform).embedded and not model_address(deployment):
        raise ProjectError(
            f"nothing can answer on target {deployment.target.name!r}: no model is configured, and nothing was"
            " changed",
            f"Name an OpenAI-compatible server in {_VARIABLE}, or in `options: {{model_url: …}}` of the target.",
        )
