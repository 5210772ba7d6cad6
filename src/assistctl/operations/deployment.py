"""A project's target, opened: manifests in, plan out. Where the rooms are put together, for every command."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistctl import clock
from assistctl.applying.files.upload_log import UploadLog
from assistctl.applying.replanning import Replan
from assistctl.errors import JournalError, ManifestError, ProjectError, did_you_mean
from assistctl.manifest import Loaded, Project, Target, load_manifests, load_project
from assistctl.manifest.project.referenced_secrets import register_secrets_of
from assistctl.model.knowledge import ObservedStore, StoreFile
from assistctl.model.plan import Change, Desired, Diagnostic, Kind, Missing, Observed, Plan, Severity, TargetName
from assistctl.operations.embedded_in_ci import embedded_in_ci
from assistctl.operations.platform_variables import address_variable, credential_variables, is_at_vendor
from assistctl.operations.target_options import unknown_options
from assistctl.operations.unencrypted import unencrypted
from assistctl.operations.upload_references import UploadReferences
from assistctl.ownership.baseline import read_baseline
from assistctl.ownership.canonical import digest
from assistctl.ownership.mark import BASELINE, read_mark
from assistctl.planning.absence import explained
from assistctl.planning.identity.inventory import classify
from assistctl.planning.lint import lint
from assistctl.planning.model_advice import about_model, about_shutdown
from assistctl.planning.options import PlanOptions, Thresholds, of_any_kind
from assistctl.planning.planner import make_plan
from assistctl.planning.vector_stores.inventory import (
    Knowledge,
    ObservedKnowledge,
    stores_to_look_into,
    uploads_read,
)
from assistctl.platforms.base import Connection, KnowledgePlatform, Platform, nobody_listens
from assistctl.platforms.registry import known_platforms, open_platform
from assistctl.secrets.addresses import secrets_in_address
from assistctl.secrets.redaction import SECRET, learn_from, register

if TYPE_CHECKING:
    from assistctl.journal import Journal, JournalTarget

# How many vector stores are looked into side by side.
_LISTED_AT_ONCE = 8
# The settings of a target or project that are addresses, in which a password may stand.
_ADDRESSES = {"base_url", "journal"}
# Journals and saved plans have a digest of where a target is, made from all of these that are set, whatever its
# platform. A platform's own variable is added to them.
_ADDRESSES_ON_RECORD = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "FOUNDRY_PROJECT_ENDPOINT")


@dataclass(frozen=True, slots=True)
class DeployedAssistant:
    """One assistant the project owns on the target."""

    key: str
    id: str
    name: str | None
    model: str | None
    prevent_destroy: bool


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
        """What the manifests declare for this target. Raises ``ManifestError`` when anything in them is wrong."""
        loaded = load_manifests(self.project, self.target, read_files=True)
        diagnostics = (*self.project.diagnostics, *loaded.diagnostics)
        if any(one.severity is Severity.ERROR for one in diagnostics):
            raise ManifestError(diagnostics)
        return replace(loaded, diagnostics=diagnostics)

    def keys_only(self) -> Loaded:
        """As much of the manifests as can be read, without a word about the rest: to know which keys there are."""
        loaded = load_manifests(self.project, self.target, lenient_variables=True)
        return replace(loaded, diagnostics=())

    def open(self, stop: asyncio.Event | None = None) -> Platform:
        """Connect to the platform. Raises ``ProjectError`` for settings that are missing or unusable.

        Once ``stop`` is set, no request waits any longer until the platform lets it through.
        """
        from assistctl.secrets.log_records import mask_log_records

        connection = replace(self._connection(), throttle_timeout=self.throttle_timeout, stop=stop, told=self.told)
        mask_log_records()
        return open_platform(self.target.platform, connection)

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
            address=self._address(),
            targets=frozenset(self.project.targets),
        )

    async def planned(self, loaded: Loaded, plan_options: PlanOptions, *, thorough: bool = False) -> Plan:
        """Connect, look, and plan."""
        async with self.open() as platform:
            return await self.plan_on(platform, loaded, plan_options, thorough=thorough, explains=True)

    async def plan_on(
        self,
        platform: Platform,
        loaded: Loaded,
        plan_options: PlanOptions,
        *,
        thorough: bool = False,
        explains: bool = False,
    ) -> Plan:
        """What apply would do. Raises ``ProjectError`` for a key that nothing has.

        ``thorough`` looks into every vector store, those too that say they hold what is declared. ``explains``
        reads in the journal why what is missing is not there.
        """
        wanted = (
            ()
            if plan_options.destroy
            else tuple(one for one in loaded.desired if plan_options.includes(Kind.ASSISTANT, one.key))
        )
        files = platform.knowledge  # before anything is asked for: opening it may fail
        observed, models, stores = await asyncio.gather(
            platform.list_assistants(),
            platform.list_models() if wanted else _nothing(),
            files.list_stores() if files else _no_stores(),
        )
        if plan_options.only is not None:
            self._check_keys({one.key for one in plan_options.only}, loaded, observed, stores)
        desired = () if plan_options.destroy else loaded.desired
        knowledge = Knowledge(loaded.stores, ObservedKnowledge(stores, recorded=self.upload_log().uploads()))
        if platform.knowledge is not None:
            references = UploadReferences(platform.knowledge)
            owned = [one for those in self.owned(observed).values() for one in those]
            read = frozenset() if plan_options.destroy else frozenset(one.file_id for one in uploads_read(owned))
            knowledge = knowledge.without(await references.gone(read))
            knowledge = await _looked_into(
                platform.knowledge,
                knowledge,
                lambda known: stores_to_look_into(known, desired, observed, plan_options, thorough=thorough),
            )
            if not plan_options.destroy:
                knowledge = knowledge.without(await references.gone(knowledge.observed.held()))
        plan = make_plan(loaded.desired, observed, plan_options, platform.capabilities, knowledge)
        if explains and plan.missing:
            plan = replace(plan, missing=await self._explained(platform, plan.missing, [*observed, *stores]))
        today = clock.today()
        moved = await self._former_place() if explains and plan.summary.create and not self.owned(observed) else ()
        return replace(
            plan,
            diagnostics=(
                *loaded.diagnostics,
                *unencrypted(self.project, self.target),
                *embedded_in_ci(self.project, self.target),
                *lint(wanted, models, today),
                *self._about_models(wanted, platform, None if models else today),
                *plan.diagnostics,
                *moved,
            ),
        )

    def _about_models(
        self, wanted: Iterable[Desired], platform: Platform, today: dt.date | None
    ) -> Iterator[Diagnostic]:
        """What is known of models by name; with ``today`` their shutdowns too, where the platform lists none."""
        capabilities, at_vendor = platform.capabilities, is_at_vendor(self.project, self.target)
        for one in wanted:
            yield from about_model(one, self.target.platform, capabilities, at_vendor=at_vendor)
            if capabilities.vendor and today:
                yield from about_shutdown(one, today)

    async def _explained(
        self, platform: Platform, missing: tuple[Missing, ...], there: Sequence[Observed | ObservedStore]
    ) -> tuple[Missing, ...]:
        from assistctl.journal import past_ids

        owned = [one.id for one in there if self._is_owned(one)]
        try:
            journal = self.journal()
        except JournalError:
            return missing
        past = await past_ids(journal, self.journal_target(), owned)
        present = {one.id for one in there}
        if platform.knowledge is not None:
            files = (past.last.get((one.kind, one.key)) for one in missing if one.kind is Kind.FILE)
            named = {file_id for file_id in files if file_id is not None}
            present |= named - await UploadReferences(platform.knowledge).gone(named)
        return explained(missing, past, present)

    async def _former_place(self) -> tuple[Diagnostic, ...]:
        from assistctl.operations.former_place import former_place

        try:
            found = await former_place(self.journal(), self.journal_target())
        except JournalError:
            return ()
        return () if found is None else (found,)

    def _is_owned(self, one: Observed | ObservedStore) -> bool:
        mark = read_mark(one.metadata)
        return mark is not None and mark.owned_by(self.owner, self.target.name)

    def replan(self, platform: Platform, loaded: Loaded, plan_options: PlanOptions) -> Replan:
        """What plans one change again, as the planner does now; ``None`` when it is not due any more."""

        async def again(change: Change) -> Change | None:
            plan = await self.plan_on(
                platform, loaded, replace(plan_options, only=frozenset({change.qualified_key}))
            )
            about = (change.qualified_key, change.id)
            return next((one for one in plan.changes if (one.qualified_key, one.id) == about), None)

        return again

    def journal(self) -> Journal:
        """The record of the project's applies. Raises ``JournalError`` for an address that cannot be used."""
        from assistctl.journal import open_journal

        address = self.project.journal
        return open_journal(
            self.owner,
            self.project.directory,
            address=None if address is None else self._resolved(address, "journal"),
            environment=self.project.settings,
        )

    def journal_target(self) -> JournalTarget:
        """The target as the journal names it."""
        from assistctl.journal import JournalTarget, address_digest

        return JournalTarget(self.target.name, self.target.platform, address_digest(self._address().strip()))

    def upload_log(self) -> UploadLog:
        """What this checkout uploaded to this target, and does not know to be in use."""
        scope = digest([self.owner, self.target.name, self.target.platform, self._address()])
        return UploadLog(self.project.directory, scope)

    async def observed(self) -> Sequence[Observed]:
        """Connect, and list all there is, whoever owns it."""
        async with self.open() as platform:
            return await platform.list_assistants()

    async def deployed(self) -> list[DeployedAssistant]:
        """Connect, and list what the project owns, by key."""
        owned = self.owned(await self.observed())
        return [_deployed(key, one) for key, those in owned.items() for one in those]

    def owned(self, observed: Iterable[Observed]) -> dict[str, Sequence[Observed]]:
        """What the project owns on the target, by key."""
        return dict(sorted(classify(observed, self.owner, self.target.name).owned.items()))

    def _check_keys(
        self,
        keys: Iterable[str],
        loaded: Loaded,
        observed: Sequence[Observed],
        stores: Sequence[ObservedStore],
    ) -> None:
        marks = filter(None, (read_mark(store.metadata) for store in stores))
        owned = {mark.key for mark in marks if mark.owned_by(self.owner, self.target.name)}
        declared = {*(one.key for one in loaded.desired), *(store.key for store in loaded.stores)}
        known = {*declared, *owned, *self.owned(observed), *loaded.past_keys}
        for key in sorted(keys):
            if key not in known:
                advice = did_you_mean(key, known) or "`assistctl list` and the manifests show the keys there are."
                raise ProjectError(f"there is no assistant with the key {key!r}", advice)

    def _address(self) -> str:
        """Where the target is: what makes it another place although the name is the same.

        Digests of it go to others, so what only lets one in is not part of it.
        """
        connection = self._connection()
        urls = [connection.base_url] if connection.base_url else self._addresses_in(connection.environment)
        url = " ".join(map(_without_password, urls))
        account = (connection.organization or "", connection.project or "")
        return "\n".join((url, *account, str(connection.options.get("database", ""))))

    def _connection(self) -> Connection:
        target = self.target
        for address in self._addresses_in(self.project.environment):
            for secret in secrets_in_address(address):
                register("", secret)
        return Connection(
            target=target.name,
            directory=self.project.directory,
            environment=self.project.settings,
            base_url=self._resolved(target.base_url, "base_url"),
            api_key=self._secret(target.api_key),
            organization=self._resolved(target.organization, "organization"),
            project=self._resolved(target.project, "project"),
            options=self.project.resolve_options(target),
        )

    def _addresses_in(self, environment: Mapping[str, str]) -> Iterable[str]:
        """The addresses an SDK may take from the environment on its own."""
        names = dict.fromkeys((*_ADDRESSES_ON_RECORD, address_variable(self.target)))
        return (environment[name] for name in names if name in environment)

    def _resolved(self, text: str | None, what: str) -> str | None:
        if text is None:
            return None
        resolved = self.project.resolve(text, self.target, what=what)
        if not resolved.strip():
            # Left out, it would be the platform's own address, or whatever key the environment has.
            where = f"{self.target.position}: " if self.target.position else ""
            raise ProjectError(
                f"{where}target {self.target.name!r}: {what} is empty; it is written as {text}",
                _empty_secret(text) + f"Set what it refers to, or remove `{what}` for the platform's default.",
            )
        if what in _ADDRESSES:
            for secret in secrets_in_address(resolved):
                register("", secret)
        return resolved

    def _secret(self, api_key: str | None) -> str | None:
        key = self._resolved(api_key, "api_key")
        register("", key or "")
        return key


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
    for name, value in _keys_in(project.environment, credential_variables(chosen)):
        register(name, value)
    # Not every command reads manifests, and what it shows may hold what they refer to all the same.
    learn_from(lambda: register_secrets_of(project))
    unknown = tuple(unknown_options(chosen))
    if unknown:
        raise ManifestError(unknown)
    return Deployment(project, chosen, throttle_timeout, told)


