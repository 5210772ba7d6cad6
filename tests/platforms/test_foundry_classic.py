"""The classic Agent Service of Azure Foundry, through ``openai-assistants``: its paths, query and headers.

It speaks the Assistants API below a project's endpoint, with a version in the query
(``azure/ai/agents/operations`` of azure-ai-agents 1.1.0). Here the embedded platform answers for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assistctl.local.app import create_app
from support.projects import ProjectFolder
from support.server import RecordingServer, serving

PROJECT = "/api/projects/acme"


class Classic:
    """The embedded platform at a Foundry project's address, for who says the version and who they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        query = parse_qs(scope["query_string"].decode())
        if not scope["path"].startswith(f"{PROJECT}/") or query.get("api-version") != ["v1"]:
            await JSONResponse({"error": {"message": "not found"}}, HTTPStatus.NOT_FOUND)(scope, receive, send)
        elif b"api-key" not in headers and not headers.get(b"authorization", b"").startswith(b"Bearer "):
            await JSONResponse({"error": {"message": "who?"}}, HTTPStatus.UNAUTHORIZED)(scope, receive, send)
        else:
            path = scope["path"].replace(PROJECT, "/v1", 1)
            # Nobody says that the embedded platform knows the parameter.
            rest = "&".join(
                part for part in scope["query_string"].decode().split("&") if not part.startswith("api-version=")
            )
            await self.app({**scope, "path": path, "query_string": rest.encode()}, receive, send)


@pytest.fixture
def classic(tmp_path: Path) -> Iterator[RecordingServer]:
    with serving(Classic(create_app(tmp_path / "classic.db"))) as running:
        yield running


def use(project: ProjectFolder, server: RecordingServer, options: str) -> None:
    address = server.url.removesuffix("/v1") + PROJECT
    project.write(
        "assistctl.yaml",
        f"""\
        project: acme
        default_target: classic
        targets:
          classic:
            platform: openai-assistants
            base_url: "{address}"
            api_key: ${{env:AZURE_TOKEN}}
            options: {options}
        """,
    )
    project.write(".env", "AZURE_TOKEN=entra-token\nFOUNDRY_KEY=resource-key\n")


def test_from_nothing_to_nothing(project: ProjectFolder, classic: RecordingServer) -> None:
    key = '{api-key: "${env:FOUNDRY_KEY}"}'
    use(project, classic, f"{{default_query: {{api-version: v1}}, default_headers: {key}}}")
    project.write("assistants/shipping.md", "It takes three days.\n")
    project.manifest("desk", instructions="one", tools=[{"type": "file_search"}], files=["shipping.md"])
    assert project.run("apply", "--yes").code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0
    project.manifest("desk", instructions="two", tools=[{"type": "file_search"}], files=["shipping.md"])
    assert project.run("plan", "--detailed-exitcode").code == 2
    assert project.run("apply", "--yes").code == 0
    assert project.run("destroy", "--yes").code == 0

    paths = {asked.path for asked in classic.asked}
    assert {f"{PROJECT}/assistants", f"{PROJECT}/files", f"{PROJECT}/vector_stores"} <= paths
    assert all(path.startswith(f"{PROJECT}/") for path in paths)
    assert all("api-version=v1" in asked.query.split("&") for asked in classic.asked)
    sent = {"authorization": "Bearer entra-token", "api-key": "resource-key"}
    assert all({name: asked.headers.get(name) for name in sent} == sent for asked in classic.asked)


def test_without_the_version_nothing_is_found(project: ProjectFolder, classic: RecordingServer) -> None:
    use(project, classic, "{}")
    project.manifest("desk")
    outcome = project.run("apply", "--yes")
    assert outcome.code == 1
    assert "not found (HTTP 404" in outcome.err
    assert classic.mutations == []
