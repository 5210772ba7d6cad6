"""Assistants from a live target or an export, to what another target makes of them. Changes no target."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import ManifestError, ProjectError
from assistctl.export.from_observed import declared
from assistctl.export.undeclared import Scope, keyed, undeclared
from assistctl.export.write_files import schema_beside, write_new
from assistctl.export.yaml_writer import Written, key_for, written_document
from assistctl.json_value import Json
from assistctl.manifest import load_manifests
from assistctl.manifest.validation.diagnostics import faults
from assistctl.migration.convert import Source, migrated
from assistctl.migration.declared import judged
from assistctl.migration.destination import Destination
from assistctl.migration.export_reader import PLATFORM, read_exported
from assistctl.migration.lost_resources import ResourceNames
from assistctl.migration.mcp_servers import ServerBook
from assistctl.migration.report import Migrated, Migration
from assistctl.model import model_catalog
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.counting import counted, first_named
from assistctl.model.kind import Kind
from assistctl.model.plan import TargetName
from assistctl.model.resource import DesiredResource
from assistctl.operations.deployment import Deployment
from assistctl.operations.migration_library import beside_on, library_on
from assistctl.platforms.registry import capabilities_of

# How the command is told to write to another folder.
_FOLDER_OPTION = "--dir"
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of assistants: the things there, and their owner.

    ``strange`` are the fields, by assistant's id, that manifests have no place for; ``doubts`` are sentences about
    what may be missing. ``beside`` is what is kept beside assistants, by kind.
    """

    name: TargetName
    assistants: Sequence[Observed]
    resource_names: ResourceNames
    scope: Scope
    strange: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    beside: Mapping[Kind, Sequence[Observed]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MigrationOutcome:
    """A migration and its manifests in ``folder``, which are there if it ``is_written``.

    In ``written`` those of its assistants come first, in their order, and those of MCP servers behind them.
    """

    folder: Path
    is_written: bool
    migration: Migration
    written: tuple[Written, ...]

    @property
    def loses(self) -> bool:
        """Whether anything is lost."""
        return self.migration.loses

    def to_document(self) -> dict[str, Json]:
        """The report as ``assistctl migrate --format json`` prints it, secrets masked."""
        from assistctl.migration.render_json import migration_document
        from assistctl.rendering.json import masked_document

        count = len(self.migration.assistants)
        assistants, servers = (
            {written.key: [*written.files, *written.contents] for written in part}
            for part in (self.written[:count], self.written[count:])
        )
        return masked_document(
            migration_document(self.migration, str(self.folder), assistants, servers, written=self.is_written)
        )


async def origin_on(deployment: Deployment) -> Origin:
    """The assistants on a target, with the files that they read.

    Files of no more than ``downloads.MOST`` bytes together are downloaded. Raises ``PlatformError`` when there is
    no list, or when what they read cannot be had this time.
    """
    async with deployment.open() as platform:
        # Side by side: what two of the platform's lists need is then asked for once.
        assistants, (beside, more_doubts) = await asyncio.gather(platform.list_assistants(), beside_on(platform))
        resource_names, doubts = await library_on(platform, assistants)
    scope = Scope(deployment.owner, deployment.target.name)
    return Origin(
        deployment.target_name, assistants, resource_names, scope, doubts=(*doubts, *more_doubts), beside=beside
    )


def origin_in(path: Path, to: Deployment) -> Origin:
    """The assistants in an export, for the project of ``to``. Raises ``ProjectError`` when it cannot be read."""
    exported = read_exported(path, to.project.directory)
    name = TargetName(str(path), PLATFORM)
    scope = Scope(to.owner, None)
    return Origin(name, exported.assistants, exported.resource_names, scope, exported.strange, exported.doubts)


def migration(origin: Origin, to: Deployment, today: dt.date) -> Migration:
    """The migration to the platform of ``to``, of the assistants that manifests declare and of the rest.

    Raises ``ManifestError`` when anything in the manifests is wrong: what they declare could not be told.
    """
    loaded = load_manifests(to.project, to.target, lenient_variables=True)
    if loaded.errors:
        raise ManifestError(loaded.diagnostics)
    known = loaded.desired
    chosen = undeclared(origin.assistants, known, origin.scope)
    destination = Destination(to.target.platform, capabilities_of(to.target.platform), faults, today)
    came_from = capabilities_of(origin.name.platform)
    # Elsewhere what a field is when it is left out may be another value, and is then declared.
    known_defaults = replace(
        came_from, field_defaults=came_from.field_defaults.shared_with(destination.capabilities.field_defaults)
    )
    others = loaded.keys - {assistant.key for assistant in known}
    found = keyed(chosen, known, origin.scope, others)
    keys = {assistant.id: key for key, assistant in found}
    book = ServerBook(loaded.servers, {*loaded.keys, *keys.values()})
    moved = [
        migrated(_source(key, assistant, origin, known_defaults), destination, origin.resource_names, book, keys)
        for key, assistant in found
    ]
    new = tuple(assistant for assistant in moved if not _is_declared(assistant, known))
    ids = {assistant.id for assistant in new}
    ours = [assistant for assistant in origin.assistants if not origin.scope.leaves(assistant.metadata)]
    return Migration(
        to.owner,
        origin.name,
        to.target_name,
        new,
        declared=tuple(assistant.name or assistant.id for assistant in ours if assistant.id not in ids),
        others=len(origin.assistants) - len(ours),
        manifests=tuple(judged(assistant, origin.name.platform, destination) for assistant in known),
        diagnostics=(
            *map(_doubt, origin.doubts),
            *_left_there(origin.beside, loaded.resources, origin.scope, origin.name, to.target_name),
            *(loaded.diagnostics if known else ()),
        ),
        servers=book,
    )


def resolve_source(source: str | Path, to: Deployment, opened: Callable[[str], Deployment]) -> Deployment | Path:
    """The target of that name, as ``opened`` opens it, or where none is called so, the file or folder.

    A ``Path`` is never the name of a target. Raises ``ProjectError`` when it is none of them.
    """
    if isinstance(source, Path):
        return source
    try:
        return opened(source)
    except ProjectError as error:
        if source in to.project.targets:
            raise
        if Path(source).exists():
            return Path(source)
        raise ProjectError(f"there is no target, file or folder {source!r}", error.hint) from error


async def read_origin(source: Deployment | Path, to: Deployment) -> Origin:
    """The assistants on a target or in an export.

    Raises ``PlatformError`` when the target cannot be listed, ``ProjectError`` when the export cannot be read.
    """
    return origin_in(source, to) if isinstance(source, Path) else await origin_on(source)


def migrate(origin: Origin, to: Deployment, folder: Path | None = None, *, write: bool = True) -> MigrationOutcome:
    """Manifests, in ``folder`` or among the project's, of the assistants of ``origin`` that none declares yet.

    Without ``write`` none is written. Raises ``AssistctlError``, before the first of them, when one is there.
    """
    found = migration(origin, to, model_catalog.today())
    into = folder or to.project.assistants
    schema = schema_beside(into, to.project.directory)
    assistants = [
        replace(written_document(assistant.document, assistant.key, schema=schema), contents=assistant.contents)
        for assistant in found.assistants
    ]
    names = {name for assistant in assistants for name in assistant.files}
    servers = found.servers.written(schema_beside(into, to.project.directory, "mcp-server"), names)
    written = (*assistants, *servers)
    if write:
        write_new(written, into, _FOLDER_OPTION)
    return MigrationOutcome(into, write, found, written)


def _doubt(sentence: str) -> Diagnostic:
    return Diagnostic(Severity.WARNING, sentence)


def _source(key: str, assistant: Observed, origin: Origin, capabilities: Capabilities) -> Source:
    found = declared(assistant, key, capabilities)
    strange, resources = origin.strange.get(assistant.id, {}), assistant.fields.get("tool_resources")
    return Source(
        key,
        assistant.id,
        assistant.name,
        origin.name.platform,
        found.document,
        None if any(path.startswith("tool_resources") for path in found.withheld) else resources,
        found.withheld,
        found.nameless,
        strange,
    )


def _is_declared(assistant: Migrated, known: Sequence[Desired]) -> bool:
    """Whether an assistant whose name was left out is declared by the manifest that a migration wrote of it."""
    if assistant.document.get("name", assistant.key) == assistant.name:
        return False
    key = key_for(Observed(assistant.id, {"name": assistant.name}, {}), ())
    return any(key == desired.key == desired.fields.get("name") for desired in known)


def _left_there(
    beside: Mapping[Kind, Sequence[Observed]],
    declared: Sequence[DesiredResource],
    scope: Scope,
    source: TargetName,
    target: TargetName,
) -> Iterator[Diagnostic]:
    """A warning for each kind of which there is something that no document declares, and that nobody else owns."""
    for kind, things in beside.items():
        left = undeclared(things, [resource for resource in declared if resource.kind is kind], scope)
        if left:
            names = sorted(scope.key_of(resource.metadata) or resource.name or resource.id for resource in left)
            shown = first_named(names, _MOST_NAMES)
            yield Diagnostic(
                Severity.WARNING,
                f"{counted(len(left), kind.noun)} on {source.name} without a document, and not moved: {shown}",
                f"`assistctl dump --target {source.name}` writes documents; `assistctl validate -t {target.name}` "
                f"says what {target.platform} has of them.",
            )
