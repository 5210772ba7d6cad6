"""Manifests of a project: from files to declared assistants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistctl.errors import did_you_mean
from assistctl.knowledge import DesiredStore
from assistctl.manifest.assistant import declared_assistants
from assistctl.manifest.discovery import discover
from assistctl.manifest.project import Project, Target
from assistctl.manifest.variables import Variables
from assistctl.model import Desired, Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the manifests declare, and every message about them.

    ``desired`` leaves out each document that has an error, so it is to be used only when ``errors`` is empty.
    ``secrets`` holds every ``${env:}`` value that went into a manifest, for scrubbing output.
    """

    desired: tuple[Desired, ...]
    diagnostics: tuple[Diagnostic, ...]
    secrets: frozenset[str] = frozenset()
    stores: tuple[DesiredStore, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that stop."""
        return tuple(found for found in self.diagnostics if found.severity is Severity.ERROR)


def load_manifests(
    project: Project,
    target: Target | None,
    *,
    paths: Sequence[Path] | None = None,
    lenient_variables: bool = False,
) -> Loaded:
    """The assistants that ``paths`` (files or folders; default: the project's assistants folder) declare.

    Never raises for what files contain: all that is wrong is in ``diagnostics``, each with its position.

    ``lenient_variables`` is for validating: a reference that is not set is a warning, its text stays as it is
    written, and what depends on it is not checked. With no ``target`` it is a warning only where some declared
    target does not set the variable (or none does), for then a deployment there would stop.
    """
    files, diagnostics = discover(project, paths)
    variables = Variables(project, target, lenient=lenient_variables)
    desired: list[Desired] = []
    for file in files:
        found, messages = declared_assistants(file, variables)
        desired += found
        diagnostics += messages
    diagnostics += _keys_declared_twice(desired)
    if target and paths is None and not any(one.severity is Severity.ERROR for one in diagnostics):
        diagnostics += _overrides_of_nothing(target, {one.key for one in desired})
    return Loaded(tuple(desired), tuple(diagnostics), frozenset(variables.secrets))


def _overrides_of_nothing(target: Target, keys: Collection[str]) -> list[Diagnostic]:
    return [
        Diagnostic(
            Severity.ERROR,
            f"no manifest declares the key {key!r}",
            did_you_mean(key, keys) or "An override adds to a manifest; it does not make one.",
            path=f"targets.{target.name}.overrides.{key}",
            position=node.position,
        )
        for key, node in target.overrides.items()
        if key not in keys
    ]


def _keys_declared_twice(desired: Sequence[Desired]) -> list[Diagnostic]:
    first: dict[str, Desired] = {}
    messages = []
    for one in desired:
        other = first.setdefault(one.key, one)
        if other is not one:
            messages.append(_declared_twice(one, other))
    return messages


def _declared_twice(one: Desired, other: Desired) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        f"the key {one.key!r} is declared twice: first at {other.position_of('key')}",
        "A key is one assistant's identity in the project. Give one of the two another `key:`.",
        key=one.key,
        path="key",
        position=one.position_of("key"),
    )
