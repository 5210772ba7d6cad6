"""Mistral's agents through the command: what is sent, versions, conflicts, and answers with less or more."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder, applied, settled
from support.python_process import started_code
from support.server import Answer, Asked, RecordingServer

MODEL, NAME = "mistral-medium-latest", "mistral-agents"
SCHEMA = {
    "name": "verdict",
    "schema": {"type": "object", "properties": {"ok": {"type": "boolean"}}},
    "strict": True,
}
FUNCTION = {"type": "function", "function": {"name": "look", "description": "Looks.", "strict": True}}
RICH: dict[str, Any] = {
    "name": "Order desk",
    "description": "Answers questions.",
    "instructions": "Be brief.",
    "temperature": 0.2,
    "top_p": 0.9,
    "reasoning_effort": "high",
    "response_format": {"type": "json_schema", "json_schema": SCHEMA},
    "tools": [FUNCTION, {"type": "code_interpreter"}],
    "metadata": {"team": "support"},
    "platforms": {
        NAME: {
            "max_tokens": 500,
            "stop": ["END"],
            "guardrails": [{"block_on_error": True}],
            "tools": [{"type": "document_library", "library_ids": ["lib_1"]}, {"type": "web_search"}],
        }
    },
}


def only(agents: MistralAgents) -> dict[str, Any]:
    (agent,) = agents.all()
    return agent


def test_all_of_an_agent_is_sent_and_taken_back(cloud: ProjectFolder, agents: MistralAgents) -> None:
    cloud.manifest("desk", model=MODEL, **RICH)
    settled(cloud)
    agent = only(agents)
    arguments = agent["completion_args"]
    assert (agent["name"], agent["description"], agent["instructions"]) == (
        "Order desk",
        "Answers questions.",
        "Be brief.",
    )
    assert [arguments[name] for name in ("temperature", "top_p", "reasoning_effort", "max_tokens", "stop")] == [
        0.2,
        0.9,
        "high",
        500,
        ["END"],
    ]
    assert arguments["response_format"] == {"type": "json_schema", "json_schema": SCHEMA}
    assert [tool["type"] for tool in agent["tools"]] == [
        "function",
        "code_interpreter",
        "document_library",
        "web_search",
    ]
    assert agent["tools"][0]["function"]["strict"] is True
    cloud.manifest("desk", model=MODEL)
    settled(cloud)
    agent = only(agents)
    assert {name: value for name, value in agent["completion_args"].items() if value is not None} == {
        "tool_choice": "auto"
    }
    assert (agent["description"], agent["instructions"], agent["tools"]) == (None, None, [])
    assert "team" not in agent["metadata"]
    assert cloud.run("destroy", "--yes").code == 0
    assert agents.agents == {}


@pytest.mark.parametrize("merges", [True, False])
def test_whether_or_not_updates_merge(cloud: ProjectFolder, agents: MistralAgents, merges: bool) -> None:
    agents.merges = merges
    cloud.manifest("desk", model=MODEL, temperature=0.2, metadata={"a": "1", "b": "2"})
    applied(cloud)
    cloud.manifest("desk", model=MODEL, top_p=0.5, metadata={"b": "3"})
    settled(cloud)
    agent = only(agents)
    assert (agent["completion_args"]["temperature"], agent["completion_args"]["top_p"]) == (None, 0.5)
    assert (agent["metadata"].get("a"), agent["metadata"]["b"]) == (None, "3")


def test_a_pair_that_cannot_be_taken_out_is_told(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    agents.merges = True
    cloud.manifest("desk", model=MODEL, metadata={"a": "1"})
    applied(cloud)
    cloud.manifest("desk", model=MODEL)
    server.clear()

    def second(_: Asked) -> Answer | None:
        patches = [asked for asked in server.asked if asked.method == "PATCH"]
        return Answer(403, b'{"detail": "Forbidden"}') if len(patches) == 2 else None

    server.fault = second
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    words = " ".join(outcome.out.split())
    assert "was changed, and still has a in its metadata: Forbidden" in words
    assert "Take that out there: no apply will." in words
    server.fault = lambda _: None
    settled(cloud)
    assert only(agents)["metadata"]["a"] == "1"


def test_a_change_of_one_argument_leaves_those_of_others(cloud: ProjectFolder, agents: MistralAgents) -> None:
    cloud.manifest("desk", model=MODEL, temperature=0.2)
    applied(cloud)
    agent = only(agents)
    agents.edit(
        agent["id"],
        completion_args={**agent["completion_args"], "max_tokens": 9},
        metadata={**agent["metadata"], "seen": {"by": ["them", 1]}, "count": 3},
    )
    cloud.manifest("desk", model=MODEL, temperature=0.3)
    settled(cloud)
    agent = only(agents)
    assert (agent["completion_args"]["temperature"], agent["completion_args"]["max_tokens"]) == (0.3, 9)
    assert (agent["metadata"]["seen"], agent["metadata"]["count"]) == ({"by": ["them", 1]}, 3)


def test_drift_is_told_and_put_right(cloud: ProjectFolder, agents: MistralAgents) -> None:
    cloud.manifest("desk", model=MODEL, **RICH)
    applied(cloud)
    agents.edit(only(agents)["id"], instructions="Theirs.", tools=[])
    drifted = cloud.run("drift", "--format", "json")
    assert drifted.code == 2
    assert "instructions" in [drift["path"] for drift in drifted.json["drift"]]
    settled(cloud)
    assert only(agents)["instructions"] == "Be brief."


def test_a_switch_to_an_older_version_is_drift(cloud: ProjectFolder, agents: MistralAgents) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    applied(cloud)
    cloud.manifest("desk", model=MODEL, instructions="two")
    applied(cloud)
    agent_id = only(agents)["id"]
    agents.current[agent_id] = 0
    assert cloud.run("plan", "--detailed-exitcode").code == 2
    settled(cloud)
    assert (only(agents)["instructions"], only(agents)["versions"]) == ("two", [0, 1, 2])


def test_the_version_is_listed(cloud: ProjectFolder, agents: MistralAgents) -> None:
    for instructions in ("one", "two"):
        cloud.manifest("desk", model=MODEL, instructions=instructions)
        applied(cloud)
    (listed,) = cloud.run("list", "--format", "json").json["assistants"]
    assert listed["version"] == str(only(agents)["version"]) == "1"
    assert cloud.run("list", "--format", "tsv").out.splitlines()[0].split("\t")[2].lower() == "version"


def first_patch(server: RecordingServer, act: Callable[[], object]) -> None:
    """Do that behind the back of the first update, once it was looked at what is there."""
    waiting = [act]

    def fault(asked: Asked) -> Answer | None:
        if asked.method == "PATCH" and waiting:
            waiting.pop()()
        return None

    server.fault = fault


def test_a_version_of_somebody_else_meanwhile_stays(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    applied(cloud)
    cloud.manifest("desk", model=MODEL, instructions="two")
    agent_id = only(agents)["id"]
    first_patch(server, lambda: agents.edit(agent_id, description="theirs"))
    assert cloud.run("apply", "--yes").code == 0
    agent = only(agents)
    # Ours was taken back, theirs looked at, and ours made on top of it.
    assert (agent["instructions"], agent["description"], agent["versions"]) == ("two", "theirs", [0, 1, 2, 3])


def test_two_versions_of_somebody_else_are_one_too_many(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    applied(cloud)
    cloud.manifest("desk", model=MODEL, instructions="two")
    agent_id = only(agents)["id"]

    def fault(asked: Asked) -> None:
        if asked.method == "PATCH" and not asked.path.endswith("/version"):
            agents.edit(agent_id, description=str(len(server.asked)))

    server.fault = fault
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert "is at version" in outcome.out
    assert only(agents)["instructions"] == "one"


@pytest.mark.parametrize("after", [True, False])
def test_an_update_whose_answer_is_lost(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer, after: bool
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    applied(cloud)
    cloud.manifest("desk", model=MODEL, instructions="two")
    server.fault = lambda asked: Answer(500, after=after) if asked.method == "PATCH" else None
    assert cloud.run("apply", "--yes").code == (0 if after else 1)
    server.fault = lambda _: None
    settled(cloud)
    assert (only(agents)["instructions"], only(agents)["version"]) == ("two", 1)


def test_a_create_whose_answer_is_lost_makes_no_twin(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL)
    server.fault = lambda asked: Answer(500, after=True) if asked.method == "POST" else None
    assert cloud.run("apply", "--yes").code == 0
    assert len(agents.agents) == 1


def test_what_it_refuses_is_told_in_its_words(cloud: ProjectFolder) -> None:
    own = {"handoffs": ["ag_nobody"]}
    cloud.manifest("desk", model=MODEL, platforms={NAME: own})
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert "Agent ag_nobody not found." in outcome.out
    assert "HTTP 404" in outcome.out


@pytest.mark.parametrize(
    ("place", "told"), [(b'["body", "model"]', "body.model: no such model"), (b"7", "no such model")]
)
def test_a_problem_of_the_request_is_told_with_its_place(
    cloud: ProjectFolder, server: RecordingServer, place: bytes, told: str
) -> None:
    detail = b'{"detail": [{"type": "value_error", "loc": %s, "msg": "no such model"}]}' % place
    server.fault = lambda asked: Answer(422, detail) if asked.method == "POST" else None
    cloud.manifest("desk", model=MODEL)
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert f"failed: create {told} (HTTP 422" in " ".join(outcome.out.split())


@pytest.mark.parametrize("fields", [{"tools": [{"type": "file_search"}]}, {"tools": [{"type": "mcp"}]}])
def test_what_cannot_be_expressed_says_the_way_on(cloud: ProjectFolder, fields: dict[str, Any]) -> None:
    if fields["tools"][0]["type"] == "mcp":
        cloud.write("assistants/orders.yaml", "kind: mcp_server\nurl: https://mcp.example.com/orders\n")
        fields = {"tools": [{"type": "mcp", "server": "orders"}]}
    cloud.manifest("desk", model=MODEL, **fields)
    errors = [
        diagnostic
        for diagnostic in cloud.run("plan", "--format", "json").json["diagnostics"]
        if diagnostic["severity"] == "error"
    ]
    assert errors
    assert all(f"under platforms.{NAME}.tools" in error["detail"] for error in errors)
    assert cloud.run("apply", "--yes").code == 1


NEW_TOOL = {"type": "telepathy", "range": {"km": 3}}


def test_answers_with_what_nobody_knows_yet(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    def told(_: Asked, status: int, payload: Any) -> Any:
        changed = copy.deepcopy(payload)
        for agent in changed.get("data", [changed]) if status == 200 else ():
            if agent.get("object") == "agent":
                agent |= {"source": "dreams", "mood": "new", "owner_id": None}
                agent["completion_args"] |= {"tool_choice": "perhaps", "verve": 3}
        return changed

    server.tell = told
    cloud.manifest("desk", model=MODEL, **RICH)
    settled(cloud)
    server.tell = None
    agents.fills_in = False
    settled(cloud)


def test_somebody_elses_tools_of_unknown_types_are_kept(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer
) -> None:
    def told(asked: Asked, _: int, payload: Any) -> Any:
        for agent in payload["data"] if asked.path.endswith("/pages") else ():
            agent["tools"] = [*(agent.get("tools") or []), NEW_TOOL]
        return payload

    server.tell = told
    agents.add(name="Theirs", tools=[{"type": "web_search"}])
    assert cloud.run("dump").code == 0
    assert "telepathy" in (cloud.path / "assistants/theirs.yaml").read_text()


@pytest.mark.parametrize(
    "parts", [("versions", "tools", "created_at"), ("completion_args", "metadata", "handoffs")]
)
def test_optional_parts_may_be_missing(
    cloud: ProjectFolder, agents: MistralAgents, server: RecordingServer, parts: tuple[str, ...]
) -> None:
    agents.add(name="Theirs")

    def told(_: Asked, status: int, payload: Any) -> Any:
        changed = copy.deepcopy(payload)
        for agent in changed.get("data", [changed]) if status == 200 else ():
            for part in parts:
                if part != "metadata" or not agent.get("metadata"):
                    agent.pop(part, None)
        return changed

    server.tell = told
    cloud.manifest("desk", model=MODEL, instructions="one")
    settled(cloud)
    cloud.manifest("desk", model=MODEL, instructions="two")
    settled(cloud)


def test_agents_hand_off_to_others_by_key(cloud: ProjectFolder, agents: MistralAgents) -> None:
    cloud.manifest("boss", model=MODEL, platforms={NAME: {"handoffs": [{"assistant": "refunds"}]}})
    cloud.manifest("refunds", model=MODEL, instructions="Give it back.")
    settled(cloud)
    by_name = {agent["name"]: agent for agent in agents.all()}
    assert by_name["boss"]["handoffs"] == [by_name["refunds"]["id"]]
    cloud.manifest(
        "boss", model=MODEL, instructions="New.", platforms={NAME: {"handoffs": [{"assistant": "refunds"}]}}
    )
    applied(cloud)
    assert {agent["instructions"] for agent in agents.all() if agent["name"] == "boss"} == {"New."}
    cloud.manifest("refunds", model=MODEL, instructions="Give all of it back.")
    applied(cloud)
    (cloud.path / "assistants/refunds.yaml").unlink()
    assert cloud.run("apply", "--yes").code == 1
    assert len(agents.agents) == 2
    cloud.manifest("boss", model=MODEL)
    settled(cloud)
    assert [agent["name"] for agent in agents.all()] == ["boss"]


def test_nobody_is_deleted_whom_somebody_elses_agent_names(cloud: ProjectFolder, agents: MistralAgents) -> None:
    cloud.manifest("desk", model=MODEL)
    cloud.manifest("other", model=MODEL)
    applied(cloud)
    desk = next(agent for agent in agents.all() if agent["name"] == "desk")
    theirs = agents.add(name="Theirs", handoffs=[desk["id"]])
    cloud.remove("desk")
    assert "names" in cloud.run("apply", "--yes").out
    assert desk["id"] in agents.agents
    agents.edit(theirs["id"], handoffs=[])
    settled(cloud)
    assert desk["id"] not in agents.agents


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{platform: mistral-agents, base_url: 'https://api.example.com'}", "there is no API key"),
        ("{platform: mistral-agents, base_url: 'nowhere'}", "is not an http(s) address"),
        ("{platform: mistral-agents, base_url: 'http://127.0.0.1:9', api_key: \"a\\nb\"}", "no key has"),
        ("{platform: mistral-agents, base_url: 'http://127.0.0.1:9'}", "no connection to"),
    ],
)
def test_settings_that_cannot_be_used(project: ProjectFolder, settings: str, words: str) -> None:
    project.write("assistctl.yaml", f"project: acme\ntargets:\n  cloud: {settings}\n")
    project.manifest("desk", model=MODEL)
    outcome = project.run("plan", "-t", "cloud")
    assert outcome.code == 1
    assert words in outcome.err


def test_a_name_for_the_server_goes_along(cloud: ProjectFolder, server: RecordingServer) -> None:
    text = (cloud.path / "assistctl.yaml").read_text()
    options = 'options: {default_headers: {User-Agent: "acme-bot", X-Team: a}}'
    cloud.write("assistctl.yaml", text.replace("api_key: test-key", f"api_key: test-key, {options}"))
    assert cloud.run("list").code == 0
    headers = server.asked[0].headers
    assert headers["user-agent"].startswith("mistral-client-python/")
    assert headers["user-agent"].endswith(" acme-bot")
    assert (headers["x-team"], headers["authorization"]) == ("a", "Bearer test-key")


def test_without_the_package_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistctl.yaml").write_text(
        "project: acme\ntargets:\n  cloud: {platform: mistral-agents, api_key: k}\n"
    )
    code = (
        "import sys; sys.modules['mistralai'] = None\n"
        "from assistctl.cli.main import run\n"
        f"sys.exit(run(['-C', {str(tmp_path)!r}, 'plan', '-t', 'cloud']))"
    )
    process = started_code(code)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "pip install 'assistctl[mistral]'" in said
    assert "needs the package mistralai" in said
    assert "Traceback" not in said
