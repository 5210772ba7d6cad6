"""``multiagent`` of managed agents, which updates merge level by level: what is taken away is gone."""

from __future__ import annotations

from typing import Any

import pytest

from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder, settled

OTHER = {"type": "agent", "id": "agent_other"}


@pytest.fixture
def agents() -> ManagedAgents:
    """The agents there, among them one of somebody else: a roster takes only agents that exist."""
    there = ManagedAgents()
    there.add(OTHER["id"])
    return there


def held(project: ProjectFolder, agents: ManagedAgents, multiagent: dict[str, Any] | None) -> Any:
    """What the platform has once that is applied and nothing is left to do."""
    own = {} if multiagent is None else {"platforms": {"anthropic-agents": {"multiagent": multiagent}}}
    project.manifest("desk", model="claude-opus-5-5", **own)
    settled(project)
    (agent,) = (candidate for key, candidate in agents.agents.items() if key != OTHER["id"])
    return agent["multiagent"]


def merged(**parts: Any) -> dict[str, Any]:
    return {"type": "multiagent_20261001", **parts}


def test_a_member_that_is_taken_away_takes_its_default(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    advisor = {"type": "enabled", "model": "claude-sonnet-5-5"}
    off = {"type": "disabled"}
    there = held(cloud, agents, merged(advisor=advisor, workflows=off))
    assert (there["advisor"], there["workflows"]) == (advisor, off)
    there = held(cloud, agents, merged(workflows=off))
    assert (there["advisor"]["type"], there["workflows"]) == ("disabled", off)
    there = held(cloud, agents, merged(workflows=None))
    assert there["workflows"]["type"] == "enabled"


@pytest.mark.parametrize("part", ["subagents", "workflows"])
def test_a_roster_inside_of_a_member_goes_too(cloud: ProjectFolder, agents: ManagedAgents, part: str) -> None:
    with_roster = {"type": "enabled", "predefined_agents": [OTHER]}
    there = held(cloud, agents, merged(**{part: with_roster}))
    assert [predefined_agent["id"] for predefined_agent in there[part]["predefined_agents"]] == ["agent_other"]
    there = held(cloud, agents, merged(**{part: {"type": "enabled"}}))
    assert there[part]["predefined_agents"] == []


@pytest.mark.parametrize(
    "multiagent",
    [
        {"type": "coordinator", "agents": [{"type": "self"}, OTHER]},
        merged(subagents={"type": "enabled", "predefined_agents": [{"type": "self"}, OTHER]}),
    ],
)
def test_an_agent_may_name_itself(cloud: ProjectFolder, agents: ManagedAgents, multiagent: dict[str, Any]) -> None:
    held(cloud, agents, multiagent)
    cloud.manifest(
        "desk",
        model="claude-opus-5-5",
        instructions="New.",
        platforms={"anthropic-agents": {"multiagent": multiagent}},
    )
    assert cloud.run("apply", "--yes").code == 0
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_all_of_it_goes(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    held(cloud, agents, {"type": "coordinator", "agents": [OTHER]})
    assert held(cloud, agents, None) is None
