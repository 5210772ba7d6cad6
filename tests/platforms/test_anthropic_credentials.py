"""Anthropic without an API key: tokens, workload identity federation and profiles, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.server import Answer, RecordingServer, serving

MODEL = "claude-opus-5-5"
FEDERATION = {
    "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1",
    "ANTHROPIC_ORGANIZATION_ID": "11111111-2222-3333-4444-555555555555",
    "ANTHROPIC_SERVICE_ACCOUNT_ID": "svac_1",
}


async def exchange(request: Request) -> JSONResponse:
    sent = json.loads(await request.body())
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    return JSONResponse(
        {"access_token": f"minted-for-{sent['assertion']}", "token_type": "Bearer", "expires_in": 600}
    )


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    token = Route("/v1/oauth/token", exchange, methods=["POST"])
    with serving(Starlette(routes=[token, Mount("/", ManagedAgents().app())])) as running:
        yield running


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project whose one target is that server, without a key."""
    address = server.url.removesuffix("/v1")
    project.write(
        "assistctl.yaml",
        f"project: acme\ndefault_target: it\ntargets:\n"
        f"  it: {{platform: anthropic-agents, base_url: '{address}'}}\n",
    )
    project.manifest("desk", model=MODEL)
    return project


def bearers(server: RecordingServer) -> set[str]:
    asked = (request for request in server.asked if request.path.startswith("/v1/agents"))
    return {request.headers["authorization"].removeprefix("Bearer ") for request in asked}


def test_a_bearer_token(cloud: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "a-bearer-token")
    assert cloud.run("apply", "--yes").code == 0
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    assert bearers(server) == {"a-bearer-token"}


def test_a_bearer_token_of_the_env_file(cloud: ProjectFolder, server: RecordingServer) -> None:
    cloud.write(".env", "ANTHROPIC_AUTH_TOKEN=a-bearer-token\n")
    assert cloud.run("plan").code == 0
    assert bearers(server) == {"a-bearer-token"}


def test_a_key_wins(cloud: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "a-bearer-token")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key")
    assert cloud.run("plan").code == 0
    assert bearers(server) == {"a-key"}


@pytest.mark.parametrize("is_file", [True, False], ids=["a file", "a variable"])
def test_workload_identity(
    cloud: ProjectFolder,
    server: RecordingServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    is_file: bool,
) -> None:
    for name, value in FEDERATION.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "token").write_text("the-jwt")
    name = "ANTHROPIC_IDENTITY_TOKEN_FILE" if is_file else "ANTHROPIC_IDENTITY_TOKEN"
    monkeypatch.setenv(name, str(tmp_path / "token") if is_file else "the-jwt")
    assert cloud.run("apply", "--yes").code == 0
    assert bearers(server) == {"minted-for-the-jwt"}
    (exchanged, *_) = [asked for asked in server.asked if asked.path == "/v1/oauth/token"]
    assert exchanged.body["federation_rule_id"] == "fdrl_1"
    assert exchanged.body["service_account_id"] == "svac_1"


def test_a_refused_exchange_is_told_and_nothing_is_sent(
    cloud: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**FEDERATION, "ANTHROPIC_IDENTITY_TOKEN": "the-secret-jwt"}.items():
        monkeypatch.setenv(name, value)
    server.fault = lambda asked: Answer(401, b'{"error": "invalid_grant"}') if "oauth" in asked.path else None
    outcome = cloud.run("plan")
    assert outcome.code == 1
    assert "Anthropic gave no token" in outcome.err
    assert "the-secret-jwt" not in outcome.err
    assert {asked.path for asked in server.asked} == {"/v1/oauth/token"}


def test_an_exchange_that_fails_for_now_is_tried_again(
    cloud: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**FEDERATION, "ANTHROPIC_IDENTITY_TOKEN": "the-jwt"}.items():
        monkeypatch.setenv(name, value)
    failures = [HTTPStatus.SERVICE_UNAVAILABLE]
    server.fault = lambda asked: Answer(failures.pop()) if "oauth" in asked.path and failures else None
    assert cloud.run("apply", "--yes").code == 0
    assert bearers(server) == {"minted-for-the-jwt"}


def test_a_token_file_that_is_missing_is_told(
    cloud: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {**FEDERATION, "ANTHROPIC_IDENTITY_TOKEN_FILE": str(tmp_path / "none")}.items():
        monkeypatch.setenv(name, value)
    outcome = cloud.run("plan")
    assert outcome.code == 1
    assert str(tmp_path / "none") in outcome.err
    assert server.asked == []


def test_a_profile(
    cloud: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("the-jwt")
    profile = {
        "authentication": {
            "type": "oidc_federation",
            "federation_rule_id": "fdrl_1",
            "identity_token": {"source": "file", "path": str(tmp_path / "token")},
        },
        "organization_id": FEDERATION["ANTHROPIC_ORGANIZATION_ID"],
    }
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "ci.json").write_text(json.dumps(profile))
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("ANTHROPIC_PROFILE", "ci")
    outcome = cloud.run("plan")
    assert outcome.code == 0, outcome.err
    assert bearers(server) == {"minted-for-the-jwt"}
    monkeypatch.setenv("ANTHROPIC_PROFILE", "another")
    outcome = cloud.run("plan")
    assert outcome.code == 1
    assert "another" in outcome.err


def test_without_anything_all_ways_are_named(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    project.write(
        "assistctl.yaml", "project: acme\ndefault_target: it\ntargets:\n  it: {platform: anthropic-agents}\n"
    )
    project.manifest("desk", model=MODEL)
    outcome = project.run("plan")
    assert outcome.code == 1
    assert "there is no API key" in outcome.err
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_FEDERATION_RULE_ID"):
        assert name in outcome.err
