"""Manifests of a project: from files to declared assistants, vector stores and other things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistctl.manifest.documents.cross_references import (
    keys_declared_twice,
    names_used_twice,
    overrides_of_nothing,
    stores_not_declared,
    stores_not_searched,
)
from assistctl.manifest.documents.document import Declaration, ReadManifest, read_manifest
from assistctl.manifest.documents.mcp_servers import (
    servers_not_declared,
    servers_not_used,
    undeclared_servers,
    with_servers,
)
from assistctl.manifest.documents.references_by_key import (
    naming_in_circles,
    resources_not_used,
    unknown_references,
)
from assistctl.manifest.files.glob import Folders
from assistctl.manifest.files.named_files import Naming, who_names
from assistctl.manifest.project.discovery import ManifestFile, discover
from assistctl.manifest.project.project import Project, Target
from assistctl.manifest.project.variables import Variables
from assistctl.manifest.validation.diagnostics import by_place
from assistctl.model.assistant import Desired
from assistctl.model.diagnostics import Diagnostic, Position, Severity
from assistctl.secrets.redaction import keep_names, learn_from

if TYPE_CHECKING:
    from assistctl.model.knowledge import DesiredStore
    from assistctl.model.resource import DesiredResource


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the manifests declare, and every message about them.

    ``desired`` and ``stores`` leave out each document that has an error, so they are to be used only when
    ``errors`` is empty. ``stores`` are those of assistants' ``files`` and the shared ones; ``resources`` are the
    environments, memory stores and skills.
    ``past_keys`` are keys that a plan may be about although nothing has them any more.
    """

    desired: tuple[Desired, ...]
    diagnostics: tuple[Diagnostic, ...]
    stores: tuple[DesiredStore, ...] = ()
    past_keys: frozenset[str] = frozenset()
    resources: tuple[DesiredResource, ...] = ()

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
    check_files: bool = False,
    read_files: bool = False,
) -> Loaded:
    """What ``paths`` (files or folders; default: the project's assistants folder) declare.

    Never raises for what files contain: all that is wrong is in ``diagnostics``, each with its position.

    ``lenient_variables`` is for validating: a reference that is not set is a warning, its text stays as it is
    written, and what depends on it is not checked. With no ``target`` it is a warning only where some declared
    target does not set the variable (or none does), for then a deployment there would stop.

    ``check_files`` looks for the files that assistants read: whether they are there, of what size, how many.
    ``read_files`` does too and, when nothing is wrong, hashes them; only then ``Desired.interpreter_files`` and
    ``DesiredStore.files`` are filled.
    """
    files, diagnostics = discover(project, paths)
    variables = Variables(project, target, lenient=lenient_variables)
    folders = Folders() if check_files or read_files else None
    readings = [read_manifest(file, variables, folders) for file in files]
    others = [] if paths is None else _others(project, files, variables)
    named = who_names([Naming(one.file.path, one.named) for one in (*readings, *others)])
    declarations: list[Declaration] = []
    for one in readings:
        if one.file.path in named:
            diagnostics += _no_manifest(one, named[one.file.path], asked_for=paths is not None)
            continue
        declarations += one.declarations
        diagnostics += one.messages
    known = [one for reading in (*readings, *others) for one in reading.declarations]
    declarations = with_servers(declarations, known)
    diagnostics += keys_declared_twice(declarations)
    diagnostics += names_used_twice(declarations)
    if paths is None:
        diagnostics += _of_the_whole(declarations, target, is_sound=_are_sound(diagnostics))
    if read_files and _are_sound(diagnostics):
        from assistctl.manifest.documents.identify_files import identified

        declarations, messages = identified(declarations, project.directory)
        diagnostics += messages
    if paths is None:
        # Each was registered when it was filled in.
        learn_from(None)
    keep_names(name for one in declarations for name in (one.key, one.position.file))
    return Loaded(
        tuple(one.assistant for one in declarations if one.assistant),
        tuple(by_place(diagnostics)),
        tuple(one.store for one in declarations if one.store),
        resources=tuple(one.resource for one in declarations if one.resource),
    )


def _others(project: Project, files: Sequence[ManifestFile], variables: Variables) -> list[ReadManifest]:
    """The project's other manifests, which may name some of ``files``."""
    known = {one.path for one in files}
    return [read_manifest(one, variables, None) for one in discover(project, None)[0] if one.path not in known]


def _no_manifest(one: ReadManifest, place: Position, *, asked_for: bool) -> list[Diagnostic]:
    """A word about a file that is none because another one names it, where somebody may have meant it as one."""
    is_sound = any(declaration.is_sound for declaration in one.declarations)
    if not is_sound and not asked_for:
        return []
    return [
        Diagnostic(
            Severity.WARNING if is_sound else Severity.INFO,
            f"this is no manifest, because {place} names it as a file",
            "If it is to declare an assistant, leave it out there, or move it to another folder.",
            position=Position(one.file.shown),
        )
    ]


def _of_the_whole(
    declarations: Sequence[Declaration], target: Target | None, *, is_sound: bool
) -> list[Diagnostic]:
    """What can be said only when all manifests are there; some of it only when nothing is wrong with them."""
    messages = [
        *stores_not_declared(declarations),
        *unknown_references(declarations),
        *servers_not_declared(declarations),
    ]
    if not is_sound:
        return messages
    if target:
        messages += overrides_of_nothing(target, {one.key for one in declarations})
    return [
        *messages,
        *naming_in_circles(declarations),
        *resources_not_used(declarations),
        *stores_not_searched(declarations),
        *servers_not_used(declarations),
        *undeclared_servers(declarations),
    ]


def _are_sound(diagnostics: Sequence[Diagnostic]) -> bool:
    return not any(one.severity is Severity.ERROR for one in diagnostics)
