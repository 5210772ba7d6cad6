"""Things beside assistants with versions and files: what plans say of them, and of who names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Lifecycle, Observed, Use
from assistctl.model.capabilities import Capabilities, RosterEntry, Support
from assistctl.model.change import Action, Change, QualifiedKey
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, PlanOptions, TargetName
from assistctl.model.resource import DesiredResource, ResourceFile
from assistctl.model.source_file import Identity, SourceFile
from assistctl.planning.planner import make_plan
from assistctl.planning.requests import resolved
from assistctl.planning.resources import Resources

PLATFORM = "cloud"
SKILLS = Capabilities(fields={"name": Support(), "folder": Support(), "metadata": Support()})
CLOUD = Capabilities(
    fields={"name": Support(), "model": Support(), "metadata": Support(), "skills": Support()},
    platform_fields=frozenset({"skills"}),
    resources={Kind.SKILL: SKILLS},
    resource_entries={Kind.SKILL: RosterEntry("skill_id", "version", {"type": "custom"})},
    uses_in={Kind.SKILL: "skills"},
)
OPTIONS = PlanOptions("acme", TargetName("prod", PLATFORM))
PLACE = Position("assistants/refunds.yaml", 1, 1)
SKILL = "skill_1"


def skill(content: str) -> DesiredResource:
    """The declared skill."""
    source = SourceFile("skills/refunds/SKILL.md", Path("SKILL.md"), 1, Identity(content, "SKILL.md"))
    fields: dict[str, Json] = {"name": "refunds", "folder": content}
    files = (ResourceFile("SKILL.md", source),)
    return DesiredResource(Kind.SKILL, "refunds", fields, PLACE, files=files)


def desk(version: str | None = None) -> Desired:
    """An assistant that has the skill."""
    use = Use(Kind.SKILL, "refunds", "skills[0]", version)
    return Desired("desk", {"name": "desk", "model": "m"}, PLACE, uses=(use,))


def planned(
    assistants: Sequence[Desired],
    skills: Sequence[DesiredResource],
    there: Sequence[Observed] = (),
    skills_there: Sequence[Observed] = (),
    options: PlanOptions = OPTIONS,
) -> Plan:
    """The plan."""
    return make_plan(assistants, there, options, CLOUD, resources=Resources(skills, {Kind.SKILL: skills_there}))


def made(change: Change, object_id: str, revision: str, plan: Plan, **ids: str) -> Observed:
    """What is there once ``change`` was made."""
    assert change.request is not None
    known = {**plan.knowledge.known, **{name.replace("__", ":"): text for name, text in ids.items()}}
    request = resolved(change.request, known)
    return Observed(object_id, request.fields, request.metadata, revision)


def by_kind(plan: Plan) -> dict[Kind, Change]:
    """The changes; there is one of a kind."""
    return {change.kind: change for change in plan.changes}


def settled(assistant: Desired) -> tuple[Observed, Observed]:
    """The assistant and the skill as they are once both were applied."""
    plan = planned([assistant], [skill("a")])
    changes = by_kind(plan)
    there = made(changes[Kind.SKILL], SKILL, "1", plan)
    ids = {"assistctl__skill__refunds": SKILL, "assistctl__skill_revision__refunds": "1"}
    return made(changes[Kind.ASSISTANT], "agent_1", "1", plan, **ids), there


def test_both_are_created_the_skill_with_its_files() -> None:
    changes = by_kind(planned([desk()], [skill("a")]))
    request = changes[Kind.SKILL].request
    assert request is not None
    assert [file.path for file in request.sources] == ["SKILL.md"]
    shown = {(kind, diff.path): diff.new for kind, change in changes.items() for diff in change.diffs}
    assert shown[Kind.ASSISTANT, "skills"] == [{"skill": "refunds"}]
    assert shown[Kind.SKILL, "folder"] == "skills/refunds (a)"


def test_a_skill_is_told_under_the_field_that_names_it_unless_that_is_the_platforms() -> None:
    agent, there = settled(desk())
    declared = replace(desk(), positions={"skills[0]": Position("assistants/desk.yaml", 4, 3)})
    [diff] = by_kind(planned([declared], [skill("b")], [agent], [there]))[Kind.ASSISTANT].diffs
    assert (diff.path, diff.position) == ("skills[0].version", declared.positions["skills[0]"])
    theirs: dict[str, Json] = {"skills": [{"type": "custom", "skill_id": "skill_2", "version": "1"}]}
    both = replace(desk(), platform_fields={PLATFORM: theirs})
    change = by_kind(planned([both], [skill("a")], [agent], [there]))[Kind.ASSISTANT]
    assert {diff.path.partition("[")[0] for diff in change.diffs} == {"platforms.cloud.skills"}


def test_files_are_told_by_their_folder_when_they_change_and_when_they_go() -> None:
    agent, there = settled(desk())

    def folder(plan: Plan) -> tuple[Json, Json]:
        [diff] = [diff for diff in by_kind(plan)[Kind.SKILL].diffs if diff.path == "folder"]
        return diff.old, diff.new

    changed = planned([desk()], [skill("b")], [agent], [there])
    assert folder(changed) == ("other files (a)", "skills/refunds (b)")
    as_before = replace(skill("b"), files=())
    assert folder(planned([desk()], [as_before], [agent], [there]))[1] == "the files of then (b)"
    gone = planned([], [], [], [there], replace(OPTIONS, destroy=True))
    assert folder(gone) == ("its files (a)", None)


def test_skills_are_left_to_others_under_that_name_too() -> None:
    agent, there = settled(desk())
    edited = replace(agent, fields={**agent.fields, "platforms": {PLATFORM: {"skills": []}}})
    assert by_kind(planned([desk()], [skill("a")], [edited], [there])).keys() == {Kind.ASSISTANT}
    left = replace(desk(), lifecycle=Lifecycle(ignore_changes=("skills",)))
    assert not planned([left], [skill("a")], [edited], [there]).changes


def test_the_request_has_the_id_and_the_version() -> None:
    agent, there = settled(desk())
    entry = {"type": "custom", "skill_id": SKILL, "version": "1"}
    assert agent.fields["platforms"] == {PLATFORM: {"skills": [entry]}}
    assert not planned([desk()], [skill("a")], [agent], [there]).changes


def test_an_unchanged_folder_is_not_sent_and_a_changed_one_reaches_who_names_it() -> None:
    agent, there = settled(desk())
    changes = by_kind(planned([desk()], [skill("b")], [agent], [there]))
    request = changes[Kind.SKILL].request
    assert request is not None
    assert (request.fields, len(request.sources)) == ({"folder": "b"}, 1)
    assert changes[Kind.ASSISTANT].reason == "refunds (skill) has a new version"
    renamed = replace(skill("a"), fields={**skill("a").fields, "name": "Refunds"})
    request = by_kind(planned([desk()], [renamed], [agent], [there]))[Kind.SKILL].request
    assert request is not None
    assert not request.sources


def test_a_version_that_somebody_else_made_reaches_it_too() -> None:
    agent, there = settled(desk())
    plan = planned([desk()], [skill("a")], [agent], [replace(there, revision="2")])
    assert by_kind(plan).keys() == {Kind.ASSISTANT}


def test_a_pinned_version_stays() -> None:
    agent, there = settled(desk("1"))
    assert not planned([desk("1")], [skill("a")], [agent], [replace(there, revision="2")]).changes
    assert by_kind(planned([desk("1")], [skill("b")], [agent], [there])).keys() == {Kind.SKILL}
    assert by_kind(planned([desk()], [skill("a")], [agent], [replace(there, revision="2")])).keys() == {
        Kind.ASSISTANT
    }


def test_what_an_assistant_names_is_not_deleted() -> None:
    agent, there = settled(desk())
    own: dict[str, Json] = {"skills": [{"type": "custom", "skill_id": SKILL, "version": "1"}]}
    by_id = replace(desk(), uses=(), platform_fields={PLATFORM: own})
    plan = planned([by_id], [], [agent], [there])
    assert not [change for change in plan.changes if change.action is Action.DELETE]
    assert f"refunds (skill) stays: desk names {SKILL} by its id" in [
        diagnostic.summary for diagnostic in plan.diagnostics
    ]
    gone = planned([replace(desk(), uses=())], [], [agent], [there])
    blocked = {change.kind: (change.action, change.blocked) for change in gone.changes}
    assert blocked == {Kind.ASSISTANT: (Action.UPDATE, None), Kind.SKILL: (Action.DELETE, None)}


def test_who_is_applied_without_it_is_told() -> None:
    only = replace(OPTIONS, only=frozenset({QualifiedKey(Kind.ASSISTANT, "desk")}))
    [error] = planned([desk()], [skill("a")], options=only).errors
    assert error.summary == "desk names refunds (skill), which is not there"
