"""Dumping: manifests for assistants that exist, written beside those that there are or into another folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from assistctl.checkout.untrusted_files import NeverReadError, refuse_names, refuse_private_key
from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import PlatformError, ProjectError, did_you_mean
from assistctl.export.declare_files import HeldStore
from assistctl.export.dumped import Dump, Existing, Known, Style
from assistctl.export.dumped_resources import ResourceDump
from assistctl.export.from_observed import withheld_units
from assistctl.export.local_copies import local_copies
from assistctl.export.undeclared import Scope, undeclared
from assistctl.export.write_files import schema_beside, write_new
from assistctl.export.yaml_writer import Written
from assistctl.manifest import Loaded
from assistctl.model.assistant import Desired, Observed
from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.listed_files import list_contents
from assistctl.operations.listed_resources import VisibleResources
from assistctl.ownership.file_marks import HeldFile
from assistctl.ownership.placeholders import uploads_read
from assistctl.planning.identity.inventory import Knowledge, ObservedKnowledge
from assistctl.planning.vector_stores.inventory import store_inventory
from assistctl.platforms.base import Platform
from assistctl.platforms.registry import capabilities_of
from assistctl.platforms.resource_platform import GivesContents, resources_of

# How the command is told to write to another folder.
_FOLDER_OPTION = "--to"


@dataclass(frozen=True, slots=True)
class DumpOutcome:
    """The manifests that were written to ``folder``, of assistants, of vector stores with their own document, and
    of ``resources``, the environments and memory stores.

    ``beside`` is whether that is among the project's manifests, where they count. ``paths`` are all files that
    were written; ``diagnostics`` say what could not be.
    """

    folder: Path
    beside: bool
    assistants: tuple[Written, ...]
    stores: tuple[Written, ...]
    resources: tuple[Written, ...]
    paths: tuple[Path, ...]
    diagnostics: tuple[Diagnostic, ...]


async def dump(deployment: Deployment, wanted: Sequence[str] = (), to: Path | None = None) -> DumpOutcome:
    """Write the manifests of what the target has and no manifest declares, to the folder ``to`` or the project's.

    ``wanted`` are names, ids and keys: only those assistants then, whoever owns them. Raises ``ProjectError`` for
    one that nothing has and one that is declared, ``PlatformError`` when the target cannot be listed and
    ``AssistctlError``, before the first file, when one is there.
    """
    folder = to or deployment.project.assistants
    beside = folder.resolve().is_relative_to(deployment.project.assistants)
    loaded = deployment.keys_only()
    known, scope = _known_to(loaded), Scope(deployment.owner, deployment.target.name)
    seen = await _looked(deployment, loaded, known, assistants_alone=bool(wanted))
    surroundings = _nameable(deployment, seen, folder)
    schema = partial(schema_beside, folder, deployment.project.directory)
    found = Dump(scope, known, surroundings, Style(schema, capabilities_of(deployment.target.platform)))
    if wanted:
        chosen = _named(wanted, surroundings.assistants, scope)
        if beside:
            _refuse_declared(chosen, loaded.desired, scope)
        found.add(chosen, beside=beside)
    else:
        forgotten = deployment.project.removed
        left = undeclared(surroundings.assistants, loaded.desired, scope)
        found.add([assistant for assistant in left if scope.key_of(assistant.metadata) not in forgotten])
        found.add_unsearched_stores()
    resources = _resources(loaded, surroundings, found, beside=beside)
    written = (*found.assistants, *found.stores, *resources)
    paths = write_new(written, folder, _FOLDER_OPTION)
    withheld = map(_withheld, (manifest for manifest in written if manifest.withheld))
    unseen = map(_unseen, (manifest for manifest in written if manifest.unseen))
    unnamed = map(_unnamed, (manifest for manifest in written if manifest.unnamed))
    return DumpOutcome(
        folder,
        beside,
        tuple(found.assistants),
        tuple(found.stores),
        resources,
        tuple(paths),
        (*found.diagnostics, *surroundings.unread, *withheld, *unseen, *unnamed),
    )


def _resources(loaded: Loaded, present: Existing, found: Dump, *, beside: bool) -> tuple[Written, ...]:
    """The documents of what is there beside assistants, and no document declares."""
    taken = {thing.key for thing in (*found.assistants, *found.stores)}
    taken |= found.known.keys if beside else set()
    dumped = ResourceDump(found.scope, found.style, taken, present.contents)
    return tuple(
        written
        for kind, things in present.resources.items()
        for written in dumped.of_kind(
            kind, things, [resource for resource in loaded.resources if resource.kind is kind]
        )
    )


def _withheld(manifest: Written) -> Diagnostic:
    summary = f"{manifest.key}: {', '.join(manifest.withheld)} holds a secret and is not written"
    return Diagnostic(Severity.WARNING, summary, "Fill it in again with ${env:}.", key=manifest.key)


def _unseen(manifest: Written) -> Diagnostic:
    summary = f"{manifest.key}: the platform never answers {', '.join(manifest.unseen)}, which is not written"
    advice = "It stays as it is: declare it again, and take it out of lifecycle.ignore_changes."
    return Diagnostic(Severity.WARNING, summary, advice, key=manifest.key)


def _unnamed(manifest: Written) -> Diagnostic:
    names = ", ".join(manifest.unnamed)
    summary = f"{manifest.key}: {names} has something that no document declares, and is not written"
    advice = f"It stays as it is: name each by its key, and take {names} out of lifecycle.ignore_changes."
    return Diagnostic(Severity.WARNING, summary, advice, key=manifest.key)


def _named(wanted: Sequence[str], observed: Sequence[Observed], scope: Scope) -> list[Observed]:
    chosen: dict[str, Observed] = {}
    for word in wanted:
        found = [assistant for assistant in observed if word in (assistant.id, *_names(assistant, scope))]
        if not found:
            known = [text for assistant in observed for text in _shown_names(assistant, scope) if text]
            hint = did_you_mean(word, known) or "Without an argument, dump writes all that no manifest declares."
            raise ProjectError(f"there is no assistant with the name, id or key {word!r}", hint)
        chosen.update({assistant.id: assistant for assistant in found})
    return list(chosen.values())


def _names(assistant: Observed, scope: Scope) -> tuple[str | None, str | None]:
    return assistant.name, scope.key_of(assistant.metadata)


def _shown_names(assistant: Observed, scope: Scope) -> tuple[str | None, ...]:
    name, key = _names(assistant, scope)
    return assistant.id, None if ("name",) in withheld_units(assistant) else name, key


def _refuse_declared(chosen: Sequence[Observed], declared: Sequence[Desired], scope: Scope) -> None:
    """Raise ``ProjectError`` for an assistant that a manifest declares by its key: a second would say it twice."""
    known = {desired.key: desired for desired in declared}
    for assistant in chosen:
        key = scope.key_of(assistant.metadata)
        if key in known:
            raise ProjectError(
                f"{key!r} is declared already at {known[key].position}, so nothing was written",
                "Write to another folder with --to to see the two side by side.",
            )


def _known_to(loaded: Loaded) -> Known:
    """The assistants, and the keys of all else that manifests declare."""
    stores = {
        shared: frozenset(store.key for store in loaded.stores if store.shared is shared)
        for shared in (True, False)
    }
    others = loaded.keys.difference((assistant.key for assistant in loaded.desired), *stores.values())
    return Known(loaded.desired, stores[False], stores[True], others)


def _nameable(deployment: Deployment, seen: _Seen, folder: Path) -> Existing:
    """Everything on the target, with the files that a manifest in ``folder`` can name."""
    directory, place = deployment.project.directory, folder.resolve()
    if not place.is_relative_to(directory):
        # A manifest there may not name what lies in the project.
        return Existing(
            seen.assistants,
            seen.stores,
            resources=seen.resources,
            contents=seen.contents,
            unread=seen.unread,
        )
    held = [
        *(held_file for store in seen.stores.values() for held_file in store.held),
        *uploads_read(seen.assistants),
    ]
    copies = local_copies(held, seen.names, directory)

    def naming(held_file: HeldFile) -> str | None:
        path = copies.of(held_file)
        return None if path is None else Path(os.path.relpath(directory / path, place)).as_posix()

    return Existing(seen.assistants, seen.stores, naming, seen.resources, seen.contents, seen.unread)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Everything on the target; ``names`` are those of uploads whose path nobody wrote down, by id."""

    assistants: Sequence[Observed]
    stores: Mapping[str, HeldStore]
    names: Mapping[str, str]
    resources: Mapping[Kind, Sequence[Observed]] = field(default_factory=dict)
    contents: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    unread: Sequence[Diagnostic] = ()


