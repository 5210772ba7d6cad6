"""Bringing the embedded platform to what the manifests declare, so that checks can be asked of a branch there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistctl.applying.progress import ProgressListener
from assistctl.errors import AssistctlError, ExitCode, ProjectError
from assistctl.model.plan import PlanScope
from assistctl.operations.apply import apply
from assistctl.operations.apply_request import apply_request
from assistctl.operations.ask_checks import require_conversations, require_model
from assistctl.operations.deployment import Deployment
from assistctl.operations.outcome import ApplyOutcome
from assistctl.platforms.registry import capabilities_of


def on_branch(deployment: Deployment) -> Deployment:
    """The same with the journal in the checkout, where the embedded platform is: no other place is written to."""
    return replace(deployment, project=replace(deployment.project, journal=None))


async def apply_embedded(
    deployment: Deployment, keys: Sequence[str] = (), progress: ProgressListener | None = None
) -> None:
    """Apply ``keys`` (all without them). Raises ``AssistctlError`` when not all went through.

    ``ProjectError`` for a target that is not the embedded platform, or has no model that could answer then.
    """
    target = deployment.target
    if not capabilities_of(target.platform).embedded:
        raise ProjectError(
            f"--apply is for the embedded platform, and target {target.name!r} is on {target.platform}",
            "Use --target local, or run `assistctl apply --check` for what is deployed.",
        )
    require_conversations(deployment)
    require_model(deployment)
    outcome = await apply(deployment, apply_request(deployment, PlanScope(tuple(keys))), progress=progress)
    if outcome.exit_code is not ExitCode.OK:
        raise AssistctlError(
            f"it could not be applied to {target.name}, so nothing was asked: {_reason(outcome)}",
            f"`assistctl plan --target {target.name}` shows all of it.",
        )


def _reason(outcome: ApplyOutcome) -> str:
    errors = [result.error for result in outcome.results if result.error]
    errors += [error.summary for error in outcome.plan.errors]
    errors += [f"{change.qualified_key} is refused" for change in outcome.plan.blocked]
    return errors[0] if errors else str(outcome.status)
