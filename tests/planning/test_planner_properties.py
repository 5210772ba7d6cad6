"""What holds for every manifest and every server: plans are empty when they should be, and do what they say."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistctl.errors import RefusedError
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.change import Action
from assistctl.ownership.canonical import Path, canonical_units
from assistctl.ownership.mark import users_pairs
from assistctl.planning.planner import make_plan
from support.assistants_store import CAPABILITIES, AssistantsStore
from support.logging_platform import Call
from support.manifests import FIELDS, PAIRS, Manifest, manifests, projects
from support.planning import POLICY, ProjectOnStore, declared

thorough = settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None)

STORES = st.builds(AssistantsStore, st.booleans(), st.booleans(), st.booleans())
FOREIGN_PAIRS = st.dictionaries(st.sampled_from(["theirs", "a.b", "assist"]), st.sampled_from(["", "x"]))


def state(store: AssistantsStore, identifier: str) -> dict[Path, Json]:
    """All there is to an assistant but our own pairs and empty lists of ids, unreported fields too."""
    stored = store.assistants[identifier]
    units = canonical_units(stored.fields, users_pairs(dict(stored.metadata)))
    return {unit: value for unit, value in units.items() if unit[0] != "tool_resources" or value != []}


def only_id(store: AssistantsStore) -> str:
    (identifier,) = store.assistants
    return identifier


@thorough
@given(store=STORES, manifest=manifests())
def test_what_was_created_needs_nothing_more(store: AssistantsStore, manifest: Manifest) -> None:
    project, desired = ProjectOnStore(store), [declared("desk", manifest)]
    project.apply(desired)

    plan = project.plan(desired)

    assert plan.changes == ()
    assert plan.drift == ()
    assert plan.summary.unchanged == 1


@thorough
@given(store=STORES, first=manifests(), second=manifests(), foreign=FOREIGN_PAIRS)
def test_an_update_leaves_exactly_what_a_create_would(
    store: AssistantsStore, first: Manifest, second: Manifest, foreign: dict[str, str]
) -> None:
    project, desired = ProjectOnStore(store), [declared("desk", second)]
    project.apply([declared("desk", first)])
    store.assistants[only_id(store)].metadata.update(foreign)
    plan = project.apply(desired)
    fresh = ProjectOnStore(AssistantsStore())
    fresh.apply(desired)

    expected = state(fresh.store, only_id(fresh.store)) | {
        ("metadata", key): text for key, text in foreign.items()
    }
    assert state(store, only_id(store)) == {**expected, **_taken_over(second, expected)}
    assert project.plan(desired).changes == ()
    assert len(plan.changes) <= 1
    assert plan.drift == ()


def _taken_over(manifest: Manifest, expected: dict[Path, Json]) -> dict[Path, Json]:
    """A pair of others that the manifest declares as well is the manifest's."""
    pairs = manifest.get("metadata")
    mine = pairs if isinstance(pairs, dict) else {}
    return {unit: mine[str(unit[1])] for unit in expected if unit[0] == "metadata" and unit[1] in mine}


@thorough
@given(
    store=STORES,
    first=manifests(reasoning=False),
    edit=st.fixed_dictionaries({}, optional={**FIELDS, "temperature": st.sampled_from([0.3, 1])}),
    pairs=PAIRS,
)
def test_foreign_edits_of_what_is_declared_are_drift_and_go(
    store: AssistantsStore, first: Manifest, edit: Manifest, pairs: dict[str, str]
) -> None:
    project, desired = ProjectOnStore(store), [declared("desk", first)]
    project.apply(desired)
    identifier = only_id(store)
    before, ours = state(store, identifier), dict(store.assistants[identifier].metadata)
    store.update(identifier, edit, {**ours, **pairs})
    edited = state(store, identifier)

    plan = project.apply(desired)

    after = state(store, identifier)
    managed = {*canonical_units(desired[0].fields, _pairs(first))}
    for unit in {*before, *edited}:
        assert after.get(unit) == (before if unit in managed else edited).get(unit)
    assert {diff.origin for change in plan.changes for diff in change.diffs} <= {"drift"}
    assert len(plan.drift) == sum(len(change.diffs) for change in plan.changes)


