"""Managed agents through the command, over HTTP: versions, archives, patches, and what is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.managed_agents import BETA, ManagedAgents
from support.projects import ProjectFolder, nothing_to_do
from support.python_process import started_code
from support.server import Answer, Asked, RecordingServer

MODEL = "claude-opus-5-5"
TOOLSET = {"type": "agent_toolset_20260401"}


def only(agents: ManagedAgents) -> dict[str, Any]:
    (agent,) = agents.agents.values()
    return agent


def first_update(server: RecordingServer, act: Callable[[str], object]) -> None:
    """Do something just before the first update is carried out, with the agent's id."""
    done: list[str] = []

    def fault(asked: Asked) -> None:
        if asked.method == "POST" and asked.path.startswith("/v1/agents/") and not done:
            done.append(asked.path)
            act(asked.path.rpartition("/")[2])

    server.fault = fault


def test_what_is_declared_is_there(cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer) -> None:
    cloud.manifest(
        "desk",
        model=MODEL,
        instructions="Be brief.",
        reasoning_effort="low",
        platforms={"anthropic-agents": {"tools": [TOOLSET], "speed": "fast", "skills": [custom_skill()]}},
    )
    assert cloud.run("apply", "--yes").code == 0
    agent = only(agents)
    assert agent["system"] == "Be brief."
    assert agent["model"] == {"id": MODEL, "effort": {"type": "low"}, "speed": "fast", "inference_geo": None}
    assert agent["tools"][0]["default_config"]["enabled"] is True
    nothing_to_do(cloud)
    assert {asked.headers["anthropic-beta"] for asked in server.asked} == {BETA}


def custom_skill() -> dict[str, str]:
    return {"type": "custom", "skill_id": "skill_1"}


def test_a_new_model_takes_nothing_along(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    cloud.manifest("desk", model=MODEL)
    assert cloud.run("apply", "--yes").code == 0
    agents.edit(only(agents)["id"], model={"id": MODEL, "effort": "max", "speed": "fast"})
    cloud.manifest("desk", model="claude-haiku-5-5")
    assert cloud.run("apply", "--yes").code == 0
    assert only(agents)["model"]["effort"] == {"type": "high"}
    assert only(agents)["model"]["speed"] == "standard"


def test_a_pair_that_is_dropped_is_sent_as_null(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL, metadata={"a": "1", "b": "2"})
    assert cloud.run("apply", "--yes").code == 0
    agents.edit(only(agents)["id"], metadata={"theirs": "3"})
    cloud.manifest("desk", model=MODEL, metadata={"a": "1"})
    server.clear()
    assert cloud.run("apply", "--yes").code == 0
    (update,) = server.mutations
    assert update.body["metadata"]["b"] is None
    assert {key for key in only(agents)["metadata"] if not key.startswith("assistctl")} == {"a", "theirs"}


def test_agents_are_archived_and_the_plan_says_so(cloud: ProjectFolder, agents: ManagedAgents) -> None:
    cloud.manifest("desk", model=MODEL)
    assert cloud.run("apply", "--yes").code == 0
    cloud.remove("desk")
    assert "archives" in cloud.run("plan").out
    assert cloud.run("apply", "--yes", "--allow-deletes").code == 0
    assert only(agents)["archived_at"] is not None
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_a_conflict_that_does_not_matter_is_planned_again(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="two")
    first_update(server, lambda agent: agents.edit(agent, skills=[custom_skill()], metadata={"theirs": "1"}))
    outcome = cloud.run("apply", "--yes", "--format", "json")
    assert outcome.code == 0
    assert outcome.json["results"][0]["status"] == "ok"
    agent = only(agents)
    assert (agent["system"], agent["skills"][0]["skill_id"]) == ("two", "skill_1")
    assert (agent["version"], agent["metadata"]["theirs"]) == (3, "1")
    assert cloud.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"system": "theirs"}, "the change is now a different one (instructions)"),
        ({"model": "claude-haiku-5-5"}, "the change is now a different one (model)"),
        ({"system": "two"}, "nothing is left to do"),
    ],
)
def test_a_conflict_that_matters_fails_and_says_so(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer, edit: dict[str, Any], words: str
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="two")
    first_update(server, lambda agent: agents.edit(agent, **edit))
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert words in " ".join((outcome.out + outcome.err).split())
    agent = only(agents)
    assert agent["version"] == 2
    assert cloud.run("apply", "--yes").code == 0
    assert only(agents)["system"] == "two"
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_two_conflicts_are_one_too_many(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="two")
    agent_id = only(agents)["id"]

    def fault(asked: Asked) -> None:
        if asked.method == "POST":
            agents.edit(agent_id, description=str(len(server.asked)))

    server.fault = fault
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert "is at version" in outcome.out
    assert only(agents)["system"] == "one"


