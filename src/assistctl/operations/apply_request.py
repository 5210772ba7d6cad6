"""Requests to apply, destroy or forget: the manifests and the policy to go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistctl.applying.limits import ApplyLimits
from assistctl.errors import ProjectError
from assistctl.manifest import Loaded
from assistctl.model.check_gate import GateMode
from assistctl.model.plan import PlanOptions, PlanScope
from assistctl.operations.deployment import Deployment
from assistctl.operations.saved_plan import SavedPlan


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A plan that was reviewed, and the policy it was made with."""

    plan: SavedPlan
    plan_options: PlanOptions


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """The manifests to apply, and how; no more and no less than what was ``reviewed``, if anything was.

    ``command`` is what the journal calls it. With ``check`` the checks of what it changes are asked before and
    after.
    """

    loaded: Loaded
    plan_options: PlanOptions
    reviewed: Reviewed | None = None
    command: str = "apply"
    check: GateMode | None = None
    limits: ApplyLimits = ApplyLimits()


def apply_request(
    deployment: Deployment,
    what: SavedPlan | PlanScope,
    limits: ApplyLimits = ApplyLimits(),
    *,
    adopt: bool | None = None,
    allow_deletes: bool = False,
    check: GateMode | None = None,
) -> ApplyRequest:
    """The request to apply a reviewed plan, or everything due within a scope.

    ``adopt`` is the scope's unless it is given. Raises ``ManifestError`` when the manifests are wrong.
    """
    saved, scope = (what, what.scope) if isinstance(what, SavedPlan) else (None, what)
    # Manifests first: what is wrong in them is told before a key is looked for.
    loaded = deployment.manifests_for(scope)
    reviewed = deployment.plan_options_for(scope)
    # What a plan says does not speak for whoever applies it: to delete much at once takes a word said here.
    plan_options = replace(
        reviewed,
        adopt=scope.adopt if adopt is None else adopt,
        allow_deletes=allow_deletes,
        confirm_destroy=scope.destroy,
    )
    return ApplyRequest(
        loaded, plan_options, Reviewed(saved, reviewed) if saved else None, check=check, limits=limits
    )


def destroy_request(
    deployment: Deployment,
    keys: Sequence[str] = (),
    limits: ApplyLimits = ApplyLimits(),
) -> ApplyRequest:
    """The deletion of these keys, or of all that the project owns."""
    plan_options = deployment.plan_options(destroy=True, only=keys)
    return ApplyRequest(deployment.keys_only(), plan_options, command="destroy", limits=limits)


def forget_request(
    deployment: Deployment,
    keys: Sequence[str],
    limits: ApplyLimits = ApplyLimits(),
) -> ApplyRequest:
    """Letting go of these keys. Raises ``ProjectError`` when a manifest still declares one."""
    loaded = deployment.manifests()
    declared = {thing.key: thing.position for thing in loaded.stores}
    declared |= {thing.key: thing.position for thing in loaded.resources}
    declared |= {thing.key: thing.position for thing in loaded.desired}
    for key in keys:
        if key in declared:
            raise ProjectError(f"{key!r} is still declared at {declared[key]}", "Remove its manifest first.")
    return ApplyRequest(loaded, deployment.plan_options(only=keys, forget=keys), command="forget", limits=limits)
