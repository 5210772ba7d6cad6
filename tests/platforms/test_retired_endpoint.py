"""OpenAI's own Assistants endpoint, which answers 404 since 2026-08-26, and gateways in front of it."""

from __future__ import annotations

import pytest

from support.projects import ProjectFolder
from support.server import Answer, RecordingServer, error_body

WAYS_ON = (
    "assistctl migrate",
    "openai-agents",
    "azure-foundry",
    "anthropic-agents",
    "assistctl serve",
    "base_url",
)


@pytest.fixture
def openai(project: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """A project on api.openai.com, which is reached through a proxy: the server, and it answers for it."""
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.fault = lambda asked: Answer(404, error_body(f"Invalid URL ({asked.method} {asked.path})"))
    project.write(
        "assistctl.yaml",
        "project: acme\n"
        "default_target: prod\n"
        "targets:\n"
        "  prod: {platform: openai-assistants, base_url: 'http://api.openai.com/v1', api_key: k}\n",
    )
    project.manifest("desk")
    return project


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("list",)])
def test_it_is_explained_in_two_lines(
    openai: ProjectFolder, server: RecordingServer, command: tuple[str, ...]
) -> None:
    outcome = openai.run(*command)
    assert outcome.code == 1
    assert {asked.headers["host"] for asked in server.asked} == {"api.openai.com"}
    happened, way_on = outcome.err.strip().splitlines()
    assert "2026-08-26" in happened
    assert "404" in happened
    assert [word for word in WAYS_ON if word not in way_on] == []


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("list",)])
def test_behind_a_gateway_the_ways_on_are_named_too(
    remote: ProjectFolder, server: RecordingServer, command: tuple[str, ...]
) -> None:
    remote.manifest("desk")
    server.fault = lambda _: Answer(404, error_body("No such path"))
    outcome = remote.run(*command)
    assert outcome.code == 1
    happened, way_on = outcome.err.strip().splitlines()
    assert f"there is no Assistants API: No such path (HTTP 404 from {server.url})" in happened
    assert [word for word in (*WAYS_ON, "2026-08-26") if word not in way_on] == []


def test_an_assistant_that_is_not_there_is_no_retirement(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk")
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("desk", description="changed")
    missing = Answer(404, error_body("No assistant found"))
    server.fault = lambda asked: missing if asked.method == "POST" else None
    outcome = remote.run("apply", "--yes", "--format", "json")
    assert "No assistant found" in outcome.json["results"][0]["error"]
    assert "2026-08-26" not in outcome.out + outcome.err
