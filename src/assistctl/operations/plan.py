"""Planning and looking for drift. Neither changes anything on the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assistctl.errors import AssistctlError
from assistctl.manifest import Loaded
from assistctl.model.change import Blocked
from assistctl.model.plan import Plan, PlanScope
from assistctl.operations.deployment import Deployment
from assistctl.operations.plan_on_platform import plan_on
from assistctl.operations.provenance import provenance_of
from assistctl.operations.saved_plan import place_for_plan, save_plan
from assistctl.planning.options import PlanOptions


async def create_plan(deployment: Deployment, scope: PlanScope = PlanScope(), out: Path | None = None) -> Plan:
    """The plan of what apply would do within ``scope``; saved to the file ``out``, if it is given.

    Raises ``ManifestError`` for manifests that are wrong, ``ProjectError`` for a key that nothing has,
    ``PlatformError`` when the platform does not answer, and ``AssistctlError`` when the plan cannot be saved.
    """
    loaded, plan_options = deployment.manifests_for(scope), deployment.plan_options_for(scope)
    place = place_for_plan(out, deployment.project.directory) if out else None
    plan = replace(await _planned(deployment, loaded, plan_options), scope=scope)
    if place is not None:
        save_plan(plan, scope, place, await provenance_of(deployment))
    return plan


async def find_drift(deployment: Deployment, keys: Sequence[str] = ()) -> Plan:
    """A plan without changes: its ``drift`` is what others changed, ``missing`` what is declared and not there.

    Raises what ``create_plan`` raises, and ``AssistctlError`` when two candidates for a key make it impossible to
    tell.
    """
    loaded = deployment.manifests()
    plan = await _planned(deployment, loaded, deployment.plan_options(only=keys), thorough=True)
    ambiguous = [str(change.qualified_key) for change in plan.changes if change.blocked is Blocked.AMBIGUOUS]
    if ambiguous:
        raise AssistctlError(
            f"what was changed outside cannot be told for {', '.join(ambiguous)}", "`assistctl plan` says why."
        )
    return replace(plan, changes=(), diagnostics=())


async def _planned(
    deployment: Deployment, loaded: Loaded, plan_options: PlanOptions, *, thorough: bool = False
) -> Plan:
    async with deployment.open() as platform:
        return await plan_on(deployment, platform, loaded, plan_options, thorough=thorough, explains=True)
