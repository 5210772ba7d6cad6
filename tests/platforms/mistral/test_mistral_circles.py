"""Mistral's agents that hand off to each other: created first, and then updated to name each other."""

from __future__ import annotations

from typing import Any

import pytest

from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder, applied, nothing_to_do, settled
from support.server import Answer, Asked, RecordingServer

MODEL, NAME = "mistral-medium-latest", "mistral-agents"


def declare(project: ProjectFolder, key: str, *others: str, **more: Any) -> None:
    own = {**more, **({"handoffs": [{"assistant": other} for other in others]} if others else {})}
    project.manifest(key, model=MODEL, metadata={"team": "a"}, **({"platforms": {NAME: own}} if own else {}))


def pair(project: ProjectFolder) -> None:
    declare(project, "boss", "refunds", max_tokens=100)
    declare(project, "refunds", "boss")


def handoffs(agents: MistralAgents) -> dict[str, list[str]]:
    """The names of those that each agent hands off to."""
    names = {agent["id"]: agent["name"] for agent in agents.all()}
    return {agent["name"]: sorted(names[other] for other in agent["handoffs"] or ()) for agent in agents.all()}


def sent(server: RecordingServer) -> list[str]:
    return [request.method for request in server.asked if request.method in {"POST", "PATCH"}]


@pytest.mark.parametrize("parallelism", ["1", "8"])
def test_those_that_name_each_other_are_made_in_two_steps(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer, parallelism: str
) -> None:
    pair(cloud)
    declare(cloud, "front", "boss")
    assert cloud.run("validate").code == 0
    plan = cloud.run("plan", "--format", "json").json
    told = [
        (diagnostic["severity"], diagnostic["key"]) for diagnostic in plan["diagnostics"] if diagnostic.get("key")
    ]
    assert told == [("info", "boss"), ("info", "refunds")]
    assert "boss and refunds name each other, so boss is made in two steps" in cloud.run("plan").out
    assert [(change["key"], change["action"]) for change in plan["changes"]] == [
        ("boss", "create"),
        ("front", "create"),
        ("refunds", "create"),
    ]
    settled(cloud, "--parallelism", parallelism)
    assert handoffs(agents) == {"boss": ["refunds"], "refunds": ["boss"], "front": ["boss"]}
    assert sorted(sent(server)) == ["PATCH", "PATCH", "POST", "POST", "POST"]
    versions = {agent["name"]: agent["versions"] for agent in agents.all()}
    assert versions == {"boss": [0, 1], "refunds": [0, 1], "front": [0]}
    boss = next(agent for agent in agents.all() if agent["name"] == "boss")
    assert (boss["completion_args"]["max_tokens"], boss["metadata"]["team"]) == (100, "a")


def test_three_in_a_circle_of_which_one_is_there(cloud: ProjectFolder, agents: MistralAgents) -> None:
    declare(cloud, "a")
    applied(cloud)
    for key, other in (("a", "b"), ("b", "c"), ("c", "a")):
        declare(cloud, key, other)
    settled(cloud)
    assert handoffs(agents) == {"a": ["b"], "b": ["c"], "c": ["a"]}
    # Once all are there, nothing has to wait for anything.
    declare(cloud, "a", "b", "c")
    declare(cloud, "b", "a")
    settled(cloud, "--parallelism", "1")
    assert handoffs(agents) == {"a": ["b", "c"], "b": ["a"], "c": ["a"]}


def test_a_circle_is_deleted_as_one(cloud: ProjectFolder, agents: MistralAgents) -> None:
    pair(cloud)
    applied(cloud)
    declare(cloud, "refunds")
    settled(cloud)
    pair(cloud)
    applied(cloud)
    assert cloud.run("destroy", "--yes").code == 0
    assert agents.agents == {}


def test_what_was_deleted_is_made_again_with_those_that_it_names(
    cloud: ProjectFolder, agents: MistralAgents
) -> None:
    """They have other ids then."""
    pair(cloud)
    declare(cloud, "front", "boss")
    applied(cloud)
    before = handoffs(agents)
    assert cloud.run("destroy", "--yes").code == 0
    destroyed = cloud.run("history", "--format", "json").json["applies"][0]["id"]
    undone = cloud.run("rollback", destroyed, "--yes")
    assert undone.code == 0, undone.out + undone.err
    assert handoffs(agents) == before
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def undone(project: ProjectFolder) -> list[tuple[str, str]]:
    """What a rollback of the last apply does to which key, without a word about anything that stays."""
    last = project.run("history", "--format", "json").json["applies"][0]["id"]
    outcome = project.run("rollback", last, "--yes", "--format", "json")
    assert (outcome.code, outcome.json["diagnostics"]) == (0, []), outcome.out
    return [(result["key"], result["action"]) for result in outcome.json["results"]]


def test_what_came_naming_each_other_goes_with_a_rollback(cloud: ProjectFolder, agents: MistralAgents) -> None:
    """The manifests declare it still, and what they name by key is needed no longer than they are."""
    pair(cloud)
    declare(cloud, "front", "boss")
    applied(cloud)
    assert sorted(undone(cloud)) == [("boss", "delete"), ("front", "delete"), ("refunds", "delete")]
    assert agents.agents == {}


def test_what_came_for_one_that_was_there_goes_with_a_rollback(
    cloud: ProjectFolder, agents: MistralAgents
) -> None:
    declare(cloud, "boss")
    applied(cloud)
    pair(cloud)
    applied(cloud)
    assert sorted(undone(cloud)) == [("boss", "update"), ("refunds", "delete")]
    assert handoffs(agents) == {"boss": []}