@pytest.mark.parametrize("after", [True, False])
def test_an_update_whose_answer_is_lost(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer, after: bool
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="two")
    server.fault = lambda asked: Answer(500, after=after) if asked.method == "POST" else None
    assert cloud.run("apply", "--yes").code == (0 if after else 1)
    server.fault = lambda _: None
    assert only(agents)["version"] == (2 if after else 1)
    assert cloud.run("apply", "--yes").code == 0
    assert (only(agents)["system"], only(agents)["version"]) == ("two", 2)


def test_a_create_whose_answer_is_lost_makes_no_twin(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL)
    server.fault = lambda asked: Answer(500, after=True) if asked.path == "/v1/agents" and asked.body else None
    assert cloud.run("apply", "--yes").code == 0
    assert len(agents.agents) == 1


def test_what_it_refuses_is_told_in_its_words(cloud: ProjectFolder) -> None:
    cloud.manifest("desk", model=MODEL, platforms={"anthropic-agents": {"tools": [{"type": "custom"}]}})
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert "tools" in outcome.out
    assert "HTTP 400" in outcome.out


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"temperature": 0.2}, "anthropic-agents cannot express temperature"),
        ({"tools": [{"type": "file_search"}]}, "anthropic-agents cannot express tools[file_search]"),
        ({"response_format": {"type": "json_object"}}, "anthropic-agents cannot express response_format"),
        ({"reasoning_effort": "minimal"}, "anthropic-agents has no effort minimal"),
    ],
)
def test_what_cannot_be_expressed_is_an_error_with_its_place(
    cloud: ProjectFolder, fields: dict[str, Any], words: str
) -> None:
    cloud.manifest("desk", model=MODEL, **fields)
    planned = cloud.run("plan", "--format", "json")
    (error,) = (diagnostic for diagnostic in planned.json["diagnostics"] if diagnostic["severity"] == "error")
    assert error["summary"] == words
    assert error["detail"]
    assert error["file"] == "assistants/desk.yaml"
    assert error["line"] >= 1
    assert cloud.run("apply", "--yes").code == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{platform: anthropic-agents, base_url: 'https://api.example.com'}", "there is no API key"),
        ("{platform: anthropic-agents, base_url: 'nowhere'}", "is not an http(s) address"),
        ("{platform: anthropic-agents, base_url: 'http://127.0.0.1:9', api_key: \"a\\nb\"}", "no key has"),
        ("{platform: anthropic-agents, base_url: 'http://127.0.0.1:9'}", "no connection to"),
    ],
)
def test_settings_that_cannot_be_used(project: ProjectFolder, settings: str, words: str) -> None:
    project.write("assistctl.yaml", f"project: acme\ntargets:\n  cloud: {settings}\n")
    project.manifest("desk", model=MODEL)
    outcome = project.run("plan", "-t", "cloud")
    assert outcome.code == 1
    assert words in outcome.err


def test_without_the_package_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistctl.yaml").write_text(
        "project: acme\ntargets:\n  cloud: {platform: anthropic-agents, api_key: k}\n"
    )
    code = (
        "import sys; sys.modules['anthropic'] = None\n"
        "from assistctl.cli.main import run\n"
        f"sys.exit(run(['-C', {str(tmp_path)!r}, 'plan', '-t', 'cloud']))"
    )
    process = started_code(code)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "pip install 'assistctl[anthropic]'" in said
    assert "Traceback" not in said
