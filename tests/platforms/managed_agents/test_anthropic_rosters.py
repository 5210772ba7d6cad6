"""Agents that name others by key: order, versions, protection, and what plans say of them, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.live_sessions import AnthropicSessions, Session, with_routes
from support.managed_agents import ManagedAgents
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, applied, nothing_to_do
from support.server import Answer, Asked, RecordingServer, serving

MODEL = "claude-opus-5-5"
NAME = "anthropic-agents"
VERSION_PATH = f"platforms.{NAME}.multiagent.agents[0].version"


@pytest.fixture
def cloud(cloud: ProjectFolder) -> ProjectFolder:
    """The project with an agent that names another one."""
    coordinator(cloud, "researcher")
    cloud.manifest("researcher", model=MODEL, instructions="Look things up.")
    return cloud


@pytest.fixture
def live(cloud: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """The same, applied."""
    snapshots.restore("roster", lambda: applied(cloud))
    return cloud


def coordinator(project: ProjectFolder, *keys: str, **fields: Any) -> None:
    """The manifest of an agent that names others; its key is before theirs."""
    roster = {"type": "coordinator", "agents": [{"assistant": key} for key in keys]}
    project.manifest("boss", model=MODEL, platforms={NAME: {"multiagent": roster}}, **fields)


def named(agents: ManagedAgents, name: str) -> dict[str, Any]:
    """The agent with that name."""
    [found] = [agent for agent in agents.agents.values() if agent["name"] == name]
    return found


def roster(agents: ManagedAgents) -> list[dict[str, Any]]:
    """Whom the coordinator names."""
    agents_named: list[dict[str, Any]] = named(agents, "boss")["multiagent"]["agents"]
    return agents_named


def entry(agents: ManagedAgents, name: str) -> dict[str, Any]:
    """How an agent is named as it is now."""
    agent = named(agents, name)
    return {"type": "agent", "id": agent["id"], "version": agent["version"]}


def planned(project: ProjectFolder, *args: str) -> dict[str, Any]:
    """The changes of a plan by key: reason, and the paths that differ with what they are to be."""
    document = project.run("plan", "--format", "json", *args).json
    return {
        change["key"]: (
            change["action"],
            change["reason"],
            {diff["path"]: diff["new"] for diff in change.get("diffs", ())},
        )
        for change in document["changes"]
    }


def said(project: ProjectFolder, command: str = "plan", *args: str) -> list[tuple[str, str]]:
    """The severity and summary of each diagnostic."""
    found = project.run(command, "--format", "json", *args).json["diagnostics"]
    return [(diagnostic["severity"], diagnostic["summary"]) for diagnostic in found]


def test_an_agent_is_created_after_those_that_it_names(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    _, _, diffs = planned(cloud)["boss"]
    assert diffs[f"platforms.{NAME}.multiagent.agents"] == [{"assistant": "researcher"}]
    applied(cloud)
    assert [agent["name"] for agent in agents.agents.values()] == ["researcher", "boss"]
    assert roster(agents) == [entry(agents, "researcher")]
    nothing_to_do(cloud)


def test_a_new_version_reaches_the_roster(live: ProjectFolder, agents: ManagedAgents) -> None:
    live.manifest("researcher", model=MODEL, instructions="Look things up, and cite them.")
    changes = planned(live)
    assert changes["boss"] == ("update", "researcher has a new version", {VERSION_PATH: "newest"})
    assert changes["researcher"][1] == "manifest changed"
    assert live.run("apply", "--yes").code == 0
    assert roster(agents) == [entry(agents, "researcher")]
    assert roster(agents)[0]["version"] == 2
    assert live.run("plan", "--detailed-exitcode").code == 0


def test_a_version_that_somebody_else_made_reaches_it_too(live: ProjectFolder, agents: ManagedAgents) -> None:
    agents.edit(named(agents, "researcher")["id"], metadata={"looked_at": "yes"})
    assert planned(live) == {"boss": ("update", "researcher has a new version", {VERSION_PATH: "newest"})}
    assert live.run("drift").code == 0
    assert live.run("apply", "--yes").code == 0
    assert roster(agents) == [entry(agents, "researcher")]


def test_only_some_keys(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    assert ("error", "boss names researcher, which is not there") in said(cloud, "plan", "boss")
    assert cloud.run("apply", "--yes", "boss").code == 1
    assert not agents.agents
    cloud.run("apply", "--yes")
    cloud.manifest("researcher", model=MODEL, instructions="Be quick.")
    assert ("warning", "boss names researcher, and this plan is not about it") in said(cloud, "plan", "researcher")
    cloud.run("apply", "--yes", "researcher")
    assert cloud.run("apply", "--yes", "boss").code == 0
    assert roster(agents) == [entry(agents, "researcher")]


def test_what_could_not_be_created_is_not_named(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    def refuse(asked: Asked) -> Answer | None:
        is_researcher = asked.method == "POST" and (asked.body or {}).get("name") == "researcher"
        return (
            Answer(400, b'{"type": "error", "error": {"type": "x", "message": "no"}}') if is_researcher else None
        )

    server.fault = refuse
    results = cloud.run("apply", "--yes", "--format", "json").json["results"]
    errors = {result["key"]: result["error"] for result in results}
    assert errors["boss"] == "not attempted: researcher, which it names, failed"
    assert errors["researcher"].startswith("no (HTTP 400")
    assert not agents.agents


def test_who_is_named_is_not_deleted(live: ProjectFolder, agents: ManagedAgents) -> None:
    (live.path / "assistants/researcher.yaml").unlink()
    assert said(live, "validate") == [("error", "no document declares an assistant with the key 'researcher'")]
    live.manifest("researcher", model=MODEL, instructions="Look things up.")
    destroyed = live.run("destroy", "--yes", "researcher")
    assert (destroyed.code, "researcher stays: boss names" in destroyed.out) == (0, True), (
        destroyed.out + destroyed.err
    )
    assert named(agents, "researcher")["archived_at"] is None


def test_who_is_named_no_longer_goes_after_the_roster_was_changed(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    cloud.manifest("writer", model=MODEL)
    coordinator(cloud, "researcher", "writer")
    cloud.run("apply", "--yes")
    coordinator(cloud, "writer")
    cloud.remove("researcher")
    server.clear()
    assert cloud.run("apply", "--yes", "--allow-deletes").code == 0
    changed = [request.path.rpartition("/")[2] for request in server.asked if request.method == "POST"]
    assert changed == [named(agents, "boss")["id"], "archive"]
    assert roster(agents) == [entry(agents, "writer")]


def test_nothing_goes_while_a_roster_names_it(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    cloud.manifest("writer", model=MODEL)
    coordinator(cloud, "researcher", "writer")
    cloud.run("apply", "--yes")
    coordinator(cloud, "writer")
    cloud.remove("researcher")

    def refuse(asked: Asked) -> Answer | None:
        is_boss = asked.method == "POST" and asked.path.endswith(named(agents, "boss")["id"])
        return Answer(400, b'{"type": "error", "error": {"type": "x", "message": "no"}}') if is_boss else None

    server.fault = refuse
    results = cloud.run("apply", "--yes", "--allow-deletes", "--format", "json").json["results"]
    errors = {result["key"]: result["error"] for result in results}
    assert "not attempted: boss, which names it, was not changed" in errors["researcher"]
    assert named(agents, "researcher")["archived_at"] is None


def test_everything_goes_those_that_name_others_first(
    live: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    server.clear()
    assert live.run("destroy", "--yes").code == 0
    archived = [request.path.split("/")[-2] for request in server.asked if request.path.endswith("/archive")]
    assert archived == [named(agents, "boss")["id"], named(agents, "researcher")["id"]]


def test_an_id_becomes_a_key_without_a_change(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    cloud.run("apply", "--yes", "researcher")
    literal = {"type": "coordinator", "agents": [{"type": "agent", "id": named(agents, "researcher")["id"]}]}
    cloud.manifest("boss", model=MODEL, platforms={NAME: {"multiagent": literal}})
    assert cloud.run("apply", "--yes").code == 0
    coordinator(cloud, "researcher")
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_who_is_named_otherwise_was_changed_by_the_manifest(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    cloud.manifest("writer", model=MODEL)
    applied(cloud)

    def reasons() -> Iterator[tuple[str, bool]]:
        for keys in (("writer",), ("writer", "researcher"), ()):
            coordinator(cloud, *keys) if keys else cloud.manifest("boss", model=MODEL)
            plan = cloud.run("plan", "--format", "json").json
            [change] = [candidate for candidate in plan["changes"] if candidate["key"] == "boss"]
            yield change["reason"], bool(plan["drift"])

    assert [*reasons()] == [("manifest changed", False)] * 3
    agents.edit(named(agents, "boss")["id"], multiagent={"type": "coordinator", "agents": [{"type": "self"}]})
    assert [*reasons()] == [("manifest changed and changed outside", True)] * 3
    assert cloud.run("drift").code == 2


def test_an_id_becomes_a_key_beside_another_one(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    cloud.manifest("writer", model=MODEL)
    cloud.run("apply", "--yes", "researcher", "writer")
    literal = {"type": "coordinator", "agents": [{"type": "agent", "id": named(agents, "researcher")["id"]}]}
    cloud.manifest("boss", model=MODEL, platforms={NAME: {"multiagent": literal}})
    assert cloud.run("apply", "--yes").code == 0
    coordinator(cloud, "researcher", "writer")
    assert planned(cloud)["boss"][1] == "manifest changed"


def test_a_plan_names_others_by_their_keys(cloud: ProjectFolder) -> None:
    cloud.manifest("writer", model=MODEL)
    assert cloud.run("apply", "--yes").code == 0
    path = f"platforms.{NAME}.multiagent.agents"
    coordinator(cloud, "writer", "researcher")
    diffs = planned(cloud)["boss"][2]
    assert diffs == {f"{path}[0].id": {"assistant": "writer"}, f"{path}[1]": {"assistant": "researcher"}}
    coordinator(cloud, "writer")
    assert planned(cloud)["boss"][2] == {f"{path}[0].id": {"assistant": "writer"}, f"{path}[0].version": "newest"}


def test_somebody_elses_roster_is_drift(live: ProjectFolder, agents: ManagedAgents) -> None:
    agents.edit(named(agents, "boss")["id"], multiagent=None)
    assert live.run("drift").code == 2
    assert live.run("apply", "--yes").code == 0
    assert roster(agents) == [entry(agents, "researcher")]


def test_predefined_agents(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    subagents = {"type": "enabled", "predefined_agents": [{"assistant": "researcher"}]}
    own = {"multiagent": {"type": "multiagent_20261001", "subagents": subagents}}
    cloud.manifest("boss", model=MODEL, platforms={NAME: own})
    applied(cloud)
    cloud.manifest("researcher", model=MODEL, instructions="Be quick.")
    assert cloud.run("apply", "--yes").code == 0
    there = named(agents, "boss")["multiagent"]["subagents"]["predefined_agents"]
    assert there == [entry(agents, "researcher")]
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_somebody_elses_agent_stands_beside_one_that_is_named_by_key(
    cloud: ProjectFolder, agents: ManagedAgents
) -> None:
    """The platform fills in the version of the one, and this project names that of the other."""
    agents.add("agent_theirs")
    members = [{"assistant": "researcher"}, {"type": "agent", "id": "agent_theirs"}]
    own = {NAME: {"multiagent": {"type": "coordinator", "agents": members}}}
    cloud.manifest("boss", model=MODEL, platforms=own, instructions="Before.")
    assert cloud.run("apply", "--yes").code == 0
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    cloud.manifest("boss", model=MODEL, platforms=own, instructions="After.")
    assert cloud.run("apply", "--yes").code == 0
    last = cloud.run("history", "--format", "json").json["applies"][0]["id"]
    assert cloud.run("rollback", last, "--yes").code == 0
    assert named(agents, "boss")["system"] == "Before."
    cloud.manifest("boss", model=MODEL, platforms=own, instructions="Before.")
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_a_saved_plan_with_a_roster(live: ProjectFolder, agents: ManagedAgents) -> None:
    live.manifest("researcher", model=MODEL, instructions="Be quick.")
    assert live.run("plan", "--out", "release.plan").code == 0
    applied(live, "release.plan")
    assert roster(agents) == [entry(agents, "researcher")]


@pytest.mark.parametrize(
    ("keys", "summary"),
    [
        (["boss"], "boss names itself"),
        (["resercher"], "no document declares an assistant with the key 'resercher'"),
    ],
)
def test_who_cannot_be_named(cloud: ProjectFolder, keys: list[str], summary: str) -> None:
    coordinator(cloud, *keys)
    assert ("error", summary) in said(cloud, "validate")


def test_circles_are_refused(cloud: ProjectFolder) -> None:
    back = {"multiagent": {"type": "coordinator", "agents": [{"assistant": "boss"}]}}
    cloud.manifest("researcher", model=MODEL, platforms={NAME: back})
    expected = "these name each other, so none can be first: boss -> researcher -> boss"
    assert said(cloud, "validate") == [("error", expected)]


class _Answering(AnthropicSessions):
    """Sessions in which an agent says what it was instructed to say."""

    def __init__(self, agents: ManagedAgents) -> None:
        super().__init__()
        self.agents = agents

    def script(self, session: Session, question: str) -> None:  # noqa: ARG002 - as ``Sessions`` has it
        named = session.body["agent"]
        agent_id = named if isinstance(named, str) else named["id"]
        session.said = [self.agents.agents[agent_id]["system"]]


@pytest.fixture
def answering(cloud: ProjectFolder, agents: ManagedAgents) -> Iterator[ProjectFolder]:
    """The same project on a server whose agents answer."""
    with serving(with_routes(_Answering(agents).routes(), agents.app())) as running:
        settings = (cloud.path / "assistctl.yaml").read_text("utf-8")
        old = next(word for word in settings.split('"') if word.startswith("http"))
        cloud.write("assistctl.yaml", settings.replace(old, running.url.removesuffix("/v1")))
        yield cloud


def test_who_names_what_is_put_back_is_put_back_with_it(answering: ProjectFolder, agents: ManagedAgents) -> None:
    check = {"ask": "Where is order 1001?", "expect": {"contains": "1001"}}
    answering.manifest("researcher", model=MODEL, instructions="Order 1001 is here.", checks=[check])
    assert answering.run("apply", "--yes").code == 0
    before = entry(agents, "researcher")
    answering.manifest("researcher", model=MODEL, instructions="It is here.", checks=[check])
    outcome = answering.run("apply", "--yes", "--check", "--format", "json")
    assert outcome.code == 4, outcome.out + outcome.err
    assert named(agents, "researcher")["system"] == "Order 1001 is here."
    assert roster(agents) == [before]
    document = outcome.json
    assert [(result["key"], result["status"]) for result in document["put_back"]] == [
        ("boss", "ok"),
        ("researcher", "ok"),
    ]
    errors = {result["key"]: result["error"] for result in document["results"]}
    assert errors["boss"] == "it was put back with researcher, which it names"
    assert set(planned(answering)) == {"boss", "researcher"}


def test_a_misspelt_reference_is_told_from_an_entry_without_a_type(cloud: ProjectFolder) -> None:
    roster = {"type": "coordinator", "agents": [{"asistant": "sub"}]}
    cloud.manifest("desk", model="claude-opus-5-5", platforms={"anthropic-agents": {"multiagent": roster}})
    (error,) = cloud.run("validate", "--format", "json").json["diagnostics"]
    assert error["path"] == "platforms.anthropic-agents.multiagent.agents[0]"
    assert error["detail"] == "Did you mean 'assistant'? It names another assistant of the project by its key."
