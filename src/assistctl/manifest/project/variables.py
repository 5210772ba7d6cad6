"""What a manifest may refer to, and what to say when it is not set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from assistctl.diagnostics import Severity
from assistctl.errors import did_you_mean
from assistctl.manifest.project.project import PROJECT_FILE, Project, Target
from assistctl.manifest.syntax.phrases import sentences
from assistctl.manifest.syntax.references import Scope, Unset


@dataclass(frozen=True, slots=True)
class Said:
    """What to say about a reference that is not set."""

    severity: Severity
    summary: str
    detail: str


@dataclass
class Variables:
    """The variables of one target. ``lenient``: what is not set is a warning, since nothing is deployed."""

    project: Project
    target: Target | None
    lenient: bool

    @cached_property
    def scope(self) -> Scope:
        """What references are filled from."""
        return Scope(self.project.environment, self.target.variables if self.target else {})

    def about(self, unset: Unset) -> Said | None:
        """What to say, or ``None``: without a target, a variable that all targets have is no surprise."""
        severity = Severity.WARNING if self.lenient else Severity.ERROR
        if unset.kind == "env":
            through = (
                f"the variable {unset.through!r} needs {unset.written}, which" if unset.through else unset.written
            )
            return Said(severity, f"{through} is not set", f"Set {unset.name} in the environment or in .env.")
        if self.target:
            return Said(severity, *self._not_in_target(unset.name, self.target))
        lacking = [name for name, target in self.project.targets.items() if unset.name not in target.variables]
        having = [name for name in self.project.targets if name not in lacking]
        if having and not lacking and self.lenient:
            return None
        return Said(severity, *self._not_everywhere(unset.name, having, lacking))

    def _not_in_target(self, name: str, target: Target) -> tuple[str, str]:
        having = [other.name for other in self.project.targets.values() if name in other.variables]
        return f"the target {target.name!r} has no variable {name!r}", sentences(
            did_you_mean(name, target.variables),
            f"It is set for {', '.join(having)}." if having else "",
            f"Add it to the target's `variables` in {PROJECT_FILE}, or give --var {name}=VALUE.",
        )

    def _not_everywhere(self, name: str, having: list[str], lacking: list[str]) -> tuple[str, str]:
        known = {variable for target in self.project.targets.values() for variable in target.variables}
        way = f"Add it to a target's `variables` in {PROJECT_FILE}, or give --var {name}=VALUE."
        if not having:
            return f"no target has a variable {name!r}", sentences(did_you_mean(name, sorted(known)), way)
        return (
            f"the variable {name!r} is not set for {', '.join(lacking)}",
            f"It is set for {', '.join(having)}. {way}",
        )