async def _looked(deployment: Deployment, loaded: Loaded, known: Known, *, assistants_alone: bool) -> _Seen:
    async with deployment.open() as platform:
        # Side by side: what two of the platform's lists need is then asked for once.
        listings = Listings(platform, deployment)
        assistants, seen = await asyncio.gather(
            listings.assistants(),
            _no_resources() if assistants_alone else listings.beside({each.kind for each in loaded.resources}),
        )
        stores = await _stores(deployment, listings, assistants, known)
        names = await _upload_names(platform, uploads_read(assistants))
        if assistants_alone:
            return _Seen(assistants, stores, names)
        scope = Scope(deployment.owner, deployment.target.name)
        contents, unread = await _contents_on(platform, seen.things, loaded.resources, scope)
        unread += seen.diagnostics(deployment.target.name)
        return _Seen(assistants, stores, names, seen.things, contents, unread)


async def _no_resources() -> VisibleResources:
    """What is kept beside assistants when nobody asks for it."""
    return VisibleResources()


async def _stores(
    deployment: Deployment, listings: Listings, assistants: Sequence[Observed], known: Known
) -> dict[str, HeldStore]:
    """The vector stores of ours that count, by id; with their files, unless manifests declare them."""
    stores = listings.platform.vector_stores
    if stores is None:
        return {}
    observed = ObservedKnowledge(await listings.stores())
    live = store_inventory(Knowledge((), observed), (), assistants, deployment.plan_options()).live
    declared = known.own_stores | known.shared_stores
    contents = await list_contents(stores, [store.id for key, store in live.items() if key not in declared])
    return {store.id: HeldStore(key, store, contents.get(store.id, ())) for key, store in live.items()}