def test_what_others_name_by_now_stays_in_a_rollback(cloud: ProjectFolder, agents: MistralAgents) -> None:
    pair(cloud)
    applied(cloud)
    created = cloud.run("history", "--format", "json").json["applies"][0]["id"]
    declare(cloud, "front", "boss")
    applied(cloud)
    before = handoffs(agents)
    assert "boss stays: front names" in cloud.run("rollback", created, "--yes").out
    assert handoffs(agents) == before


def test_a_saved_plan_has_both_steps(cloud: ProjectFolder, agents: MistralAgents) -> None:
    pair(cloud)
    assert cloud.run("plan", "--out", "release.plan").code == 0
    assert "made in two steps" in cloud.run("show", "release.plan").out
    assert cloud.run("apply", "--yes", "release.plan").code == 0
    assert handoffs(agents) == {"boss": ["refunds"], "refunds": ["boss"]}
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def of_the_second_step(answer: Answer) -> Any:
    return lambda asked: answer if asked.method == "PATCH" and not asked.path.endswith("/version") else None


def test_a_second_step_that_fails_is_made_up_for(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    pair(cloud)
    server.fault = of_the_second_step(Answer(403, b'{"detail": "Forbidden"}'))
    outcome = cloud.run("apply", "--yes", "--format", "json")
    assert outcome.code == 4
    ids = {agent["name"]: agent["id"] for agent in agents.all()}
    results = {result["key"]: (result["status"], result["id"]) for result in outcome.json["results"]}
    assert results == {key: ("failed", ids[key]) for key in ("boss", "refunds")}
    server.fault = lambda _: None
    # Nobody else is said to have changed what was not sent yet.
    drift = cloud.run("drift", "--format", "json")
    assert (drift.code, drift.json["drift"]) == (0, [])
    reasons = {change["key"]: change["reason"] for change in cloud.run("plan", "--format", "json").json["changes"]}
    assert {key: reason.partition(";")[0] for key, reason in reasons.items()} == {
        "boss": "manifest changed",
        "refunds": "manifest changed",
    }
    settled(cloud)
    assert handoffs(agents) == {"boss": ["refunds"], "refunds": ["boss"]}


@pytest.mark.parametrize("after", [True, False])
def test_a_second_step_whose_answer_is_lost(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer, after: bool
) -> None:
    pair(cloud)
    server.fault = of_the_second_step(Answer(500, after=after))
    assert cloud.run("apply", "--yes").code == (0 if after else 4)
    server.fault = lambda _: None
    settled(cloud)
    assert handoffs(agents) == {"boss": ["refunds"], "refunds": ["boss"]}
    assert len(agents.agents) == 2


def test_a_create_whose_answer_is_lost_makes_no_twin(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    pair(cloud)
    server.fault = lambda asked: Answer(500, after=True) if asked.method == "POST" else None
    settled(cloud)
    assert handoffs(agents) == {"boss": ["refunds"], "refunds": ["boss"]}


def test_one_that_cannot_be_created_leaves_the_other_incomplete(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    def fault(asked: Asked) -> Answer | None:
        is_refunds = (
            asked.method == "POST" and isinstance(asked.body, dict) and asked.body.get("name") == "refunds"
        )
        return Answer(422, b'{"detail": "no"}') if is_refunds else None

    pair(cloud)
    server.fault = fault
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    assert "it was created, and not completed" in " ".join(outcome.out.split())
    server.fault = lambda _: None
    settled(cloud)
    assert handoffs(agents) == {"boss": ["refunds"], "refunds": ["boss"]}


def test_whoever_names_itself_is_refused(cloud: ProjectFolder) -> None:
    declare(cloud, "boss", "boss")
    outcome = cloud.run("validate")
    assert outcome.code == 1
    assert "boss names itself" in outcome.out + outcome.err


def last_apply(project: ProjectFolder) -> str:
    found: str = project.run("history", "--format", "json").json["applies"][0]["id"]
    return found


def test_a_rollback_leaves_whom_somebody_goes_on_naming(cloud: ProjectFolder, agents: MistralAgents) -> None:
    declare(cloud, "boss")
    applied(cloud)
    declare(cloud, "refunds")
    applied(cloud)
    first = last_apply(cloud)
    declare(cloud, "boss", "refunds")
    applied(cloud)
    undone = cloud.run("rollback", first, "--yes")
    assert "refunds stays: boss names" in " ".join((undone.out + undone.err).split())
    assert handoffs(agents) == {"boss": ["refunds"], "refunds": []}


def test_nobody_is_accused_where_what_is_named_moved_alone(cloud: ProjectFolder) -> None:
    """What is on record knows it by the key that it had."""
    for key in ("refunds", "sales"):
        declare(cloud, key)
    declare(cloud, "boss", "refunds")
    settled(cloud)
    cloud.remove("refunds")
    cloud.manifest("returns", model=MODEL, name="refunds", moved_from="refunds")
    declare(cloud, "boss", "returns")
    assert cloud.run("apply", "returns", "--yes").code == 0
    nothing_to_do(cloud)
    declare(cloud, "boss", "sales")
    assert cloud.run("drift").code == 0
    [boss] = cloud.run("plan", "--format", "json").json["changes"]
    assert (boss["key"], {diff["origin"] for diff in boss["diffs"]}) == ("boss", {"manifest"})
