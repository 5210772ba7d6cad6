"""Listing what a project owns on a target. Reads no manifest."""

from __future__ import annotations

from dataclasses import dataclass

from assistctl.model.plan import Observed
from assistctl.model.serving import Serving
from assistctl.operations.deployment import Deployment
from assistctl.ownership.baseline import read_baseline
from assistctl.ownership.mark import BASELINE, read_mark
from assistctl.secrets.redaction import SECRET


@dataclass(frozen=True, slots=True)
class DeployedAssistant:
    """One assistant the project owns on the target.

    ``version`` is the newest one, ``None`` where the platform has none; ``serving`` says which versions answer,
    where that need not be it.
    """

    key: str
    id: str
    name: str | None
    model: str | None
    prevent_destroy: bool
    version: str | None = None
    serving: Serving | None = None


async def list_deployed(deployment: Deployment) -> list[DeployedAssistant]:
    """The assistants that the project owns on the target, by key. Raises ``PlatformError``."""
    async with deployment.open() as platform:
        observed = await platform.list_assistants()
    owned = deployment.owned(observed)
    return [_deployed(key, assistant) for key, same_key in owned.items() for assistant in same_key]


def _deployed(key: str, assistant: Observed) -> DeployedAssistant:
    mark = read_mark(assistant.metadata)
    baseline = read_baseline(assistant.metadata.get(BASELINE))
    model = assistant.fields.get("model")
    return DeployedAssistant(
        key,
        assistant.id,
        SECRET if baseline.is_secret(("name",)) else assistant.name,
        SECRET if baseline.is_secret(("model",)) else (model if isinstance(model, str) else None),
        bool(mark and mark.prevent_destroy),
        assistant.revision,
        assistant.serving,
    )
