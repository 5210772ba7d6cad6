"""Which version of a Foundry agent answers: shown, pinned, and told of where it is not the newest one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.foundry import PROJECT, Foundry, selector
from support.live_sessions import FoundryConversations, with_routes
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer, serving

MODEL = "gpt-5"


@pytest.fixture
def agents(tmp_path: Path) -> Foundry:
    return Foundry(shelf=tmp_path / "files.db")


@pytest.fixture
def server(agents: Foundry) -> Iterator[RecordingServer]:
    with serving(agents.app()) as running:
        yield running


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    return project.use("azure-foundry", server.address + PROJECT)


def declare(project: ProjectFolder, instructions: str, **own: Any) -> None:
    platforms = {"platforms": {"azure-foundry": own}} if own else {}
    project.manifest("desk", model=MODEL, instructions=instructions, **platforms)


def applied(project: ProjectFolder, instructions: str, **own: Any) -> dict[str, Any]:
    declare(project, instructions, **own)
    outcome = project.run("apply", "--yes", "--format", "json")
    assert outcome.code == 0, outcome.out + outcome.err
    report: dict[str, Any] = outcome.json
    return report


def told(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(diagnostic["severity"], diagnostic["summary"]) for diagnostic in document["diagnostics"]]


def planned(project: ProjectFolder) -> dict[str, Any]:
    found: dict[str, Any] = project.run("plan", "--format", "json").json
    return found


def listed(project: ProjectFolder) -> dict[str, Any]:
    (found,) = project.run("list", "--format", "json").json["assistants"]
    return {name: found[name] for name in ("version", "traffic", "disabled")}


def endpoint(**shares: int) -> dict[str, Any]:
    return {"version_selector": selector(**shares)}


def test_a_version_that_gets_no_traffic_is_told_of(cloud: ProjectFolder, agents: Foundry) -> None:
    assert told(applied(cloud, "one")) == []
    agents.route("desk", v1=100)
    coming = ("warning", "the new version of desk will get no traffic: 100 % to version 1")
    declare(cloud, "two")
    assert told(planned(cloud)) == [coming]
    assert "will get no traffic" in cloud.run("plan").out
    outcome = applied(cloud, "two")
    assert (told(outcome), outcome["results"][0]["status"]) == ([coming], "ok")
    there = ("warning", "version 2, the newest, of desk gets no traffic: 100 % to version 1")
    plan = planned(cloud)
    assert (told(plan), plan["changes"]) == ([there], [])
    assert listed(cloud) == {"version": "2", "traffic": {"1": 100}, "disabled": False}
    assert "2 (100 % to version 1)" in cloud.run("list").out
    for kind in ("text", "markdown", "html"):
        declare(cloud, kind)
        assert "will get no traffic" in cloud.run("apply", "--yes", "--format", kind).out


def test_what_gets_some_of_it_is_told_as_well(cloud: ProjectFolder, agents: Foundry) -> None:
    applied(cloud, "one")
    agents.route("desk", v1=90, latest=10)
    assert told(planned(cloud)) == []
    text = "the new version of desk will get 10 % of the traffic: 90 % to version 1, 10 % to the newest version"
    assert told(applied(cloud, "two")) == [("info", text)]
    assert listed(cloud)["traffic"] == {"1": 90, "2": 10}


def test_an_agent_that_is_disabled_is_told_of(cloud: ProjectFolder, agents: Foundry) -> None:
    applied(cloud, "one")
    agents.details["desk"] |= {"state": "disabled", "configuration_state": "disabled"}
    disabled = ("warning", "desk is disabled: it answers nobody")
    assert told(applied(cloud, "two")) == [disabled]
    assert listed(cloud)["disabled"] is True
    assert "2 (disabled)" in cloud.run("list").out
    assert told(applied(cloud, "two", state="enabled")) == []
    assert agents.details["desk"]["state"] == "enabled"


def test_an_agent_that_its_identity_disables_is_not_enabled_by_a_manifest(
    cloud: ProjectFolder, agents: Foundry
) -> None:
    applied(cloud, "one", state="enabled")
    agents.details["desk"] |= {"state": "disabled", "state_source": "agent_blueprint"}
    text = "desk is disabled, because of its agent blueprint: it answers nobody"
    assert told(applied(cloud, "two", state="enabled")) == [("warning", text)]
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_traffic_is_pinned_and_kept(cloud: ProjectFolder, agents: Foundry) -> None:
    applied(cloud, "one", agent_endpoint=endpoint(v1=100))
    # What is pinned is no news, until something changes that nobody will see.
    plan = planned(cloud)
    assert (plan["changes"], told(plan)) == ([], [])
    coming = ("warning", "the new version of desk will get no traffic: 100 % to version 1")
    assert told(applied(cloud, "two", agent_endpoint=endpoint(v1=100))) == [coming]
    assert told(planned(cloud)) == []
    assert told(applied(cloud, "two", agent_endpoint=endpoint(v1=75, v2=25))) == []
    assert listed(cloud)["traffic"] == {"1": 75, "2": 25}
    agents.route("desk", v1=100)
    drift = cloud.run("drift", "--format", "json")
    assert drift.code == 2
    drifted = {difference["path"] for difference in drift.json["drift"]}
    assert {path.split(".")[2] for path in drifted} == {"agent_endpoint"}
    assert cloud.run("apply", "--yes").code == 0
    assert agents.details["desk"]["agent_endpoint"]["version_selector"] == selector(v1=75, v2=25)
    assert cloud.run("drift").code == 0
    # Left out again, it is as at the beginning.
    assert told(applied(cloud, "two")) == []
    assert agents.details["desk"]["agent_endpoint"]["version_selector"] == selector(latest=100)
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_all_of_an_endpoint_is_declared(cloud: ProjectFolder, agents: Foundry) -> None:
    whole = {
        **endpoint(latest=100),
        "protocol_configuration": {"responses": {}, "a2a": {}},
        "authorization_schemes": [{"type": "BotServiceRbac"}],
    }
    card = {"version": "1", "skills": [{"id": "s", "name": "S"}]}
    applied(cloud, "one", agent_endpoint=whole, agent_card=card, state="disabled")
    details = agents.details["desk"]
    assert {**details["agent_endpoint"], **whole} == details["agent_endpoint"]
    assert (details["agent_card"], details["state"]) == (card, "disabled")
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    less = {**whole, "protocol_configuration": {"responses": {}}}
    applied(cloud, "one", agent_endpoint=less, state="disabled")
    assert agents.details["desk"]["agent_endpoint"]["protocol_configuration"] == {"responses": {}}
    assert "agent_card" not in agents.details["desk"]
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    assert cloud.run("destroy", "--yes").code == 0


def test_an_endpoint_that_is_refused_leaves_nothing_behind(cloud: ProjectFolder, agents: Foundry) -> None:
    declare(cloud, "one", agent_endpoint=endpoint(v7=100))
    outcome = cloud.run("apply", "--yes")
    assert (outcome.code, agents.agents) == (1, {})
    assert "there is no version 7" in outcome.out
    applied(cloud, "one")
    declare(cloud, "two", agent_endpoint=endpoint(v7=100))
    assert cloud.run("apply", "--yes").code == 1
    assert len(agents.agents["desk"]) == 1
    declare(cloud, "two", agent_endpoint=endpoint(v2=100))
    assert cloud.run("apply", "--yes").code == 0


def test_an_agent_that_cannot_be_taken_back_is_told_of(
    cloud: ProjectFolder, agents: Foundry, server: RecordingServer
) -> None:
    refusal = Answer(403, body=b'{"error": {"code": "forbidden", "message": "Not you."}}')
    server.fault = lambda asked: refusal if asked.method in {"PATCH", "DELETE"} else None
    declare(cloud, "one", agent_endpoint=endpoint(v1=100))
    outcome = cloud.run("apply", "--yes", "--format", "json")
    (result,) = outcome.json["results"]
    assert (outcome.code, result["status"], result["id"]) == (4, "failed", "desk")
    assert "desk was created, and its endpoint and its state are not as declared: Not you." in result["error"]
    server.fault = lambda _: None
    assert cloud.run("apply", "--yes").code == 0
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    assert len(agents.agents) == 1


@pytest.mark.parametrize("status", [400, 500])
def test_traffic_that_was_moved_for_a_version_that_failed_is_told_as_done_in_part(
    cloud: ProjectFolder, server: RecordingServer, status: int
) -> None:
    applied(cloud, "one")
    declare(cloud, "two", agent_endpoint=endpoint(v1=100))
    refusal = Answer(status, body=b'{"error": {"code": "invalid_payload", "message": "No room."}}')
    server.fault = lambda asked: refusal if asked.path.endswith("/versions") and asked.method == "POST" else None
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    assert "was changed, and the rest was not: No room." in " ".join(outcome.out.split())
    server.fault = lambda _: None
    assert cloud.run("apply", "--yes").code == 0
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_traffic_that_was_moved_for_a_version_behind_anothers_is_told_as_done_in_part(
    cloud: ProjectFolder, agents: Foundry, server: RecordingServer
) -> None:
    applied(cloud, "one")
    declare(cloud, "two", agent_endpoint=endpoint(v1=100))

    def meanwhile(asked: Asked) -> None:
        if asked.method == "PATCH":
            agents.edit("desk", instructions="theirs")

    server.fault = meanwhile
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    assert "the endpoint or the state of desk was changed, and the rest was not" in " ".join(outcome.out.split())
    assert agents.latest("desk")["definition"]["instructions"] == "theirs"
    assert agents.details["desk"]["agent_endpoint"]["version_selector"] == selector(v1=100)


def test_an_endpoint_that_does_not_stay_as_it_was_set_fails(cloud: ProjectFolder, server: RecordingServer) -> None:
    applied(cloud, "one")
    declare(cloud, "one", agent_endpoint=endpoint(v1=100))
    body = b'{"object": "agent"}'
    server.fault = lambda asked: Answer(200, body=body) if asked.method == "PATCH" else None
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    assert "agent_endpoint" in outcome.out


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"state": "off"}, "is enabled or disabled"),
        ({"agent_endpoint": {"version_selector": {"rules": []}}}, "rules"),
        ({"agent_endpoint": {"publish_approval_status": "approved"}}, "cannot be set"),
        ({"agent_endpoint": endpoint(v1=100) | {"protocol_configurations": {}}}, "protocol_configuration"),
    ],
)
def test_what_cannot_be_is_told_offline(cloud: ProjectFolder, own: dict[str, Any], words: str) -> None:
    declare(cloud, "one", **own)
    outcome = cloud.run("validate", "-t", "cloud")
    assert outcome.code == 1
    assert words in outcome.out + outcome.err


def test_an_agent_is_written_down_with_what_is_not_as_usual(cloud: ProjectFolder, agents: Foundry) -> None:
    for name in ("plain", "pinned"):
        agents.add_version(name, {"definition": {"kind": "prompt", "model": MODEL}})
    agents.route("pinned", v1=100)
    assert cloud.run("dump").code == 0
    folder = cloud.path / "assistants"
    assert "version_selector" not in (folder / "plain.yaml").read_text()
    assert "agent_version" in (folder / "pinned.yaml").read_text()
    assert cloud.run("plan", "--format", "json").json["summary"]["delete"] == 0


def test_questions_go_to_what_was_applied_whatever_the_traffic(project: ProjectFolder, tmp_path: Path) -> None:
    agents, sessions = Foundry(shelf=tmp_path / "files.db"), FoundryConversations(prefix=f"{PROJECT}/openai/v1")
    sessions.answers = {"ping": ["pong"]}
    with serving(with_routes(sessions.routes(), agents.app())) as running:
        project.use("azure-foundry", running.address + PROJECT)
        applied(project, "one", agent_endpoint=endpoint(v1=100))
        applied(project, "two", agent_endpoint=endpoint(v1=100))
        assert "pong" in project.run("ask", "desk", "ping").out
    assert sessions.versions == ["2"]


def test_a_rollback_leaves_traffic_to_whoever_routes_it(cloud: ProjectFolder, agents: Foundry) -> None:
    applied(cloud, "one")
    agents.route("desk", v1=100)
    applied(cloud, "two")
    last = cloud.run("history", "--format", "json").json["applies"][0]["id"]
    assert cloud.run("rollback", last, "--yes").code == 0
    assert agents.latest("desk")["definition"]["instructions"] == "one"
    declare(cloud, "one")
    assert planned(cloud)["changes"] == []
    assert agents.details["desk"]["agent_endpoint"]["version_selector"] == selector(v1=100)


def test_a_rollback_sends_traffic_back(cloud: ProjectFolder, agents: Foundry) -> None:
    applied(cloud, "one", agent_endpoint=endpoint(v1=100))
    applied(cloud, "one", agent_endpoint=endpoint(latest=100))
    last = cloud.run("history", "--format", "json").json["applies"][0]["id"]
    assert cloud.run("rollback", last, "--yes").code == 0
    assert agents.details["desk"]["agent_endpoint"]["version_selector"] == selector(v1=100)
