"""Planning and looking for drift, neither of which changes anything on the platform.

Here is what a platform is asked for a plan, and the warnings that need more than the planner has.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from assistctl.diagnostics import Diagnostic, Severity, by_place
from assistctl.errors import AssistctlError, ProjectError
from assistctl.manifest import Loaded
from assistctl.model import model_catalog
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Blocked, Change
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedStore
from assistctl.model.plan import Plan, PlanOptions, PlanScope
from assistctl.model.source_file import Identity
from assistctl.operations.account import offered_account
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.listed_files import FilesOfPlan, dangling, unlisted_stores
from assistctl.operations.meant_key import meant_key
from assistctl.operations.target_connection import embedded_in_ci, is_at_vendor, unencrypted
from assistctl.ownership.file_marks import FILES, HeldFile
from assistctl.ownership.mark import read_mark
from assistctl.planning.identity.inventory import Knowledge, ObservedKnowledge
from assistctl.planning.lint import about_model, about_shutdown, lint, model_of
from assistctl.planning.planner import make_plan
from assistctl.planning.resources import Resources
from assistctl.platforms.base import NotListed, Platform

if TYPE_CHECKING:
    from assistctl.applying.conflicts import Replan


async def create_plan(deployment: Deployment, scope: PlanScope = PlanScope(), out: Path | None = None) -> Plan:
    """The plan of what apply would do within ``scope``; saved to the file ``out``, if it is given.

    Raises ``ManifestError`` for manifests that are wrong, ``ProjectError`` for a key that nothing has,
    ``PlatformError`` when the platform does not answer, and ``AssistctlError`` when the plan cannot be saved.
    """
    loaded, plan_options = deployment.manifests_for(scope), deployment.plan_options_for(scope)
    if out is None:
        return replace(await _planned(deployment, loaded, plan_options), scope=scope)
    from assistctl.operations.provenance import provenance_of
    from assistctl.operations.saved_plan import place_for_plan, save_plan

    place = place_for_plan(out, deployment.project.directory)
    plan = replace(await _planned(deployment, loaded, plan_options), scope=scope)
    save_plan(plan, scope, place, await provenance_of(deployment))
    return plan


async def find_drift(deployment: Deployment, keys: Sequence[str] = ()) -> Plan:
    """A plan without changes: its ``drift`` is what others changed, ``missing`` what is declared and not there.

    Raises what ``create_plan`` raises, and ``AssistctlError`` when two candidates for a key make it impossible to
    tell.
    """
    loaded = deployment.manifests()
    plan = await _planned(deployment, loaded, deployment.plan_options(only=keys), thorough=True)
    ambiguous = [str(change.qualified_key) for change in plan.changes if change.blocked is Blocked.AMBIGUOUS]
    if ambiguous:
        raise AssistctlError(
            f"changes made outside cannot be told for {', '.join(ambiguous)}", "`assistctl plan` says why."
        )
    return replace(plan, changes=(), diagnostics=())


async def plan_on(
    deployment: Deployment,
    listings: Listings,
    loaded: Loaded,
    plan_options: PlanOptions,
    *,
    thorough: bool = False,
    explains: bool = False,
    unread: Sequence[HeldFile] = (),
) -> Plan:
    """The plan of what apply would do. Raises ``ProjectError`` for a key that nothing has.

    ``thorough`` looks into every vector store, those too that say they hold what is declared. ``explains``
    reads in the journal why what is missing is not there, and where the target was before. ``unread`` are uploads
    of ours that an apply under way has replaced and not deleted yet.
    """
    platform = listings.platform
    desired = () if plan_options.destroy else loaded.desired
    asked_for = [assistant for assistant in desired if plan_options.includes(Kind.ASSISTANT, assistant.key)]
    # Before anything is asked for: opening them may fail.
    uploads_there, _ = platform.uploads, platform.vector_stores
    observed, models, listed_stores, beside = await asyncio.gather(
        listings.assistants(),
        listings.models() if asked_for else _no_models(),
        listings.stores(),
        listings.beside({resource.kind for resource in loaded.resources}),
    )
    stores = await _with_unlisted(deployment, platform, observed, listed_stores)
    resources = Resources(loaded.resources, beside.things)
    everything: list[Observed | ObservedStore] = [*observed, *stores, *chain.from_iterable(beside.things.values())]
    if plan_options.only is not None:
        _check_keys(deployment, {only.key for only in plan_options.only}, loaded, everything)
    knowledge = Knowledge(
        loaded.stores, ObservedKnowledge(stores, recorded=_recorded(deployment, loaded), unread=unread)
    )

    def planned(knowledge: Knowledge) -> Plan:
        return make_plan(
            loaded.desired, observed, plan_options, platform.capabilities, knowledge, resources=resources
        )

    reading = [assistant for assistant in observed if FILES in assistant.metadata]
    if uploads_there is not None and (stores or reading):
        looking = FilesOfPlan(listings.files, deployment.owned(reading), observed, plan_options)
        knowledge = await looking.looked_into(knowledge, desired, thorough=thorough)
        plan = await _without_uploads_of_others(planned, knowledge, looking, desired)
    else:
        plan = planned(knowledge)
    diagnostics = (
        *loaded.diagnostics,
        *(beside.diagnostics(deployment.target.name) if beside.hidden else ()),
        *(_not_looked_at({Kind.VECTOR_STORE: listed_stores, **beside.things}) if plan_options.destroy else ()),
        *_about_target(deployment, platform, observed),
        *_advice(deployment, platform, asked_for, models),
        *_told_of_unread(resources, plan_options),
        *plan.diagnostics,
    )
    plan = replace(plan, diagnostics=tuple(by_place(diagnostics)))
    if not explains or not (plan.missing or plan.summary.create):
        return plan
    from assistctl.operations.plan_history import with_history

    return await with_history(plan, deployment, listings.files, everything)


def _recorded(deployment: Deployment, loaded: Loaded) -> Mapping[Identity, str]:
    """The uploads on record; one saves an upload that is declared, and nothing else."""
    if loaded.stores or any(assistant.interpreter_files for assistant in loaded.desired):
        return deployment.upload_log().uploads()
    return {}


async def _without_uploads_of_others(
    planned: Callable[[Knowledge], Plan], knowledge: Knowledge, looking: FilesOfPlan, desired: Sequence[Desired]
) -> Plan:
    """The plan, which deletes no upload that a vector store holds which it leaves alone.

    Only a plan that would delete uploads needs to know what is in those.
    """
    plan = planned(knowledge)
    going = {discard.file_id for discard in plan.knowledge.discards}
    if not going or not knowledge.observed.stores:
        return plan
    known = await looking.looked_elsewhere(knowledge, desired, going)
    return plan if known.observed == knowledge.observed else planned(known)


async def _with_unlisted(
    deployment: Deployment, platform: Platform, observed: Sequence[Observed], stores: Sequence[ObservedStore]
) -> Sequence[ObservedStore]:
    """``stores``, and those that the project's assistants search and the list leaves out.

    Where such a list is believed, a second one is made. Where the server says that it has no list, what others
    search is asked for too: it may hold what the plan would delete.
    """
    reading = [assistant for assistant in observed if assistant.fields.get("tool_resources")]
    if not reading or not dangling(reading, stores):
        return stores
    if not isinstance(stores, NotListed):
        reading = [*chain.from_iterable(deployment.owned(reading).values())]
    return [*stores, *await unlisted_stores(platform, reading, stores)]


def _about_target(
    deployment: Deployment, platform: Platform, observed: Sequence[Observed]
) -> Iterator[Diagnostic]:
    project, target = deployment.project, deployment.target
    yield from unencrypted(project, target)
    yield from embedded_in_ci(project, target)
    if not deployment.owns_any(observed):
        yield from offered_account(project, target, platform)


def _not_looked_at(listed: Mapping[Kind, Sequence[object]]) -> Iterator[Diagnostic]:
    """Warnings about kinds that a server says it has none of, before it is left for good.

    Raises ``PlatformError`` for one that is declared and that the key may not see.
    """
    for kind, things in listed.items():
        if isinstance(things, NotListed):
            if not things.error.is_about_route:
                raise things.error
            yield Diagnostic(
                Severity.WARNING,
                f"{kind.noun}s were not looked at: {things.error.summary}",
                "If the server has such things, those of this project stay there: plan again.",
            )


def _told_of_unread(resources: Resources, plan_options: PlanOptions) -> Iterable[Diagnostic]:
    """What is said of things that are there and cannot be read."""
    if not any(thing.unread for things in resources.observed.values() for thing in things):
        return ()
    from assistctl.operations.unread import told_of_unread

    return told_of_unread(resources.observed, resources.desired, plan_options)


def _advice(
    deployment: Deployment,
    platform: Platform,
    asked_for: Sequence[Desired],
    models: Mapping[str, str | None] | None,
) -> Iterator[Diagnostic]:
    today = model_catalog.today()
    yield from lint(asked_for, _as_listed(models, asked_for, platform.capabilities), today)
    yield from _about_models(deployment, asked_for, platform, models or {}, today)


def replan(
    deployment: Deployment,
    platform: Platform,
    loaded: Loaded,
    plan_options: PlanOptions,
    unread: Sequence[HeldFile] = (),
) -> Replan:
    """A function that plans one change again; it returns ``None`` when the change is no longer due."""

    async def again(change: Change) -> Change | None:
        plan = await plan_on(
            deployment,
            Listings(platform, deployment),
            loaded,
            replace(plan_options, only=frozenset({change.qualified_key})),
            unread=unread,
        )
        about = (change.qualified_key, change.id)
        return next((due for due in plan.changes if (due.qualified_key, due.id) == about), None)

    return again


async def _planned(
    deployment: Deployment, loaded: Loaded, plan_options: PlanOptions, *, thorough: bool = False
) -> Plan:
    async with deployment.open() as platform:
        listings = Listings(platform, deployment)
        return await plan_on(deployment, listings, loaded, plan_options, thorough=thorough, explains=True)


def _check_keys(
    deployment: Deployment,
    keys: Iterable[str],
    loaded: Loaded,
    everything: Sequence[Observed | ObservedStore],
) -> None:
    marks = filter(None, (read_mark(observed.metadata) for observed in everything))
    owned = {mark.key for mark in marks if mark.owned_by(deployment.owner, deployment.target.name)}
    declared = {*(assistant.key for assistant in loaded.desired), *(store.key for store in loaded.stores)}
    known = {*declared, *(resource.key for resource in loaded.resources), *owned, *loaded.past_keys}
    for key in sorted(keys):
        if key not in known:
            advice = (
                meant_key(key, loaded.desired, known)
                or "`assistctl list` and the manifests show the keys there are."
            )
            raise ProjectError(f"there is no assistant with the key {key!r}", advice)


def _as_listed(
    models: Mapping[str, str | None] | None, asked_for: Iterable[Desired], capabilities: Capabilities
) -> Mapping[str, str | None] | None:
    """``models`` with those that are declared, where not being listed says nothing."""
    if not models or capabilities.lists_every_model:
        return models
    return {**{name: None for assistant in asked_for if (name := model_of(assistant))}, **models}


def _about_models(
    deployment: Deployment,
    asked_for: Iterable[Desired],
    platform: Platform,
    dates: Mapping[str, str | None],
    today: dt.date,
) -> Iterator[Diagnostic]:
    """Advice on models by name, and on the shutdowns of those for which the platform gives no date."""
    capabilities, at_vendor = platform.capabilities, is_at_vendor(deployment.project, deployment.target)
    for assistant in asked_for:
        yield from about_model(assistant, deployment.target.platform, capabilities, at_vendor=at_vendor)
        if capabilities.vendor and not dates.get(model_of(assistant) or ""):
            yield from about_shutdown(assistant, today)


async def _no_models() -> None:
    """The models when nobody asks for them."""
