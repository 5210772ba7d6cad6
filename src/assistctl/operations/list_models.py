"""Listing the models that a target offers: when they are shut down, and what uses them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistctl.model.assistant import Desired, Observed
from assistctl.model.model_catalog import shutdown_of
from assistctl.operations.deployment import Deployment
from assistctl.ownership.mark import BASELINE, read_baseline
from assistctl.planning.lint import model_of


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """One model: whether the target lists it (``None`` where it has no list), and when it is shut down.

    ``declared_by`` and ``deployed_as`` are the keys of the assistants that name it in the manifests, and on the
    target.
    """

    name: str
    is_listed: bool | None
    shutdown: dt.date | None
    declared_by: tuple[str, ...] = ()
    deployed_as: tuple[str, ...] = ()


async def list_models(deployment: Deployment) -> list[OfferedModel]:
    """The models on offer and those in use, by name.

    A date that the platform does not give is the catalogue's. Raises ``PlatformError``, and ``ManifestError`` when
    anything in the manifests is wrong.
    """
    loaded = deployment.manifests()
    async with deployment.open() as platform:
        observed = await platform.list_assistants()
        listed = await platform.list_models()
    declared = _declared(loaded.desired)
    deployed = _deployed(deployment, observed)
    names = sorted({*(listed or ()), *declared, *deployed})
    is_embedded = platform.capabilities.embedded
    return [
        OfferedModel(
            name,
            None if listed is None else name in listed,
            None if is_embedded else _date((listed or {}).get(name)) or shutdown_of(name),
            tuple(declared.get(name, ())),
            tuple(deployed.get(name, ())),
        )
        for name in names
    ]


def _declared(desired: Iterable[Desired]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for assistant in desired:
        model = model_of(assistant)
        if model is not None:
            found.setdefault(model, []).append(assistant.key)
    return found


def _deployed(deployment: Deployment, observed: Iterable[Observed]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, same_key in deployment.owned(observed).items():
        for assistant in same_key:
            model = assistant.fields.get("model")
            is_secret = read_baseline(assistant.metadata.get(BASELINE)).is_secret(("model",))
            if isinstance(model, str) and not is_secret:
                found.setdefault(model, []).append(key)
    return found


def _date(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None
