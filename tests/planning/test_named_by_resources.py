"""Things beside assistants that name others by their ids: nothing is deleted that one of them goes on naming."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities, RosterEntry, Support
from assistctl.model.change import Action
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, PlanOptions, TargetName
from assistctl.model.resource import DesiredResource
from assistctl.ownership.mark import MARK
from assistctl.planning.planner import make_plan
from assistctl.planning.resources import Resources

PLATFORM = "cloud"
SKILL_ENTRY = RosterEntry("skill_id", "version", {"type": "custom"})
SKILLS = Capabilities(fields={"name": Support(), "metadata": Support()})
ENVIRONMENTS = Capabilities(
    fields={"name": Support(), "skills": Support(), "metadata": Support()},
    platform_fields=frozenset({"tools"}),
    resource_entries={Kind.SKILL: SKILL_ENTRY},
)
CLOUD = Capabilities(
    fields={"name": Support(), "model": Support(), "metadata": Support()},
    resources={Kind.SKILL: SKILLS, Kind.ENVIRONMENT: ENVIRONMENTS},
)
OPTIONS = PlanOptions("acme", TargetName("prod", PLATFORM), allow_deletes=True)
SKILL = Observed("skill_1", {"name": "refunds"}, {MARK: "project=acme target=prod key=refunds"}, "1")


def environment(mark: str | None, *, names_skill: bool = True, object_id: str = "env_1") -> Observed:
    """An environment that is there."""
    entry: dict[str, Json] = {"type": "custom", "skill_id": SKILL.id, "version": "1"}
    pairs = {} if mark is None else {MARK: mark}
    skills: list[Json] = [entry] if names_skill else []
    return Observed(object_id, {"name": "box", "skills": skills}, pairs, "1")


def box(**more: Any) -> DesiredResource:
    """An environment as it is declared, without a skill."""
    declared = DesiredResource(Kind.ENVIRONMENT, "box", {"name": "box", "skills": []}, Position("box.yaml"))
    return replace(declared, **more)


def planned(environments: list[Observed], declared: list[DesiredResource], options: PlanOptions = OPTIONS) -> Plan:
    """The plan where the skill is there and not declared."""
    there = {Kind.SKILL: [SKILL], Kind.ENVIRONMENT: environments}
    return make_plan([], [], options, CLOUD, resources=Resources(declared, there))


def deletes_the_skill(plan: Plan) -> bool:
    """Whether the plan deletes it."""
    return (Kind.SKILL, Action.DELETE) in {(change.kind, change.action) for change in plan.changes}


def test_it_goes_where_its_only_namer_drops_it() -> None:
    assert deletes_the_skill(planned([environment("project=acme target=prod key=box")], [box()]))
    assert deletes_the_skill(planned([environment("project=acme target=prod key=old")], []))


@pytest.mark.parametrize("owner", ["project=other target=prod", "project=acme target=staging"])
def test_it_stays_for_what_others_own_under_the_same_key(owner: str) -> None:
    ours = environment("project=acme target=prod key=box", names_skill=False, object_id="env_2")
    plan = planned([environment(f"{owner} key=box"), ours], [box()])
    assert not deletes_the_skill(plan)
    assert "refunds (skill) stays: env_1 names skill_1 by its id" in [
        diagnostic.summary for diagnostic in plan.diagnostics
    ]


def test_it_stays_for_what_is_named_itself() -> None:
    options = replace(OPTIONS, named_by_targets={"env_1": "options.environment of the target prod"})
    plan = planned([environment("project=acme target=prod key=old")], [], options)
    assert not plan.changes


def test_it_goes_where_the_moved_one_drops_it() -> None:
    plan = planned([environment("project=acme target=prod key=old")], [box(moved_from="old")])
    assert deletes_the_skill(plan)


def test_it_stays_for_one_of_twins_that_another_key_takes() -> None:
    twins = [environment("project=acme target=prod key=old", object_id=name) for name in ("env_1", "env_2")]
    taken = box(import_id="env_1", fields={"name": "box"})
    assert not deletes_the_skill(planned(twins, [taken]))


def test_it_stays_for_what_a_manifest_names_in_the_platforms_own_fields() -> None:
    own = {PLATFORM: {"tools": [{"type": "runner", "skill": SKILL.id}]}}
    assert not deletes_the_skill(planned([], [box(platform_fields=own)]))
