"""Wishes given to ``init``, checked against the project that may be there already."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistctl.errors import AssistctlError
from assistctl.manifest import Project, Target, load_project
from assistctl.manifest.project.project import DEFAULT_TARGET, PROJECT_FILE
from assistctl.operations.target_connection import credential_variables, extra_of
from assistctl.platforms.registry import known_platforms
from assistctl.scaffold.pipeline import DeployTarget

_KEY = "ASSISTANTS_API_KEY"
_REFERENCE = re.compile(r"\$\{env:(\w+)\}")


@dataclass(frozen=True, slots=True)
class Wishes:
    """The wishes given to ``init``; ``None`` leaves a choice to the surroundings.

    ``project`` is the name of a new project; ``named`` says that it was given, and not made up.
    """

    project: str
    ci: str
    target: str | None = None
    staging: str | None = None
    checks: bool = False
    branch: str | None = None
    requirement: str | None = None
    journal: str | None = None
    named: bool = False

    @property
    def of_the_pipeline(self) -> tuple[str, ...]:
        """The options that were given and that are for the pipeline, as they are written."""
        given = {"-t": self.target, "--staging": self.staging, "--checks": self.checks, "--branch": self.branch}
        given["--requirement"] = self.requirement
        return tuple(option for option, value in given.items() if value)


@dataclass(frozen=True, slots=True)
class Plans:
    """The consequences of the wishes: the targets to deploy to, of which ``new`` are still to be declared.

    ``project`` is the name of the project that is there already.
    """

    target: DeployTarget
    staging: DeployTarget | None
    new: tuple[DeployTarget, ...]
    manifests: str
    has_journal: bool
    project: str | None = None

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras that a runner needs."""
        targets = (self.target, *((self.staging,) if self.staging else ()))
        wanted = {target.extra for target in targets if target.extra} | (
            {"journal"} if self.has_journal else set()
        )
        return tuple(sorted(wanted))


def settled(wishes: Wishes, directory: Path, environ: Mapping[str, str]) -> Plans:
    """The plans for ``directory``.

    Raises ``ManifestError`` for an ``assistctl.yaml`` with errors, ``ProjectError`` for a target that it does not
    declare and ``AssistctlError`` for a journal where there is a project already.
    """
    project = load_project(directory, environ) if os.path.lexists(directory / PROJECT_FILE) else None
    if project is not None and wishes.journal is not None:
        raise AssistctlError(
            f"{PROJECT_FILE} is there already, and is not changed", f"Add `journal: {wishes.journal}` to it."
        )
    name = wishes.target or (project.default_target if project else None) or DEFAULT_TARGET
    target = _deploy_target(name, project, _KEY)
    staging = _deploy_target(wishes.staging, project, _own_key(wishes.staging)) if wishes.staging else None
    wanted = (target, *((staging,) if staging else ()))
    new = tuple(target for target in wanted if project is None and target.name not in known_platforms())
    if wishes.staging == name:
        raise AssistctlError(f"{name!r} cannot be both the target and the one before it", "Name another target.")
    manifests = "assistants"
    if project is not None:
        manifests = project.assistants.relative_to(project.directory).as_posix()
    has_journal = bool(wishes.journal or (project and project.journal))
    return Plans(target, staging, new, manifests, has_journal, project.name if project else None)


def _deploy_target(name: str, project: Project | None, key: str) -> DeployTarget:
    platforms = known_platforms()
    if project is not None:
        found = project.target(name, {}, platforms)
    elif name in platforms:
        found = Target(name, name)
    else:
        return DeployTarget(name, key)
    referenced = _REFERENCE.search(found.api_key or "")
    variable = referenced[1] if referenced else next(iter(credential_variables(found)), key)
    return DeployTarget(name, variable, extra_of(found))


def _own_key(name: str) -> str:
    return f"{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_API_KEY"
