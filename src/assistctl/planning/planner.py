"""The planner: what is declared, what is there and what is allowed, to the changes that would be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistctl.model.capabilities import Capabilities
from assistctl.model.plan import Change, Desired, Kind, Observed, Plan, Summary
from assistctl.planning import safety_rules as safety
from assistctl.planning.absence import absent
from assistctl.planning.assistant_planner import AssistantDraft
from assistctl.planning.identity.inventory import Inventory, classify, fingerprint
from assistctl.planning.identity.moves import transfers
from assistctl.planning.look_alikes import LookAlikes
from assistctl.planning.options import PlanOptions
from assistctl.planning.references import Outlook, references
from assistctl.planning.vector_stores.file_changes import totals
from assistctl.planning.vector_stores.inventory import Knowledge, store_inventory
from assistctl.planning.vector_stores.store_planner import KnowledgeDraft


def make_plan(
    desired: Sequence[Desired],
    observed: Sequence[Observed],
    plan_options: PlanOptions,
    capabilities: Capabilities,
    knowledge: Knowledge | None = None,
) -> Plan:
    """What apply would do so that the project's assistants on the target are the declared ones.

    Nothing but what carries the project's and target's mark is changed or deleted, save an adoption that
    ``plan_options`` allows. The changes are in the order of their keys, those of files behind them in that of
    their paths.
    """
    world = classify(observed, plan_options.project, plan_options.target.name)
    wanted = {} if plan_options.destroy else {one.key: one for one in sorted(desired, key=lambda one: one.key)}
    moving = transfers(wanted, world, plan_options)
    knowledge = knowledge or Knowledge()
    outlook = Outlook(wanted, world, moving, plan_options, capabilities)
    named = references(observed, (*desired, *plan_options.also_declared), outlook)
    reading = KnowledgeDraft(
        plan_options, knowledge, store_inventory(knowledge, wanted.values(), observed, plan_options), named
    )
    assistants = AssistantDraft(plan_options, capabilities, world, moving, _names_to_come(wanted, world), reading)
    reading.decide_stores([one for those in world.owned.values() for one in those])
    for key in sorted({*wanted, *world.owned} - moving.left_behind):
        if plan_options.includes(Kind.ASSISTANT, key):
            assistants.decide(key, wanted.get(key))
        else:
            assistants.leave(key)
    if not wanted and not plan_options.destroy and plan_options.only is None and world.owned:
        assistants.diagnostics.append(safety.nothing_declared(world.owned_count))
    plan = _whole(plan_options, assistants, reading)
    look_alikes = LookAlikes(
        wanted, world, moving, reading.store_inventory, plan_options, capabilities.field_defaults
    )
    alike = tuple(look_alikes.among(plan.changes))
    missing = () if plan_options.destroy else tuple(absent(plan.changes, wanted, world, knowledge.observed.stores))
    there = {one.id for one in observed} | {one.id for one in knowledge.observed.stores}
    return replace(
        plan,
        diagnostics=(*plan.diagnostics, *alike),
        missing=(*missing, *reading.missing),
        there=frozenset(there),
    )


def _names_to_come(wanted: Mapping[str, Desired], world: Inventory) -> Counter[object]:
    """How many keys that own nothing yet declare each name."""
    return Counter(one.fields.get("name") for key, one in wanted.items() if key not in world.owned)


def _whole(plan_options: PlanOptions, assistants: AssistantDraft, knowledge: KnowledgeDraft) -> Plan:
    """The plan, its thresholds checked and its changes counted."""
    changes, exceeded = safety.within_thresholds(assistants.changes, assistants.world.owned_count, plan_options)
    owned = {Kind.ASSISTANT: assistants.world.owned_count, Kind.VECTOR_STORE: len(knowledge.store_inventory.live)}
    changes, emptied = safety.not_everything((*changes, *knowledge.changes), owned, plan_options)
    changes = tuple(sorted(changes, key=_place))
    counts = Counter(str(change.action) for change in changes)
    files = tuple(knowledge.files.planned())
    seen = {**assistants.seen, **knowledge.seen}
    return Plan(
        project=plan_options.project,
        target=plan_options.target,
        changes=(*changes, *files),
        drift=(*assistants.drift, *knowledge.drift),
        diagnostics=(
            *assistants.transfers.diagnostics,
            *assistants.diagnostics,
            *knowledge.diagnostics,
            *exceeded,
            *emptied,
        ),
        summary=Summary(
            create=counts["create"],
            update=counts["update"],
            delete=counts["delete"],
            adopt=counts["adopt"],
            unchanged=assistants.unchanged + knowledge.unchanged,
            forget=counts["forget"],
        ),
        seen=seen,
        fingerprint=fingerprint(plan_options, seen),
        files=totals(files) if files or knowledge.concerned else None,
        knowledge=knowledge.work(),
    )


def _place(change: Change) -> tuple[str, bool]:
    """The order of changes: by key, an assistant before its vector store."""
    return change.key, change.kind is not Kind.ASSISTANT
