"""Who answers, who one is without a key, which models end, and what refusals mean, with Mistral's agents."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from assistctl.model import model_catalog
from assistctl.platforms.http.error_meanings import ErrorMeaning
from assistctl.platforms.mistral.wire import ERRORS, code_in
from support.mistral_agents import ORGANIZATION, WORKSPACE, MistralAgents
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer

MODEL = "mistral-medium-latest"


@pytest.fixture
def cloud(cloud: ProjectFolder) -> ProjectFolder:
    """The project with an agent."""
    cloud.manifest("desk", model=MODEL)
    return cloud


def pin(project: ProjectFolder, account: str) -> None:
    text = (project.path / "assistctl.yaml").read_text()
    project.write("assistctl.yaml", text.replace("api_key: test-key", f"api_key: test-key, account: {account}"))


@pytest.mark.parametrize("account", [ORGANIZATION, WORKSPACE])
def test_the_pinned_account_goes_through(cloud: ProjectFolder, account: str) -> None:
    pin(cloud, account)
    assert cloud.run("apply", "--yes").code == 0


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("destroy", "--yes"), ("drift",), ("list",)])
def test_another_account_is_refused(
    cloud: ProjectFolder, server: RecordingServer, command: tuple[str, ...]
) -> None:
    pin(cloud, "org-theirs")
    outcome = cloud.run(*command)
    assert outcome.code == 3
    assert "org-theirs" in outcome.err
    assert ORGANIZATION in outcome.err
    assert [asked.path for asked in server.asked] == ["/v1/whoami"]


def test_the_first_apply_says_what_to_pin(cloud: ProjectFolder, server: RecordingServer) -> None:
    told = cloud.run("apply", "--yes", "--format", "json").json["diagnostics"]
    (offered,) = [diagnostic for diagnostic in told if "not pinned" in diagnostic["summary"]]
    assert f"`account: {ORGANIZATION}`" in offered["detail"]
    assert [asked.path for asked in server.asked].count("/v1/whoami") == 1


def test_a_server_that_does_not_say_is_refused_too(cloud: ProjectFolder, server: RecordingServer) -> None:
    pin(cloud, ORGANIZATION)
    server.fault = lambda asked: Answer(404, b"{}") if asked.path == "/v1/whoami" else None
    outcome = cloud.run("plan")
    assert outcome.code == 3
    assert {asked.path for asked in server.asked} == {"/v1/whoami"}


def test_the_token_of_a_service_account_is_read_for_each_request(
    cloud: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (cloud.path / "assistctl.yaml").read_text()
    cloud.write("assistctl.yaml", text.replace(", api_key: test-key", ""))
    token = tmp_path / "token"
    monkeypatch.setenv("MISTRAL_SA_TOKEN_PATH", str(token))
    assert "cannot be read" in cloud.run("list").err
    token.write_text("")
    assert "there is no token in" in cloud.run("list").err
    token.write_text("first-token-of-it\n")
    assert cloud.run("list").code == 0
    token.write_text("second-token-of-it\n")
    assert cloud.run("apply", "--yes").code == 0
    keys = [asked.headers["authorization"] for asked in server.asked]
    assert (keys[0], keys[-1]) == ("Bearer first-token-of-it", "Bearer second-token-of-it")


def card(name: str, **more: Any) -> dict[str, Any]:
    """A model as the list has it."""
    abilities = dict.fromkeys(("completion_chat", "function_calling", "completion_fim"), True)
    return {"id": name, "object": "model", "type": "base", "capabilities": abilities, **more}


def test_retirements_are_those_of_its_list(
    cloud: ProjectFolder, agents: MistralAgents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_catalog, "today", lambda: dt.date(2026, 11, 26))
    agents.models = [
        card(MODEL, aliases=["mistral-medium"]),
        card("mistral-old-2501", aliases=["mistral-old-latest"], deprecation="2026-12-20T12:00:00Z"),
        card("mistral-gone-2401", deprecation="2026-11-01T12:00:00Z", deprecation_replacement_model=MODEL),
        {**card("mistral-new-2701"), "type": "dreamt"},
    ]
    names = {
        "alias": "mistral-old-latest",
        "gone": "mistral-gone-2401",
        "new": "mistral-new-2701",
        "odd": "nobody",
    }
    for key, model in names.items():
        cloud.manifest(key, model=model)
    told = {
        diagnostic["key"]: diagnostic["summary"]
        for diagnostic in cloud.run("plan", "--format", "json").json["diagnostics"]
        if diagnostic["path"] == "model"
    }
    assert sorted(told) == ["alias", "gone", "odd"]
    assert "will be shut down on 2026-12-20" in told["alias"]
    assert "was shut down on 2026-11-01" in told["gone"]
    assert "does not list" in told["odd"]
    assert "2026-12-20" in cloud.run("models").out


def test_a_warning_of_the_sdk_about_a_model_breaks_nothing(cloud: ProjectFolder, server: RecordingServer) -> None:
    headers = ((b"content-type", b"application/json"), (b"x-model-deprecation-timestamp", b"2026-12-20"))
    empty = Answer(200, b'{"object": "list", "data": []}', headers=headers)
    server.fault = lambda asked: empty if asked.path.endswith("/pages") else None
    assert cloud.run("plan").code == 0


REPORTED = {
    "rate_limited": (429, "1300", ErrorMeaning.AS_STATUS),
    "service_tier_capacity_exceeded": (429, "3505", ErrorMeaning.THROTTLED),
}


def refusal(kind: str, status: int, *, after: bool = False) -> Answer:
    _, code, _ = REPORTED[kind]
    body = {"object": "error", "message": "Not now.", "type": kind, "param": None, "code": code}
    headers = ((b"content-type", b"application/json"), (b"retry-after", b"0"))
    return Answer(status, json.dumps(body).encode(), after=after, headers=headers)


def test_every_code_that_was_reported_has_a_meaning() -> None:
    assert {kind: meaning for kind, (_, _, meaning) in REPORTED.items()} == dict(ERRORS)
    for kind, (status, _, _) in REPORTED.items():
        assert code_in(json.loads(refusal(kind, status).body)) == kind
    assert code_in({"detail": "Unauthorized"}) == ""


@pytest.mark.parametrize(
    ("kind", "status"),
    [("rate_limited", 429), ("service_tier_capacity_exceeded", 429), ("service_tier_capacity_exceeded", 503)],
)
def test_what_was_not_taken_is_sent_again(
    cloud: ProjectFolder, server: RecordingServer, agents: MistralAgents, *, kind: str, status: int
) -> None:
    refusals = dict.fromkeys(("POST", "PATCH", "DELETE"), refusal(kind, status))

    def fault(asked: Asked) -> Answer | None:
        return refusals.pop(asked.method, None)

    server.fault = fault
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="Be brief.")
    assert cloud.run("apply", "--yes").code == 0
    assert [agent["version"] for agent in agents.all()] == [1]
    assert cloud.run("destroy", "--yes").code == 0
    assert (agents.agents, refusals) == ({}, {})


def test_a_wrong_key_is_told_as_such(cloud: ProjectFolder, server: RecordingServer) -> None:
    server.fault = lambda _: Answer(401, b'{"detail": "Unauthorized"}')
    outcome = cloud.run("plan")
    assert outcome.code == 1
    assert "Unauthorized (HTTP 401" in outcome.err
    assert "MISTRAL_API_KEY" in outcome.err
