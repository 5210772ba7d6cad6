"""Deployments to the embedded platform on a machine that is thrown away."""

from __future__ import annotations

from assistctl.manifest import Project, Target
from assistctl.manifest.project.environment_file import in_ci
from assistctl.model.plan import Diagnostic, Severity
from assistctl.operations.platform_variables import is_embedded


def embedded_in_ci(project: Project, target: Target) -> tuple[Diagnostic, ...]:
    """A warning when this is a CI job and ``target`` the embedded platform, whose database nobody else has."""
    if not in_ci(project.environment) or not is_embedded(target):
        return ()
    return (
        Diagnostic(
            Severity.WARNING,
            f"target {target.name!r} is the embedded platform: a database in the job's own folder, where "
            "nobody else finds what is applied",
            "Declare a target in assistctl.yaml, and name it with -t or ASSISTCTL_TARGET.",
            path=f"targets.{target.name}.platform" if target.position else "",
            position=target.position,
        ),
    )
