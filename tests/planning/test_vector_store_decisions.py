"""Vector stores are decided about like assistants."""

from __future__ import annotations

from dataclasses import replace

from assistctl.diagnostics import Position
from assistctl.model.capabilities import Capabilities, Support
from assistctl.model.change import Action
from assistctl.model.knowledge import DesiredStore, ObservedStore
from assistctl.model.plan import Plan, PlanOptions, TargetName, of_any_kind
from assistctl.ownership.mark import METADATA_PAIRS
from assistctl.planning.identity.inventory import Knowledge, ObservedKnowledge
from assistctl.planning.planner import make_plan

OPTIONS = PlanOptions("acme", TargetName("prod", "any"))
STORE = DesiredStore(
    "manual", {"name": "manual", "metadata": {"team": "support"}}, (), Position("m.yaml"), shared=True
)


def plan_of(
    *declared: DesiredStore, there: tuple[ObservedStore, ...] = (), options: PlanOptions = OPTIONS
) -> Plan:
    observed = ObservedKnowledge(there, {store.id: () for store in there})
    return make_plan((), (), options, Capabilities({"name": Support()}), Knowledge(declared, observed))


def applied(plan: Plan) -> ObservedStore:
    [change] = plan.changes
    assert change.request is not None
    marker = plan.knowledge.stores[change.key].sync_marker
    return ObservedStore("vs_1", change.request.fields, {**change.request.metadata, "assistctl_files": marker})


def test_what_was_applied_is_as_declared() -> None:
    there = applied(plan_of(STORE))
    plan = plan_of(STORE, there=(there,))
    assert (plan.changes, plan.summary.unchanged) == ((), 1)


def test_more_pairs_than_fit_are_an_error_in_the_plan() -> None:
    there = applied(plan_of(STORE))
    others = {f"theirs-{number}": "x" for number in range(METADATA_PAIRS - len(there.metadata))}
    full = replace(there, metadata={**there.metadata, **others})
    changed = replace(STORE, fields={**STORE.fields, "metadata": {"team": "support", "more": "yes"}})
    assert plan_of(replace(STORE, fields={**STORE.fields, "name": "other"}), there=(full,)).errors == ()
    [error] = plan_of(changed, there=(full,)).errors
    assert error.key == "manual"
    assert error.summary == "the metadata would have 17 pairs with those that others added; 16 fit"


def test_a_moved_one_keeps_its_id() -> None:
    there = applied(plan_of(STORE))
    [change] = plan_of(replace(STORE, key="handbook", moved_from="manual"), there=(there,)).changes
    assert (change.action, change.key, change.id) == (Action.UPDATE, "handbook", "vs_1")
    assert [diff.path for diff in change.diffs] == ["key"]


def test_one_that_the_plan_is_not_about_is_left_alone() -> None:
    there = applied(plan_of(STORE))
    options = replace(OPTIONS, only=of_any_kind(["another"]))
    assert plan_of(there=(there,), options=options).changes == ()
    [change] = plan_of(there=(there,)).changes
    assert (change.action, change.reason) == (Action.DELETE, "no longer declared")