def _pairs(manifest: Manifest) -> dict[str, Json]:
    pairs = manifest.get("metadata")
    return pairs if isinstance(pairs, dict) else {}


@thorough
@given(
    desired=projects(),
    adopt=st.booleans() | st.none(),
    unowned=st.lists(st.tuples(st.sampled_from(["desk", "night", "Night", None]), FOREIGN_PAIRS), max_size=4),
)
def test_nothing_unowned_is_in_a_change_unless_it_may_be_adopted(
    desired: list[Desired], adopt: bool | None, unowned: list[tuple[str | None, dict[str, str]]]
) -> None:
    others = [
        Observed(f"asst_{place}", {"name": name, "model": "x"}, pairs)
        for place, (name, pairs) in enumerate(unowned)
    ]
    plan_options = replace(POLICY, adopt=adopt)

    plan = make_plan(desired, others, plan_options, CAPABILITIES)

    for change in plan.changes:
        assert change.action in {Action.CREATE, Action.ADOPT}
        if change.id is not None:
            assert adopt is True or change.blocked
    assert make_plan([], others, plan_options, CAPABILITIES).changes == ()
    assert make_plan([], others, replace(plan_options, destroy=True), CAPABILITIES).changes == ()


@thorough
@given(first=projects(), second=projects(), store=STORES)
def test_the_plan_lists_exactly_the_requests_that_are_made(
    first: list[Desired], second: list[Desired], store: AssistantsStore
) -> None:
    project = ProjectOnStore(store)
    project.apply(first)
    plan = project.plan(second)
    if plan.blocked:
        before = store.listed()
        with pytest.raises(RefusedError):
            project.calls_of(plan)
        assert store.listed() == before
        return
    calls = project.calls_of(plan)

    expected = [
        Call("create", str(change.request.fields["name"]))
        if change.id is None and change.request
        else Call("update" if change.request else "delete", str(change.id))
        for change in plan.changes
    ]
    assert sorted(calls, key=str) == sorted(expected, key=str)
    assert plan.summary.changes == len(calls)


@thorough
@given(first=projects(), second=projects(), order=st.randoms(use_true_random=False))
def test_the_order_of_what_is_declared_and_listed_does_not_matter(
    first: list[Desired], second: list[Desired], order: random.Random
) -> None:
    project = ProjectOnStore()
    project.apply(first)
    listed = project.store.listed()
    plan = make_plan(second, listed, POLICY, CAPABILITIES)
    order.shuffle(listed)
    order.shuffle(second)

    assert make_plan(second, listed, POLICY, CAPABILITIES) == plan


@pytest.mark.parametrize(("number", "origins"), [(40, {"drift", "manifest"}), (128, {"both"})])
def test_of_more_tools_than_the_baseline_has_room_for_it_is_known_that_somebody_changed_one(
    number: int, origins: set[str]
) -> None:
    tools: list[Json] = [{"type": "function", "function": {"name": f"f{place}"}} for place in range(number)]
    project = ProjectOnStore()
    project.apply([declared("desk", {"model": "m", "tools": tools})])
    identifier = only_id(project.store)
    theirs: list[Json] = [{"type": "function", "function": {"name": "f0", "description": "theirs"}}, *tools[1:]]
    project.store.update(identifier, {"tools": theirs}, project.store.assistants[identifier].metadata)
    ours = declared("desk", {"model": "m", "tools": [*tools[:-1], {"type": "code_interpreter"}]})

    (change,) = project.plan([ours]).changes

    assert {diff.path for diff in change.diffs} == {
        "tools[f0].function.description",
        f"tools[f{number - 1}]",
        "tools[code_interpreter]",
    }
    assert {str(diff.origin) for diff in change.diffs} == origins
    project.apply([ours])
    assert project.plan([ours]).changes == ()
