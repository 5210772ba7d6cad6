"""Aliases of Mistral's agents: moved with what is applied, listed, and told of where they stay behind."""

from __future__ import annotations

from typing import Any

from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder, applied, settled
from support.server import Answer, RecordingServer

MODEL, NAME = "mistral-medium-latest", "mistral-agents"


def only(agents: MistralAgents) -> dict[str, Any]:
    (agent,) = agents.all()
    return agent


def declare(project: ProjectFolder, instructions: str, *aliases: str) -> None:
    own = {"platforms": {NAME: {"aliases": [*aliases]}}} if aliases else {}
    project.manifest("desk", model=MODEL, instructions=instructions, **own)


def told(project: ProjectFolder, *command: str) -> list[tuple[str, str]]:
    document = project.run(*command, "--format", "json").json
    return [(diagnostic["severity"], diagnostic["summary"]) for diagnostic in document["diagnostics"]]


def listed(project: ProjectFolder) -> dict[str, Any]:
    (found,) = project.run("list", "--format", "json").json["assistants"]
    return {name: found[name] for name in found if name in {"version", "aliases", "traffic", "disabled"}}


def stand_for(agents: MistralAgents) -> dict[str, int]:
    return {name: alias["version"] for name, alias in agents.aliases.get(only(agents)["id"], {}).items()}


def test_aliases_follow_what_is_applied(cloud: ProjectFolder, agents: MistralAgents) -> None:
    declare(cloud, "one", "live", "demo")
    settled(cloud)
    assert stand_for(agents) == {"live": 0, "demo": 0}
    declare(cloud, "two", "live", "demo")
    settled(cloud)
    assert stand_for(agents) == {"live": 1, "demo": 1}
    agents.aliases[only(agents)["id"]]["live"]["version"] = 0
    drifted = cloud.run("drift", "--format", "json")
    assert (drifted.code, [drift["path"] for drift in drifted.json["drift"]]) == (
        2,
        [f"platforms.{NAME}.aliases[0]"],
    )
    declare(cloud, "two", "live")
    settled(cloud)
    assert stand_for(agents) == {"live": 2}
    declare(cloud, "two")
    settled(cloud)
    assert stand_for(agents) == {}
    assert "assistctl_aliases" not in only(agents)["metadata"]


def test_an_alias_that_cannot_be_moved_is_told(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    server.fault = lambda asked: Answer(403, b'{"detail": "Forbidden"}') if asked.method == "PUT" else None
    cloud.manifest("desk", model=MODEL, platforms={NAME: {"aliases": ["live"]}})
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    words = " ".join(outcome.out.split())
    assert f"was changed, and platforms.{NAME}.aliases was not: live was not moved: Forbidden" in words
    server.fault = lambda _: None
    settled(cloud)
    assert (len(agents.agents), stand_for(agents)) == (1, {"live": 1})


def test_an_alias_that_cannot_be_deleted_is_told(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    """It goes on standing for what is there no longer, and no manifest names it."""
    declare(cloud, "one", "live")
    settled(cloud)
    server.fault = lambda asked: Answer(403, b'{"detail": "Forbidden"}') if asked.method == "DELETE" else None
    declare(cloud, "two")
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    words = " ".join(outcome.out.split())
    assert "live was not deleted: Forbidden" in words
    assert "Delete it there" in words
    assert (only(agents)["instructions"], stand_for(agents)) == ("two", {"live": 0})


def test_an_answer_without_a_version_moves_no_alias(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    server.tell = lambda _, __, payload: {name: payload[name] for name in payload if name != "version"}
    declare(cloud, "one", "live")
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    assert "live was not moved" in " ".join(outcome.out.split())
    server.tell = None
    settled(cloud)
    assert stand_for(agents) == {"live": 1}


def test_a_name_that_is_no_alias_is_told_where_it_stands(cloud: ProjectFolder) -> None:
    cloud.manifest("desk", model=MODEL, platforms={NAME: {"aliases": ["live", "a b"]}})
    told = cloud.run("validate", "-t", "cloud", "--format", "json")
    assert told.code == 1
    (error,) = told.json["diagnostics"]
    assert error["path"] == f"platforms.{NAME}.aliases[1]"


def test_a_version_that_no_alias_stands_for_is_told_of(cloud: ProjectFolder, agents: MistralAgents) -> None:
    declare(cloud, "one")
    applied(cloud)
    assert listed(cloud) == {"version": "0", "aliases": {}}
    agents.point(only(agents)["id"], "live", 0)
    assert told(cloud, "plan") == []
    declare(cloud, "two")
    coming = ("warning", "no alias will stand for the new version of desk: live: 0")
    assert told(cloud, "plan") == [coming]
    outcome = cloud.run("plan").out
    assert "no alias will stand for the new version of desk" in outcome
    assert "aliases: [live]" in outcome
    assert told(cloud, "apply", "--yes") == [coming]
    assert told(cloud, "plan") == [("warning", "no alias stands for version 1, the newest, of desk: live: 0")]
    assert listed(cloud) == {"version": "1", "aliases": {"live": "0"}}
    assert "1 (live: 0)" in cloud.run("list").out
    declare(cloud, "two", "live")
    assert told(cloud, "apply", "--yes") == []
    assert stand_for(agents) == {"live": 2}
    settled(cloud)


def test_aliases_of_others_stay_behind_where_one_follows(cloud: ProjectFolder, agents: MistralAgents) -> None:
    declare(cloud, "one", "live")
    applied(cloud)
    agents.point(only(agents)["id"], "theirs", 0)
    declare(cloud, "two", "live")
    assert told(cloud, "apply", "--yes") == []
    assert stand_for(agents) == {"live": 1, "theirs": 0}
    assert "1 (live: 1, theirs: 0)" in cloud.run("list").out
    # Once the manifest names none, ours is gone, and nothing that is left stands for what comes.
    declare(cloud, "two")
    coming = ("warning", "no alias will stand for the new version of desk: theirs: 0")
    assert told(cloud, "apply", "--yes") == [coming]
    assert stand_for(agents) == {"theirs": 0}


def test_aliases_are_read_where_somebody_may_ask_for_them(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    """Those of somebody else's agents are not asked for, and where none are told a plan does without."""
    agents.add(name="Theirs")
    declare(cloud, "one")
    settled(cloud)
    server.asked.clear()
    assert cloud.run("plan").code == 0
    asked = [request.path for request in server.asked if request.path.endswith("/aliases")]
    ours = next(agent["id"] for agent in agents.all() if agent["name"] == "desk")
    assert asked == [f"/v1/agents/{ours}/aliases"]
    forbidden = Answer(403, b'{"detail": "Forbidden"}')
    server.fault = lambda request: forbidden if request.path.endswith("/aliases") else None
    declare(cloud, "two")
    settled(cloud)
    assert listed(cloud) == {"version": "1"}


def test_advice_is_not_asked_for_again_once_it_is_refused(cloud: ProjectFolder, server: RecordingServer) -> None:
    """A platform that limits requests limits those that matter with them."""
    for number in range(30):
        cloud.manifest(f"desk-{number}", model=MODEL)
    applied(cloud)
    limited = Answer(429, b'{"message": "Requests rate limit exceeded"}')
    server.fault = lambda asked: limited if asked.path.endswith("/aliases") else None
    server.clear()
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    assert 0 < len([asked for asked in server.asked if asked.path.endswith("/aliases")]) <= 20