async def _nothing() -> None:
    """What is known of models when nobody asks."""


async def _no_stores() -> Sequence[ObservedStore]:
    """The vector stores of a platform that has none."""
    return ()


async def _looked_into(
    platform: KnowledgePlatform, knowledge: Knowledge, ask: Callable[[Knowledge], frozenset[str]]
) -> Knowledge:
    """``knowledge`` with the contents of the vector stores that matter; some only matter for what is in others."""
    slots = asyncio.Semaphore(_LISTED_AT_ONCE)

    async def listed(store_id: str) -> tuple[str, Sequence[StoreFile]]:
        async with slots:
            return store_id, await platform.list_store_files(store_id)

    while wanted := ask(knowledge):
        found = dict(await asyncio.gather(*(listed(store_id) for store_id in sorted(wanted))))
        files = {**knowledge.observed.files, **found}
        knowledge = replace(knowledge, observed=replace(knowledge.observed, files=files))
    return knowledge


def _empty_secret(text: str) -> str:
    """The variable that fills ``text`` with nothing, as a sentence."""
    names = re.findall(r"\$\{env:(\w+)\}", text)
    return f"{names[0]} is set, but empty: in CI, a secret that does not exist is. " if names else ""


def _deployed(key: str, one: Observed) -> DeployedAssistant:
    mark = read_mark(one.metadata)
    baseline = read_baseline(one.metadata.get(BASELINE))
    model = one.fields.get("model")
    return DeployedAssistant(
        key,
        one.id,
        SECRET if baseline.is_secret(("name",)) else one.name,
        SECRET if baseline.is_secret(("model",)) else (model if isinstance(model, str) else None),
        bool(mark and mark.prevent_destroy),
    )


def _without_password(url: str) -> str:
    """``url`` without what stands before its host, and without its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _keys_in(environment: Mapping[str, str], variables: Container[str]) -> Iterable[tuple[str, str]]:
    """The credentials an SDK, or the journal's store, may take from the environment on its own, by name.

    ``variables`` are the platform's own; others are told by how they end.
    """
    sdk = ("_API_KEY", "_AUTH_TOKEN", "_CLIENT_SECRET")
    store = ("_SECRET_ACCESS_KEY", "_SESSION_TOKEN", "_ACCOUNT_KEY", "_SAS_TOKEN")
    endings = (*sdk, *store)
    return ((name, value) for name, value in environment.items() if name in variables or name.endswith(endings))
