"""What the vendors' error codes mean for a request: looked up, sent again, waited for, or given up at once."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest
from anthropic._error_classes import ERROR_CLASSES

from assistctl.platforms.anthropic.wire import ERRORS
from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer

MODEL = "claude-opus-5-5"


def test_every_code_that_says_more_than_its_status_has_a_meaning() -> None:
    told = {code for status, code in ERROR_CLASSES if code is not None and status >= HTTPStatus.TOO_MANY_REQUESTS}
    assert set(ERRORS) == told


@pytest.fixture
def cloud(cloud: ProjectFolder) -> ProjectFolder:
    """The project with an agent."""
    cloud.manifest("desk", model=MODEL)
    return cloud


def refusal(status: int, code: str, *, after: bool = False) -> Answer:
    error = {"type": "api_error", "message": "Not now.", "details": {"error_code": code}}
    return Answer(status, json.dumps({"type": "error", "error": error}).encode(), after=after)


def once(server: RecordingServer, answer: Answer, path: str = "/v1/agents") -> None:
    """Answer the first change of what is at ``path`` like that."""
    answers = [answer]

    def fault(asked: Asked) -> Answer | None:
        return answers.pop() if answers and asked.method == "POST" and asked.path.startswith(path) else None

    server.fault = fault


@pytest.mark.parametrize("is_done", [True, False])
def test_a_create_of_unknown_outcome_is_looked_up_and_finished(
    cloud: ProjectFolder, server: RecordingServer, agents: ManagedAgents, *, is_done: bool
) -> None:
    once(server, refusal(503, "change_outcome_unknown", after=is_done))
    assert cloud.run("apply", "--yes").code == 0
    assert len(agents.agents) == 1
    assert len(server.mutations) == (1 if is_done else 2)
    assert cloud.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("is_done", [True, False])
def test_an_update_of_unknown_outcome_is_looked_up_and_finished(
    cloud: ProjectFolder, server: RecordingServer, agents: ManagedAgents, *, is_done: bool
) -> None:
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="Be brief.")
    once(server, refusal(503, "change_outcome_unknown", after=is_done), "/v1/agents/")
    assert cloud.run("apply", "--yes").code == 0
    (agent,) = agents.agents.values()
    assert (agent["system"], agent["version"]) == ("Be brief.", 2)


def test_an_archive_of_unknown_outcome_is_sent_again(
    cloud: ProjectFolder, server: RecordingServer, agents: ManagedAgents
) -> None:
    assert cloud.run("apply", "--yes").code == 0
    once(server, refusal(503, "change_outcome_unknown", after=True), "/v1/agents/")
    assert cloud.run("destroy", "--yes").code == 0
    assert [agent["archived_at"] is not None for agent in agents.agents.values()] == [True]


def test_an_outcome_that_stays_unknown_is_told(cloud: ProjectFolder, server: RecordingServer) -> None:
    unknown = refusal(503, "change_outcome_unknown")
    server.fault = lambda asked: unknown if asked.method == "POST" else None
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 4
    assert len(server.mutations) == 2
    server.fault = lambda _: None
    assert cloud.run("apply", "--yes").code == 0


def test_a_create_that_was_not_begun_is_sent_again(
    cloud: ProjectFolder, server: RecordingServer, agents: ManagedAgents
) -> None:
    once(server, refusal(503, "authorization_check_unavailable"))
    assert cloud.run("apply", "--yes").code == 0
    assert len(agents.agents) == 1


@pytest.mark.parametrize("code", ["contract_spend_limit_reached", "enforced_spend_limit_reached"])
def test_a_spend_limit_is_told_at_once(cloud: ProjectFolder, server: RecordingServer, code: str) -> None:
    server.fault = lambda _: refusal(429, code)
    outcome = cloud.run("plan")
    assert outcome.code == 1
    assert "waiting does not help" in outcome.err
    paths = [asked.path for asked in server.asked]
    assert sorted(paths) == sorted({*paths})  # agents and models, each once


def test_a_ramp_limit_is_waited_for(cloud: ProjectFolder, server: RecordingServer) -> None:
    once(server, refusal(429, "ramp_limit_exceeded"))
    assert cloud.run("apply", "--yes").code == 0
