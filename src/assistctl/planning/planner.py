"""The planner: what is declared, what is there and what is allowed, to the changes that would be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistctl.model import Change, Desired, Kind, Observed, Plan, Summary
from assistctl.planning import safety
from assistctl.planning.absence import absent
from assistctl.planning.assistant_planner import AssistantDraft
from assistctl.planning.capability import Expressible
from assistctl.planning.file_changes import totals
from assistctl.planning.knowledge_planner import KnowledgeDraft
from assistctl.planning.look_alikes import LookAlikes
from assistctl.planning.policy import Policy
from assistctl.planning.references import Outlook, references
from assistctl.planning.shelves import Knowledge, shelves
from assistctl.planning.transfer import transfers
from assistctl.planning.world import World, fingerprint, sorted_out


def make_plan(
    desired: Sequence[Desired],
    observed: Sequence[Observed],
    policy: Policy,
    capabilities: Expressible,
    knowledge: Knowledge | None = None,
) -> Plan:
    """What apply would do so that the project's assistants on the target are the declared ones.

    Nothing but what carries the project's and target's mark is changed or deleted, save an adoption that
    ``policy`` allows. The changes are in the order of their keys, those of files behind them in that of their
    paths.
    """
    world = sorted_out(observed, policy.project, policy.target.name)
    wanted = {} if policy.destroy else {one.key: one for one in sorted(desired, key=lambda one: one.key)}
    moving = transfers(wanted, world, policy)
    knowledge = knowledge or Knowledge()
    outlook = Outlook(wanted, world, moving, policy, capabilities)
    named = references(observed, (*desired, *policy.also_declared), outlook)
    reading = KnowledgeDraft(policy, knowledge, shelves(knowledge, wanted.values(), observed, policy), named)
    assistants = AssistantDraft(policy, capabilities, world, moving, _names_to_come(wanted, world), reading)
    reading.decide_stores([one for those in world.owned.values() for one in those])
    for key in sorted({*wanted, *world.owned} - moving.left_behind):
        if policy.includes(Kind.ASSISTANT, key):
            assistants.decide(key, wanted.get(key))
        else:
            assistants.leave(key)
    if not wanted and not policy.destroy and policy.only is None and world.owned:
        assistants.diagnostics.append(safety.nothing_declared(world.owned_count))
    plan = _whole(policy, assistants, reading)
    alike = tuple(LookAlikes(wanted, world, moving, reading.shelves, policy).among(plan.changes))
    missing = () if policy.destroy else tuple(absent(plan.changes, wanted, world, knowledge.observed.stores))
    there = {one.id for one in observed} | {one.id for one in knowledge.observed.stores}
    return replace(
        plan,
        diagnostics=(*plan.diagnostics, *alike),
        missing=(*missing, *reading.missing),
        there=frozenset(there),
    )


def _names_to_come(wanted: Mapping[str, Desired], world: World) -> Counter[object]:
    """How many keys that own nothing yet declare each name."""
    return Counter(one.fields.get("name") for key, one in wanted.items() if key not in world.owned)


def _whole(policy: Policy, assistants: AssistantDraft, knowledge: KnowledgeDraft) -> Plan:
    """The plan, its thresholds checked and its changes counted."""
    changes, exceeded = safety.within_thresholds(assistants.changes, assistants.world.owned_count, policy)
    owned = {Kind.ASSISTANT: assistants.world.owned_count, Kind.VECTOR_STORE: len(knowledge.shelves.live)}
    changes, emptied = safety.not_everything((*changes, *knowledge.changes), owned, policy)
    changes = tuple(sorted(changes, key=_place))
    counts = Counter(str(change.action) for change in changes)
    files = tuple(knowledge.files.planned())
    seen = {**assistants.seen, **knowledge.seen}
    return Plan(
        project=policy.project,
        target=policy.target,
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
        fingerprint=fingerprint(policy, seen),
        files=totals(files) if files or knowledge.concerned else None,
        knowledge=knowledge.work(),
    )


def _place(change: Change) -> tuple[str, bool]:
    """The order of changes: by key, an assistant before its vector store."""
    return change.key, change.kind is not Kind.ASSISTANT
