"""All that can happen to a project, in any order: applies, foreign hands, protection, twins, two targets."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from assistctl.diagnostics import Severity
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.change import Action, Change, FieldDiff, Origin
from assistctl.model.plan import Plan, TargetName
from assistctl.ownership.canonical import Path, canonical_units, dotted, same
from assistctl.ownership.mark import BASELINE, MARK, read_baseline, read_mark, users_pairs
from support.assistants_store import AssistantsStore, Stored
from support.manifests import FIELDS, PAIRS, Manifest, manifests
from support.planning import POLICY, ProjectOnStore, declared

KEYS = st.sampled_from(["desk", "night"])
TARGETS = st.sampled_from(["prod", "staging"])
PLACES = st.integers(0, 9)
EDITS = st.fixed_dictionaries(
    {}, optional={**FIELDS, "temperature": st.sampled_from([0.3, 1]), "model": st.just("x")}
)


@dataclass
class Deployed:
    """A target of the project: what is declared for it, and what it last made of each assistant."""

    project: ProjectOnStore
    declared: dict[str, Desired] = field(default_factory=dict)
    made: dict[str, Observed] = field(default_factory=dict)

    def owns(self, assistant: Observed) -> bool:
        mark = read_mark(assistant.metadata)
        return bool(mark and mark.owned_by("acme", self.project.plan_options.target.name))

    def plan(self, adopt: bool | None) -> Plan:
        return self.project.plan(self.declared.values(), adopt=adopt)


class Project(RuleBasedStateMachine):
    """One project with two targets on one platform that others use as well."""

    store: AssistantsStore
    targets: dict[str, Deployed]

    @initialize(keeps=st.booleans(), reorders=st.booleans(), sparse=st.booleans())
    def begin(self, keeps: bool, reorders: bool, sparse: bool) -> None:
        self.store = AssistantsStore(keeps, reorders, sparse)
        self.targets = {
            name: Deployed(ProjectOnStore(self.store, replace(POLICY, target=TargetName(name, "in-memory"))))
            for name in ("prod", "staging")
        }

    @rule(where=TARGETS, key=KEYS, manifest=manifests(reasoning=False, rules=True))
    def declare(self, where: str, key: str, manifest: Manifest) -> None:
        self.targets[where].declared[key] = declared(key, manifest)

    @rule(where=TARGETS, key=KEYS, manifest=manifests(reasoning=False, rules=True))
    def declare_and_apply(self, where: str, key: str, manifest: Manifest) -> None:
        self.declare(where, key, manifest)
        self.apply(where, adopt=False)

    @rule(where=TARGETS, key=KEYS)
    def remove_manifest(self, where: str, key: str) -> None:
        self.targets[where].declared.pop(key, None)

    @rule(where=TARGETS, adopt=st.sampled_from([None, True, False]))
    def apply(self, where: str, adopt: bool | None) -> None:
        deployed, before = self.targets[where], copy.deepcopy(self.store.listed())
        plan = deployed.plan(adopt)
        assert self.store.listed() == before, "planning touched the platform"
        assert_only_ours(plan, before, deployed, adopt)
        if is_refused(plan):
            return
        made = dict(deployed.made)
        self.carry_out(deployed, plan)
        after = {assistant.id: assistant for assistant in self.store.listed()}
        ours = [assistant for assistant in before if deployed.owns(assistant)]
        assert_nothing_is_lost_unsaid(plan, ours, made, after)
        again = deployed.plan(adopt)
        assert again.changes == ()
        assert again.drift == ()
        owners = Counter(read_mark(assistant.metadata) for assistant in after.values() if deployed.owns(assistant))
        keys = [mark.key for mark in owners if mark]
        assert sorted(keys) == sorted(deployed.declared)
        assert set(owners.values()) <= {1}

    @rule(where=TARGETS, adopt=st.booleans(), done=st.integers(0, 2))
    def apply_and_be_killed(self, where: str, adopt: bool, done: int) -> None:
        deployed = self.targets[where]
        plan = deployed.plan(adopt)
        if not is_refused(plan):
            self.carry_out(deployed, replace(plan, changes=plan.changes[:done]))

    @rule(where=TARGETS)
    def destroy(self, where: str) -> None:
        deployed, before = self.targets[where], self.store.listed()
        plan = deployed.project.plan(deployed.declared.values(), destroy=True)
        assert {change.id for change in plan.changes} == {
            assistant.id for assistant in before if deployed.owns(assistant)
        }
        if not is_refused(plan):
            self.carry_out(deployed, plan)
            assert self.store.listed() == [assistant for assistant in before if not deployed.owns(assistant)]

    @precondition(lambda self: self.store.assistants)
    @rule(place=PLACES, edit=EDITS, pairs=PAIRS)
    def edit_outside(self, place: int, edit: Manifest, pairs: dict[str, str]) -> None:
        identifier = self.pick(place)
        metadata = {**self.store.assistants[identifier].metadata, **pairs}
        self.store.update(identifier, edit, dict(list(metadata.items())[:16]))

    @precondition(lambda self: self.store.assistants)
    @rule(place=PLACES, key=st.sampled_from(["team", "a", "b.c", BASELINE, MARK]))
    def remove_pair_outside(self, place: int, key: str) -> None:
        self.store.assistants[self.pick(place)].metadata.pop(key, None)

    @precondition(lambda self: self.store.assistants)
    @rule(place=PLACES)
    def delete_outside(self, place: int) -> None:
        self.store.delete(self.pick(place))

    @precondition(lambda self: 0 < len(self.store.assistants) < 8)
    @rule(place=PLACES)
    def copy_outside(self, place: int) -> None:
        stored = self.store.assistants[self.pick(place)]
        self.store.create(stored.fields, stored.metadata)

    @precondition(lambda self: len(self.store.assistants) < 8)
    @rule(key=KEYS, owner=st.sampled_from([None, "project=other target=prod key=desk", "unreadable"]))
    def create_outside(self, key: str, owner: str | None) -> None:
        self.store.create({"name": key, "model": "x"}, {MARK: owner} if owner else {"theirs": "1"})

    def pick(self, place: int) -> str:
        return list(self.store.assistants)[place % len(self.store.assistants)]

    def carry_out(self, deployed: Deployed, plan: Plan) -> None:
        before: dict[str, Stored] = copy.deepcopy(self.store.assistants)
        results = deployed.project.carry_out(plan)
        assert [result.error for result in results if result.error] == []
        touched = {str(result.id) for result in results}
        for identifier, stored in before.items():
            mark = read_mark(stored.metadata)
            assert identifier in touched or self.store.assistants[identifier] == stored
            if mark and mark.prevent_destroy:
                assert identifier in self.store.assistants
        for identifier in touched & set(self.store.assistants):
            deployed.made[identifier] = self.store.answer(identifier)


def is_refused(plan: Plan) -> bool:
    return bool(plan.blocked) or any(diagnostic.severity is Severity.ERROR for diagnostic in plan.diagnostics)


def assert_only_ours(plan: Plan, before: list[Observed], deployed: Deployed, adopt: bool | None) -> None:
    there = {assistant.id: assistant for assistant in before}
    for change in plan.changes:
        if change.id is None:
            continue
        existing = there[change.id]
        if change.action is Action.ADOPT:
            assert MARK not in existing.metadata
            assert adopt is True or change.blocked
            assert adopt is not False
        else:
            assert deployed.owns(existing)


def assert_nothing_is_lost_unsaid(
    plan: Plan, before: list[Observed], made: dict[str, Observed], after: dict[str, Observed]
) -> None:
    """What somebody else changed since our last apply is as they left it, or the plan has said otherwise."""
    changes = {change.id: change for change in plan.changes}
    for assistant in before:
        if assistant.id not in made:
            continue
        edited = [
            leaf
            for leaf in differing(leaves(made[assistant.id]), leaves(assistant))
            if leaf[0] != "reasoning_effort"
        ]
        if assistant.id not in after:
            assert_said_in_reason(changes[assistant.id], assistant, edited)
            continue
        overwritten = differing(leaves(assistant), leaves(after[assistant.id]))
        for leaf in edited:
            if leaf in overwritten:
                assert_said(changes[assistant.id], assistant, leaf)


def assert_said_in_reason(change: Change, assistant: Observed, edited: list[Path]) -> None:
    baseline = read_baseline(assistant.metadata.get(BASELINE))
    for leaf in edited:
        unit = unit_of(leaf)
        if baseline.has(unit):
            assert dotted(unit) in change.reason or "metadata" in change.reason


def assert_said(change: Change, assistant: Observed, leaf: Path) -> None:
    diffs = [diff for diff in change.diffs if is_about(diff, leaf)]
    assert diffs, f"{dotted(leaf)} was overwritten without a word"
    if read_baseline(assistant.metadata.get(BASELINE)).has(unit_of(leaf)):
        assert any(diff.origin is not Origin.MANIFEST for diff in diffs), dotted(leaf)


def is_about(diff: FieldDiff, leaf: Path) -> bool:
    text = dotted(leaf)
    return text.startswith(diff.path) or diff.path.startswith(text)


def unit_of(leaf: Path) -> Path:
    return leaf[: {"tool_resources": 3, "metadata": 2}.get(str(leaf[0]), 1)]


def leaves(assistant: Observed) -> dict[Path, Json]:
    units = canonical_units(assistant.fields, users_pairs(assistant.metadata))
    return {path: value for unit, whole in units.items() for path, value in _leaves(unit, whole)}


def _leaves(path: Path, value: Json) -> Iterator[tuple[Path, Json]]:
    if not isinstance(value, dict) or not value:
        yield path, value
        return
    for key, item in value.items():
        yield from _leaves((*path, key), item)


def differing(left: dict[Path, Json], right: dict[Path, Json]) -> list[Path]:
    return [leaf for leaf in {**left, **right} if not same(left.get(leaf), right.get(leaf))]


TestProject = Project.TestCase
TestProject.settings = settings(
    max_examples=50,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
