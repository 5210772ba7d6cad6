"""OpenAI without an API key: a job's own token is exchanged for OpenAI's by the SDK, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from openai.auth import WorkloadIdentityAuth
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from assistctl.local.app import create_app
from support.projects import ProjectFolder
from support.server import RecordingServer, serving

IDS = "identity_provider_id: idp_1, service_account_id: sa_1"


async def exchange(request: Request) -> JSONResponse:
    sent = json.loads(await request.body())
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert (sent["identity_provider_id"], sent["service_account_id"]) == ("idp_1", "sa_1")
    if sent["subject_token"] == "stale":
        refusal = {"error": "invalid_grant", "error_description": "The token is too old."}
        return JSONResponse(refusal, HTTPStatus.UNAUTHORIZED)
    return JSONResponse({"access_token": f"minted-for-{sent['subject_token']}", "expires_in": 3600})


def defaults() -> dict[str, Any]:
    """The settings of the exchange that nobody gives."""
    found = WorkloadIdentityAuth.__init__.__kwdefaults__
    assert found is not None
    return found


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingServer]:
    token = Route("/oauth/token", exchange, methods=["POST"])
    with serving(Starlette(routes=[token, Mount("/", create_app(tmp_path / "there.db"))])) as running:
        url = running.url.removesuffix("/v1") + "/oauth/token"
        # The SDK has no setting for the address of the exchange.
        monkeypatch.setitem(defaults(), "token_exchange_url", url)
        yield running


def use(
    project: ProjectFolder, server: RecordingServer, identity: str, more: str = "", platform: str = ""
) -> None:
    project.write(
        "assistctl.yaml",
        f"project: acme\ndefault_target: it\ntargets:\n"
        f"  it: {{platform: {platform or 'openai-assistants'}, base_url: '{server.url}', {more}\n"
        f"    options: {{workload_identity: {{{identity}}}}}}}\n",
    )
    project.manifest("desk")


def bearers(server: RecordingServer) -> set[str]:
    asked = (request for request in server.asked if request.path.startswith("/v1/"))
    return {request.headers["authorization"].removeprefix("Bearer ") for request in asked}


@pytest.mark.parametrize("platform", ["openai-assistants", "openai-agents"])
def test_a_token_of_the_job(
    project: ProjectFolder, server: RecordingServer, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_TOKEN", "job-token")
    # What a target says comes before what happens to be in the environment.
    monkeypatch.setenv("OPENAI_API_KEY", "somebody-else")
    use(project, server, f"{IDS}, provider: {{type: token, token: '${{env:JOB_TOKEN}}'}}", platform=platform)
    assert project.run("apply", "--yes").code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert bearers(server) == {"minted-for-job-token"}


def test_a_token_that_a_cluster_mounts(project: ProjectFolder, server: RecordingServer) -> None:
    project.write("token", "mounted-token\n")
    path = project.path / "token"
    use(project, server, f"{IDS}, provider: {{type: kubernetes, token_file_path: '{path}'}}")
    assert project.run("plan").code == 0
    assert bearers(server) == {"minted-for-mounted-token"}


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ("{type: token, token: stale}", "OpenAI gave no token: The token is too old."),
        ("{type: kubernetes, token_file_path: /nowhere}", "OpenAI gave no token: Failed to read the token file"),
    ],
)
def test_a_token_that_cannot_be_had(
    project: ProjectFolder, server: RecordingServer, provider: str, words: str
) -> None:
    use(project, server, f"{IDS}, provider: {provider}")
    outcome = project.run("apply", "--yes")
    assert outcome.code == 1
    assert words in " ".join(outcome.err.split())
    assert "options.workload_identity" in outcome.err
    assert [request for request in server.asked if request.path.startswith("/v1/")] == []


def test_an_exchange_that_is_not_there(
    project: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(defaults(), "token_exchange_url", "http://localhost:9/oauth/token")
    use(project, server, f"{IDS}, provider: {{type: token, token: job-token}}")
    outcome = project.run("plan")
    assert outcome.code == 1
    assert "OpenAI gave no token" in outcome.err


@pytest.mark.parametrize(
    ("identity", "more", "words"),
    [
        (f"{IDS}, provider: {{type: token, token: t}}", "api_key: k,", "has an api_key and options.workload_id"),
        (f"{IDS}, provider: {{type: aws}}", "", "provider.type of target 'it' must be one of kubernetes"),
        (f"{IDS}, provider: {{type: gcp, audiense: a}}", "", "did you mean 'audience'?"),
        (f"{IDS}, provider: github", "", "provider of target 'it' must be a mapping"),
        (f"{IDS}, refresh_buffer_seconds: soon, provider: {{type: gcp}}", "", "must be a number of seconds"),
        (
            "service_account_id: sa_1, provider: {type: gcp}",
            "",
            "identity_provider_id of target 'it' must be a text",
        ),
        (f"{IDS}, provder: {{type: gcp}}", "", "did you mean 'provider'?"),
    ],
)
def test_settings_that_cannot_be_used(
    project: ProjectFolder, server: RecordingServer, identity: str, more: str, words: str
) -> None:
    use(project, server, identity, more)
    outcome = project.run("plan")
    assert outcome.code == 1
    assert words in " ".join(outcome.err.split())
    assert server.asked == []


def test_without_one_it_is_told_of(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    project.write(
        "assistctl.yaml",
        "project: acme\ntargets: {it: {platform: openai-agents, base_url: 'https://api.example.com/v1'}}\n",
    )
    project.manifest("desk")
    outcome = project.run("plan", "-t", "it")
    assert outcome.code == 1
    assert "options.workload_identity" in outcome.err