async def _upload_names(platform: Platform, held: Iterable[HeldFile]) -> dict[str, str]:
    pathless = [held_file.file_id for held_file in held if not held_file.path]
    if platform.uploads is None or not pathless:
        return {}
    return {file.id: file.name for file in await platform.uploads.list_files() if file.id in pathless}


async def _contents_on(
    platform: Platform,
    resources: Mapping[Kind, Sequence[Observed]],
    declared: Sequence[DesiredResource],
    scope: Scope,
) -> tuple[dict[str, Mapping[str, bytes]], list[Diagnostic]]:
    """The files of those ``resources`` that are not ``declared``, by their ids, and a warning where they stay.

    That is where the platform does not give them back, and where one of them is never read. Raises
    ``PlatformError`` where they may be given another time.
    """
    found: dict[str, Mapping[str, bytes]] = {}
    unread: list[Diagnostic] = []
    for kind, requests in resources_of(platform).items():
        if not isinstance(requests, GivesContents):
            continue
        of_kind = [resource for resource in declared if resource.kind is kind]
        for resource in undeclared(resources.get(kind, ()), of_kind, scope):
            subject = f"the {kind.noun} {resource.name or resource.id} is not written"
            try:
                found[resource.id] = _readable(await requests.contents(resource.id))
            except PlatformError as error:
                if error.is_passing:
                    raise
                unread.append(Diagnostic(Severity.WARNING, f"{subject}: {error.summary}", error.hint))
            except NeverReadError as error:
                unread.append(Diagnostic(Severity.WARNING, f"{subject}: {error.summary}", error.detail))
    return found, unread


def _readable(contents: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """``contents``. Raises ``NeverReadError`` for a file that no command would read, and that would be in git."""
    for path, data in contents.items():
        refuse_names(*path.split("/"))
        refuse_private_key(data)
    return contents
