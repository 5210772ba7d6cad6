"""Which deployments of models a Foundry project has, and when the models behind them are shut down."""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.errors import PlatformError
from assistctl.model.model_catalog import shutdown_of
from assistctl.platforms.azure.wire import AzureWire
from assistctl.platforms.translation import Object, as_object, objects_in


async def listed_deployments(wire: AzureWire) -> Mapping[str, str | None] | None:
    """``GET /deployments``: each deployment by its name, ``None`` when the project does not say.

    It tells no dates (``ModelDeployment`` of azure-ai-projects 2.10.0): those are the catalogue's for the model,
    in its version if there is one of it.
    """
    try:
        answer = await wire.get_once("/deployments")
    except PlatformError:
        return None
    deployments = objects_in(as_object(answer).get("value"))
    return {str(one["name"]): _shutdown(one) for one in deployments if "name" in one} or None


def _shutdown(deployment: Object) -> str | None:
    model, version = str(deployment.get("modelName")), deployment.get("modelVersion")
    date = shutdown_of(f"{model}-{version}") or shutdown_of(model)
    return None if date is None else date.isoformat()
