"""Manifests of a project: from files to what they declare together, and what they must agree on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from assistctl.diagnostics import Diagnostic, Position, Severity, by_place
from assistctl.errors import did_you_mean
from assistctl.manifest.contents import Variables
from assistctl.manifest.documents.declaration import Declaration
from assistctl.manifest.documents.manifest_file import ReadManifest, read_manifest
from assistctl.manifest.project.discovery import discover
from assistctl.manifest.project.project import Project, Target
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.assistant import Desired
from assistctl.model.kind import Kind
from assistctl.secrets.redaction import keep_names, learn_from

if TYPE_CHECKING:
    from assistctl.manifest.files.glob import Folders
    from assistctl.model.knowledge import DesiredStore
    from assistctl.model.mcp_server import McpServer
    from assistctl.model.resource import DesiredResource


@dataclass(frozen=True, slots=True)
class Loaded:
    """The declarations of the manifests, and every message about them.

    ``desired`` and ``stores`` leave out each document that has an error, so they are to be used only when
    ``errors`` is empty. ``stores`` are those of assistants' ``files`` and the shared ones.
    ``past_keys`` are keys that a plan may be about although nothing has them any more. ``servers`` are the MCP
    servers that have documents, ``resources`` the environments, memory stores and skills.
    """

    desired: tuple[Desired, ...]
    diagnostics: tuple[Diagnostic, ...]
    stores: tuple[DesiredStore, ...] = ()
    past_keys: frozenset[str] = frozenset()
    servers: tuple[McpServer, ...] = ()
    resources: tuple[DesiredResource, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The keys that are taken; one is one identity in the project, whatever it is of."""
        declared: tuple[Desired | DesiredStore | McpServer | DesiredResource, ...]
        declared = (*self.desired, *self.stores, *self.servers, *self.resources)
        return frozenset(declaration.key for declaration in declared)

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
    """The declarations in ``paths`` (files or folders; default: the project's assistants folder).

    Never raises for what files contain: all that is wrong is in ``diagnostics``, each with its position.

    ``lenient_variables`` is for validating: a reference that is not set is a warning, its text stays as it is
    written, and what depends on it is not checked. With no ``target`` it is a warning only where some declared
    target does not set the variable (or none does), for then a deployment there would stop.

    ``check_files`` looks for the files that assistants read: whether they are there, of what size, how many.
    ``read_files`` does too and, when nothing is wrong, hashes them; only then ``Desired.interpreter_files`` and
    ``DesiredStore.files`` are filled.
    """
    variables = Variables(project, target, lenient=lenient_variables)
    folders = cache(_folders) if check_files or read_files else None
    read = _read(project, paths, variables, folders)
    declarations, diagnostics = read.declarations, read.diagnostics
    known = [*(declaration for reading in read.others for declaration in reading.declarations), *declarations]
    if any(declaration.server for declaration in known):
        from assistctl.manifest.documents.mcp_servers import with_servers

        declarations = with_servers(declarations, known)
    if paths is None:
        diagnostics += _said_twice(declarations)
        diagnostics += _of_the_whole(declarations, target, is_sound=_are_sound(diagnostics))
    else:
        diagnostics += _of_some(declarations, known if read.is_all_known else None)
    if folders is not None:
        declarations, messages = _with_skills(declarations, fetch=read_files)
        diagnostics += messages
    if read_files and any(declaration.files for declaration in declarations) and _are_sound(diagnostics):
        from assistctl.manifest.documents.identify_files import identified

        declarations, messages = identified(declarations, project.directory)
        diagnostics += messages
    if paths is None:
        # Each was registered when it was filled in.
        learn_from(None)
    keep_names(name for declaration in declarations for name in (declaration.key, declaration.position.file))
    return Loaded(
        tuple(declaration.assistant for declaration in declarations if declaration.assistant),
        tuple(by_place(diagnostics)),
        tuple(declaration.store for declaration in declarations if declaration.store),
        servers=tuple(declaration.server for declaration in declarations if declaration.server),
        resources=tuple(declaration.resource for declaration in declarations if declaration.resource),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """The manifests that were asked for, and the ``others`` of the project.

    Files that a manifest names are none. ``is_all_known`` if it is known of all others what they declare.
    """

    declarations: list[Declaration]
    diagnostics: list[Diagnostic]
    others: list[ReadManifest]
    is_all_known: bool


def _read(
    project: Project, paths: Sequence[Path] | None, variables: Variables, folders: Callable[[], Folders] | None
) -> _Read:
    files, diagnostics = discover(project, paths)
    readings = [read_manifest(file, variables, folders) for file in files]
    listed = files if paths is None else discover(project, None)[0]
    given = {file.place for file in files}
    others = [read_manifest(file, variables, None) for file in listed if file.place not in given]
    named = _named((*readings, *others))
    declarations: list[Declaration] = []
    for reading in readings:
        if named and reading.file.path in named:
            diagnostics += _no_manifest(reading, named[reading.file.path], asked_for=paths is not None)
            continue
        declarations += reading.declarations
        diagnostics += reading.messages
    others = [reading for reading in others if not (named and reading.file.path in named)]
    is_whole = project.file is not None and given <= {file.place for file in listed}
    return _Read(declarations, diagnostics, others, is_whole and _are_read(others))


def _with_skills(declarations: list[Declaration], *, fetch: bool) -> tuple[list[Declaration], list[Diagnostic]]:
    """``declarations`` with what skills have in their repositories and folders, and what is wrong with that."""
    diagnostics: list[Diagnostic] = []
    if any(each.resource and each.resource.source for each in declarations):
        from assistctl.manifest.documents.skill_sources import with_sources

        declarations, messages = with_sources(declarations, fetch=fetch)
        diagnostics += messages
    if any(each.resource and each.files for each in declarations):
        from assistctl.manifest.documents.skill_folders import with_folders

        declarations, messages = with_folders(declarations)
        diagnostics += messages
    return declarations, diagnostics


def _folders() -> Folders:
    from assistctl.manifest.files.glob import Folders

    return Folders()


def _named(readings: Sequence[ReadManifest]) -> Mapping[Path, Position]:
    """Those of the files read that a manifest among them names, with the place where it does."""
    if not any(reading.named for reading in readings):
        return {}
    from assistctl.manifest.files.named_files import Naming, who_names

    return who_names([Naming(reading.file.path, reading.named) for reading in readings])


def _are_read(others: Sequence[ReadManifest]) -> bool:
    """Whether it is known of all of them what they declare."""
    return all(_are_sound(reading.messages) for reading in others)


def _no_manifest(reading: ReadManifest, place: Position, *, asked_for: bool) -> list[Diagnostic]:
    """A message about a file that another manifest names as data, if it may have been meant as a manifest."""
    is_sound = any(declaration.is_sound for declaration in reading.declarations)
    if not is_sound and not asked_for:
        return []
    return [
        Diagnostic(
            Severity.WARNING if is_sound else Severity.INFO,
            f"this is not a manifest, because {place} names it as a file",
            "If it is to declare an assistant, leave it out there, or move it to another folder.",
            position=Position(reading.file.shown),
        )
    ]


def _of_some(declarations: Sequence[Declaration], known: Sequence[Declaration] | None) -> list[Diagnostic]:
    """The messages about some of the ``known`` declarations; few where the others are not known."""
    if known is None:
        return _said_twice(declarations)
    keys = {declaration.key for declaration in declarations}
    others = {each.position.file for each in known} - {each.position.file for each in declarations}
    return [
        message
        for message in (*_said_twice(known), *_undeclared(known))
        if message.key in keys and not (message.position and message.position.file in others)
    ]


def _said_twice(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    return [*_keys_declared_twice(declarations), *_names_used_twice(declarations)]


def _keys_declared_twice(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """An error for each sound document whose key another one has before it."""
    first: dict[str, Declaration] = {}
    messages = []
    for declaration in declarations:
        other = first.setdefault(declaration.key, declaration) if declaration.is_sound else declaration
        if other is not declaration:
            messages.append(_declared_twice(declaration, other))
    return messages


def _declared_twice(declaration: Declaration, other: Declaration) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        f"the key {declaration.key!r} is declared twice: first at {other.position}",
        "A key is one identity in the project, whatever it is of. Give one of the two another `key:`.",
        key=declaration.key,
        path="key",
        position=declaration.position,
    )


def _names_used_twice(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """A warning for each assistant whose name another one has before it."""
    first: dict[str, Declaration] = {}
    messages = []
    for declaration in declarations:
        name = declaration.assistant.fields.get("name") if declaration.assistant else None
        if not isinstance(name, str):
            continue
        other = first.setdefault(name, declaration)
        if other is not declaration and other.key != declaration.key:
            messages.append(_named_alike(declaration, other))
    return messages


def _named_alike(declaration: Declaration, other: Declaration) -> Diagnostic:
    desired = declaration.assistant
    is_secret = desired is not None and "name" in desired.secret_paths
    return Diagnostic(
        Severity.WARNING,
        f"{'this' if is_secret or desired is None else repr(desired.fields.get('name'))} is the name of "
        f"{other.key!r} too, at {other.position}",
        "Nobody can tell them apart in a list, and neither can be found by its name and adopted.",
        key=declaration.key,
        path="name",
        position=(desired.positions.get("name") if desired else None) or declaration.position,
    )


def _of_the_whole(
    declarations: Sequence[Declaration], target: Target | None, *, is_sound: bool
) -> list[Diagnostic]:
    """The messages that need all manifests; some of them only come when nothing else is wrong."""
    messages = _undeclared(declarations)
    if not is_sound:
        return messages
    messages += _overrides_of_nothing(target, {declaration.key for declaration in declarations}) if target else ()
    messages += _stores_not_searched(declarations)
    if any(map(_may_refer, declarations)):
        from assistctl.manifest.documents import references_by_key

        messages += references_by_key.naming_in_circles(declarations)
        messages += references_by_key.resources_not_used(declarations)
    if any(map(_may_use_servers, declarations)):
        from assistctl.manifest.documents import mcp_servers

        messages += (*mcp_servers.servers_not_used(declarations), *mcp_servers.undeclared_servers(declarations))
    return messages


def _overrides_of_nothing(target: Target, keys: Collection[str]) -> list[Diagnostic]:
    """An error for each override of ``target`` whose key no manifest has."""
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


def _stores_not_searched(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """A warning for each shared vector store that no assistant searches."""
    searched = {assistant.store for assistant in _searching_shared(declarations)}
    return [
        Diagnostic(
            Severity.WARNING,
            "no assistant searches this vector store",
            f"An assistant with file_search does when it says `vector_store: {declaration.key}`.",
            key=declaration.key,
            position=declaration.position,
        )
        for declaration in declarations
        if declaration.kind is Kind.VECTOR_STORE and declaration.key not in searched
    ]


def _undeclared(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """An error for each key that is named and that nothing declares."""
    messages = _stores_not_declared(declarations)
    if any(map(_may_refer, declarations)):
        from assistctl.manifest.documents import references_by_key

        messages += references_by_key.unknown_references(declarations)
    if any(map(_may_use_servers, declarations)):
        from assistctl.manifest.documents import mcp_servers

        messages += mcp_servers.servers_not_declared(declarations)
    return messages


def _stores_not_declared(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """An error for each assistant that names a shared vector store which no document declares."""
    stores = {declaration.key for declaration in declarations if declaration.kind is Kind.VECTOR_STORE}
    assistants = {declaration.key for declaration in declarations if declaration.kind is Kind.ASSISTANT}
    return [
        Diagnostic(
            Severity.ERROR,
            f"no document declares a vector store with the key {assistant.store!r}",
            _way_to_store(assistant.store, stores, assistants),
            key=assistant.key,
            path="vector_store",
            position=assistant.position_of("vector_store"),
        )
        for assistant in _searching_shared(declarations)
        if assistant.store is not None and assistant.store not in stores
    ]


def _way_to_store(key: str, stores: Collection[str], assistants: Collection[str]) -> str:
    if key in assistants:
        return "That is an assistant; the vector store of its `files` is its own."
    return sentences(did_you_mean(key, stores)) or f"Write a manifest with `kind: vector_store` and `key: {key}`."


def _searching_shared(declarations: Sequence[Declaration]) -> list[Desired]:
    """The assistants that search a store which is not their own."""
    return [
        declaration.assistant
        for declaration in declarations
        if declaration.assistant and declaration.assistant.store and not declaration.store
    ]


def _may_refer(declaration: Declaration) -> bool:
    """Whether it may name another document by its key, or is made to be named."""
    assistant = declaration.assistant
    return declaration.resource is not None or bool(assistant and (assistant.uses or assistant.platform_fields))


def _may_use_servers(declaration: Declaration) -> bool:
    """Whether it is an MCP server, or may use some."""
    assistant = declaration.assistant
    return declaration.kind is Kind.MCP_SERVER or bool(assistant and "tools" in assistant.fields)


def _are_sound(diagnostics: Sequence[Diagnostic]) -> bool:
    return not any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
