"""A project on one of its targets, opened: its manifests, its platform and its lists, its policy, its journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistctl.applying.files.upload_log import UploadLog
from assistctl.diagnostics import Severity
from assistctl.errors import JournalError, ManifestError, PlatformError
from assistctl.manifest import Loaded, Project, Target, load_manifests, load_project
from assistctl.manifest.project.referenced_secrets import register_secrets_of
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedStore
from assistctl.model.plan import PlanOptions, PlanScope, TargetName, Thresholds, of_any_kind
from assistctl.operations.account import require_account
from assistctl.operations.target_connection import (
    address_of,
    connection_to,
    register_credentials,
    resolved_setting,
    unknown_options,
    unknown_platform_names,
)
from assistctl.ownership.canonical import digest
from assistctl.ownership.mark import read_mark
from assistctl.planning.identity.inventory import classify
from assistctl.platforms.base import NotListed, Platform
from assistctl.platforms.connection import nobody_listens
from assistctl.platforms.registry import known_platforms, open_platform
from assistctl.platforms.resource_platform import resources_of
from assistctl.secrets.redaction import learn_from

if TYPE_CHECKING:
    from assistctl.journal import Journal, JournalTarget
    from assistctl.operations.listed_files import ListedFiles
    from assistctl.operations.listed_resources import VisibleResources


@dataclass(frozen=True, slots=True)
class Deployment:
    """One project on one of its targets.

    ``throttle_timeout`` is how long, in seconds, the platform may refuse everything as too much, and one answer
    may take. ``told`` is called with a line about what takes long.
    """

    project: Project
    target: Target
    throttle_timeout: float = 600.0
    told: Callable[[str], None] = nobody_listens

    @property
    def target_name(self) -> TargetName:
        """The target as plans name it."""
        return TargetName(self.target.name, self.target.platform)

    @property
    def owner(self) -> str:
        """The project's name."""
        return self.project.name or ""

    def manifests(self) -> Loaded:
        """The manifests, loaded for this target. Raises ``ManifestError`` when anything in them is wrong."""
        loaded = load_manifests(self.project, self.target, read_files=True)
        strange = unknown_platform_names((*loaded.desired, *loaded.resources), known_platforms())
        diagnostics = (*self.project.diagnostics, *loaded.diagnostics, *strange)
        if any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
            raise ManifestError(diagnostics)
        return replace(loaded, diagnostics=diagnostics)

    def keys_only(self) -> Loaded:
        """As much of the manifests as can be read, without a word about the rest: to know which keys there are."""
        loaded = load_manifests(self.project, self.target, lenient_variables=True)
        return replace(loaded, diagnostics=())

    def manifests_for(self, scope: PlanScope) -> Loaded:
        """The manifests for a plan of this scope: to destroy, it is enough to know which keys there are.

        Raises ``ManifestError`` when the manifests are wrong.
        """
        return self.keys_only() if scope.destroy else self.manifests()

    @asynccontextmanager
    async def open(self, stop: asyncio.Event | None = None) -> AsyncIterator[Platform]:
        """The platform, connected until the end of an ``async with``.

        Raises ``ProjectError`` for settings that are missing or unusable, and ``RefusedError`` when the target is
        pinned to an account and another one answers. Once ``stop`` is set, no request waits any longer until the
        platform lets it through.
        """
        from assistctl.secrets.sink import mask_log_records

        connection = replace(
            connection_to(self.project, self.target),
            throttle_timeout=self.throttle_timeout,
            stop=stop,
            told=self.told,
        )
        mask_log_records()
        account = resolved_setting(self.project, self.target, self.target.account, "account")
        async with open_platform(self.target.platform, connection) as platform:
            if account is not None:
                await require_account(platform, self.target, account)
            yield platform

    def plan_options(
        self,
        *,
        adopt: bool | None = None,
        destroy: bool = False,
        allow_deletes: bool = False,
        only: Sequence[str] = (),
        forget: Sequence[str] = (),
    ) -> PlanOptions:
        """The project's policy with the command line's decisions."""
        safety = self.project.safety
        return PlanOptions(
            project=self.owner,
            target=self.target_name,
            thresholds=Thresholds(safety.max_delete_percent, safety.max_update_percent, safety.min_existing),
            adopt=adopt,
            destroy=destroy,
            allow_deletes=allow_deletes,
            only=of_any_kind(only) if only else None,
            forget=self.project.removed | frozenset(forget),
            address=address_of(self.project, self.target),
            targets=frozenset(self.project.targets),
            named_by_targets=self.named_by_targets(),
        )

    def plan_options_for(self, scope: PlanScope) -> PlanOptions:
        """The project's policy with the decisions in ``scope``."""
        return self.plan_options(
            adopt=scope.adopt, destroy=scope.destroy, allow_deletes=scope.allow_deletes, only=scope.keys
        )

    def named_by_targets(self) -> dict[str, str]:
        """The texts in the options of the project's targets, and which option that is: a text may be an id.

        Those of this target are filled in, others as they are written. Raises ``ProjectError``.
        """
        options = {name: target.options for name, target in self.project.targets.items()}
        options[self.target.name] = self.project.resolve_options(self.target)
        return {
            value: f"options.{option} of the target {name}"
            for name, declared in options.items()
            for option, value in declared.items()
            if isinstance(value, str) and value
        }

    def journal(self) -> Journal:
        """The record of the project's applies. Raises ``JournalError`` for an address that cannot be used."""
        from assistctl.journal import open_journal

        directory, settings, written = self.project.directory, self.project.settings, self.project.journal
        if written is None:
            return open_journal(self.owner, directory, environment=settings)
        address = resolved_setting(self.project, self.target, written, "journal")
        try:
            return open_journal(self.owner, directory, address=address, environment=settings)
        except JournalError as error:
            raise JournalError(error.summary, error.hint, position=self.project.journal_position) from error

    def journal_target(self) -> JournalTarget:
        """The target as the journal names it."""
        from assistctl.journal import JournalTarget, address_digest

        return JournalTarget(
            self.target.name, self.target.platform, address_digest(address_of(self.project, self.target).strip())
        )

    def upload_log(self) -> UploadLog:
        """The record of uploads from this checkout to this target that are not known to be in use."""
        scope = digest([self.owner, self.target.name, self.target.platform, address_of(self.project, self.target)])
        return UploadLog(self.project.directory, scope)

    def owns_any(self, observed: Iterable[Observed]) -> bool:
        """Whether the project owns one of the assistants in ``observed`` on the target."""
        marks = (read_mark(thing.metadata) for thing in observed)
        return any(mark is not None and mark.owned_by(self.owner, self.target.name) for mark in marks)

    def owned(self, observed: Iterable[Observed]) -> dict[str, Sequence[Observed]]:
        """The assistants in ``observed`` that the project owns on the target, by key."""
        return dict(sorted(classify(observed, self.owner, self.target.name).owned.items()))


