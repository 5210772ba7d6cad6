"""A platform that redirects: within its own place that is followed, to another nothing is sent, key or not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.errors import PlatformError
from assistctl.platforms.http.client import only_to
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer, recording_server

KEY = "sk-of-the-first-host"
OTHER_KEY = "key-in-a-header-of-its-own"
MODELS = {
    "openai-assistants": "gpt-4.1",
    "openai-agents": "gpt-5",
    "anthropic-agents": "claude-opus-5-5",
    "mistral-agents": "mistral-medium-latest",
}
WITHOUT_VERSION = {"anthropic-agents", "mistral-agents"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[RecordingServer]:
    with recording_server(tmp_path / "elsewhere.db") as running:
        yield running


@pytest.fixture(params=MODELS)
def redirected(request: pytest.FixtureRequest, project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project on ``server``, with a key in the usual header and another in one of the target's options."""
    platform = request.param
    address = server.url.removesuffix("/v1") if platform in WITHOUT_VERSION else server.url
    project.write(
        "assistctl.yaml",
        f"""\
        project: acme
        default_target: it
        targets:
          it:
            platform: {platform}
            base_url: {address}
            api_key: {KEY}
            options: {{default_headers: {{api-key: {OTHER_KEY}}}}}
        """,
    )
    project.manifest("one", model=MODELS[platform], instructions="For the first host only.")
    return project


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_goes_to_another_host(
    redirected: ProjectFolder, server: RecordingServer, elsewhere: RecordingServer, status: int
) -> None:
    server.fault = lambda _: Answer(status, headers=((b"location", f"{elsewhere.url}/assistants".encode()),))
    shown = redirected.run("plan")
    assert shown.code == 1
    assert elsewhere.asked == []
    assert f"redirects to {elsewhere.url.removesuffix('/v1')}, where neither the key" in shown.err
    assert KEY not in shown.out + shown.err
    assert server.asked
    assert len({asked.path for asked in server.asked}) == len(server.asked), "it is not asked again"
    assert all(asked.headers["api-key"] == OTHER_KEY for asked in server.asked)


@pytest.mark.parametrize("status", [307, 308])
def test_no_body_goes_to_another_host(
    remote: ProjectFolder, server: RecordingServer, elsewhere: RecordingServer, status: int
) -> None:
    def fault(asked: Asked) -> Answer | None:
        if asked.method != "POST":
            return None
        path = asked.path.removeprefix("/v1")
        return Answer(status, headers=((b"location", f"{elsewhere.url}{path}".encode()),))

    server.fault = fault
    remote.write("assistants/guide.md", "Nobody else's business.\n")
    remote.manifest(
        "one", instructions="For the first host only.", tools=[{"type": "file_search"}], files=["guide.md"]
    )
    remote.manifest("two", instructions="For the first host only.")
    shown = remote.run("apply", "--yes")
    assert shown.code == 1
    assert elsewhere.asked == []
    assert "neither the key nor the request is sent" in shown.out + shown.err


def test_a_redirect_within_the_host_is_followed(remote: ProjectFolder, server: RecordingServer) -> None:
    there = f"{server.url}/assistants?limit=100&order=asc".encode()

    def fault(asked: Asked) -> Answer | None:
        moved = (
            asked.path == "/v1/assistants"
            and len([request for request in server.asked if request.path == asked.path]) == 1
        )
        return Answer(307, headers=((b"location", there),)) if moved else None

    server.fault = fault
    remote.manifest("one")
    assert remote.run("plan").code == 0
    assert [asked.headers["authorization"] for asked in server.asked if asked.path == "/v1/assistants"] == [
        "Bearer test-key",
        "Bearer test-key",
    ]


@pytest.mark.parametrize(
    ("home", "there", "is_sent"),
    [
        ("https://a.example/v1", "https://a.example/v2/x", True),
        ("https://a.example/v1", "https://A.example:443/x", True),
        ("http://a.example/v1", "https://a.example/v1", True),
        ("https://a.example/v1", "http://a.example/v1", False),
        ("https://a.example/v1", "https://a.example:8443/v1", False),
        ("http://a.example:8080/v1", "https://a.example/v1", False),
        ("https://a.example/v1", "https://a.example.evil/v1", False),
        ("https://a.example/v1", "https://evil@b.example/v1", False),
        ("https://user:word@a.example/v1", "https://a.example/v1", True),
        ("http://[::1]:80/v1", "http://[::1]/v1", True),
    ],
)
def test_what_is_the_same_place(home: str, there: str, *, is_sent: bool) -> None:
    import httpx2

    (hook,) = only_to(home)["request"]
    asking = hook(httpx2.Request("GET", there))
    if is_sent:
        asyncio.run(asking)
    else:
        with pytest.raises(PlatformError, match="redirects to"):
            asyncio.run(asking)