@dataclass(slots=True)
class Listings:
    """What ``platform`` lists at one moment, whoever owns it: each list is asked for once, when it is needed.

    Whoever waited since, for an answer, a lock or changes, makes new ones. All raise ``PlatformError``, also where
    the server says that it has no such list, and something here or there shows that it has (``not_listed``).
    """

    platform: Platform
    deployment: Deployment
    _assistants: Sequence[Observed] | None = None
    _stores: Sequence[ObservedStore] | None = None
    _of_kinds: dict[Kind, Sequence[Observed] | PlatformError] = field(default_factory=dict)
    _files: ListedFiles | None = None
    _models: Mapping[str, str | None] | None = None
    _has_models: bool = False
    _locks: dict[Kind, asyncio.Lock] = field(default_factory=dict)

    async def assistants(self) -> Sequence[Observed]:
        """All assistants."""
        async with self._lock_of(Kind.ASSISTANT):
            if self._assistants is None:
                self._assistants = await self.platform.list_assistants()
        return self._assistants

    async def stores(self) -> Sequence[ObservedStore]:
        """All vector stores; none where the platform has no such thing."""
        if self._stores is None:
            there = self.platform.vector_stores
            found = await there.list_stores() if there is not None else ()
            await self._check(Kind.VECTOR_STORE, found)
            self._stores = found
        return self._stores

    async def of_kind(self, kind: Kind) -> Sequence[Observed]:
        """All things of a kind that the platform keeps beside assistants."""
        async with self._lock_of(kind):
            if kind not in self._of_kinds:
                try:
                    listed = await resources_of(self.platform)[kind].list()
                    await self._check(kind, listed)
                except PlatformError as error:
                    self._of_kinds[kind] = error
                else:
                    self._of_kinds[kind] = listed
        found = self._of_kinds[kind]
        if isinstance(found, PlatformError):
            raise found
        return found

    async def beside(self, needed: Collection[Kind]) -> VisibleResources:
        """What the platform keeps beside assistants and the key may see; it must see the kinds ``needed``."""
        from assistctl.operations.listed_resources import VisibleResources, visible_resources

        if not self.platform.capabilities.resources:
            return VisibleResources()
        return await visible_resources(self.platform, needed, self.of_kind)

    @property
    def files(self) -> ListedFiles:
        """The platform's files."""
        from assistctl.operations.listed_files import ListedFiles

        self._files = self._files or ListedFiles(self.platform)
        return self._files

    def _lock_of(self, kind: Kind) -> asyncio.Lock:
        """The lock under which a kind is listed: who waits for it need not ask again."""
        return self._locks.setdefault(kind, asyncio.Lock())

    async def _check(self, kind: Kind, listed: Sequence[object]) -> None:
        if isinstance(listed, NotListed) and listed.error.is_about_route:
            from assistctl.operations.not_listed import check_not_listed

            await check_not_listed(self.deployment, kind, listed.error)
        elif unread := [thing for thing in listed if isinstance(thing, Observed) and thing.unread]:
            from assistctl.operations.unread import check_unread

            await check_unread(self, self.deployment, kind, unread)

    async def models(self) -> Mapping[str, str | None] | None:
        """See ``Platform.list_models``."""
        if not self._has_models:
            self._models, self._has_models = await self.platform.list_models(), True
        return self._models


def open_deployment(
    directory: Path,
    target: str | None,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    throttle_timeout: float = 600.0,
    told: Callable[[str], None] = nobody_listens,
    config_from: str | None = None,
) -> Deployment:
    """The project in ``directory`` on a target; its ``assistctl.yaml`` as the git commit ``config_from`` has it.

    Raises ``ProjectError`` when there is no project, target or commit of that name, ``ManifestError`` when
    ``assistctl.yaml`` is wrong.
    """
    project = load_project(directory, environ, config_from=config_from)
    project.require()
    chosen = project.target(target, variables, known_platforms())
    register_credentials(project, chosen)
    # Not every command reads manifests, and what it shows may hold what they refer to all the same.
    learn_from(lambda: register_secrets_of(project))
    unknown = tuple(unknown_options(chosen))
    if unknown:
        raise ManifestError(unknown)
    return Deployment(project, chosen, throttle_timeout, told)
