"""Environment templates through the SDK over HTTP: what is kept, and what is never answered."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from support.server import RecordingServer, recording_server

pytestmark = pytest.mark.anyio

PATH = "/agents/environments/templates"
DATA = base64.b64encode(b"confidential contents").decode()
ARCHIVE = {
    "type": "inline",
    "name": "orders",
    "description": "Looks up orders",
    "source": {"type": "base64", "media_type": "application/zip", "data": DATA},
}


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    """The embedded platform over HTTP, in memory, for all tests of this file."""
    with recording_server(None) as running:
        yield running


@pytest.fixture
async def sdk(server: RecordingServer) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=server.url, api_key="any", _strict_response_validation=True) as client:
        yield client


@pytest.fixture
async def http(server: RecordingServer) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=server.url, headers={"OpenAI-Beta": "agents=v1"}) as client:
        yield client


async def test_nothing_is_required(http: httpx2.AsyncClient) -> None:
    answer = (await http.post(PATH, json={})).json()
    assert answer.pop("id").startswith("envtmpl_")
    assert answer.pop("created_at") <= answer.pop("updated_at")
    assert answer == {
        "object": "agent.environment.template",
        "name": None,
        "capability_directories": [],
        "desktop": {"enabled": False},
        "files": [],
        "network": {"access": "enabled", "allowed_domains": []},
        "packages": {"npm": [], "python": [], "system": []},
        "plugins": [],
        "skills": [],
    }


async def test_the_sdk_creates_updates_lists_and_deletes(sdk: AsyncOpenAI) -> None:
    templates = sdk.beta.agents.environments.templates
    others = [listed.id async for listed in templates.list()]
    template = await templates.create(
        name="orders",
        files=[
            {"type": "inline", "path": "/workspace/a.txt", "data": DATA},
            {"type": "file_id", "path": "/workspace/b/c.txt", "file_id": "file-1"},
        ],
        skills=[{"type": "skill_reference", "skill_id": "skill_1"}],
        packages={"python": ["httpx2"]},
        network={"access": "restricted", "allowed_domains": ["example.com"]},
    )
    assert [file.type for file in template.files] == ["inline", "file_id"]
    assert await templates.retrieve(template.id) == template
    changed = await templates.update(template.id, name=None, files=[])
    assert (changed.name, changed.files, changed.packages) == (None, [], template.packages)
    assert [listed.id async for listed in templates.list()] == [template.id, *others]
    deleted = await templates.delete(template.id)
    assert deleted.object == "agent.environment.template.deleted"
    with pytest.raises(openai.NotFoundError, match="No environment template found"):
        await templates.retrieve(template.id)


async def test_secrets_and_contents_are_never_answered(http: httpx2.AsyncClient) -> None:
    sent = {
        "env": {"TOKEN": "secret-value"},
        "setup_commands": [{"command": "echo secret-command", "cwd": "/workspace"}],
        "files": [{"type": "inline", "path": "/workspace/a", "data": DATA}],
        "skills": [ARCHIVE],
        "plugins": [ARCHIVE],
    }
    created = (await http.post(PATH, json=sent)).json()
    assert created["files"] == [{"type": "inline", "path": "/workspace/a", "size_bytes": 21}]
    shown = {"type": "inline", "name": "orders", "description": "Looks up orders"}
    assert created["skills"] == created["plugins"] == [shown]
    path = f"{PATH}/{created['id']}"
    for answer in (created, (await http.get(path)).json(), (await http.post(path, json={"name": "x"})).json()):
        text = json.dumps(answer)
        assert "secret" not in text
        assert "env" not in answer
        assert DATA not in text


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": "n" * 257}, "name"),
        ({"files": [{"type": "inline", "path": "/etc/passwd", "data": DATA}]}, "files[0].path"),
        ({"files": [{"type": "inline", "path": "/workspace/../etc", "data": DATA}]}, "files[0].path"),
        ({"files": [{"type": "inline", "path": "/workspace", "data": DATA}]}, "files[0].path"),
        ({"files": [{"type": "inline", "path": "/workspace/a", "data": "no base64!"}]}, "files[0].data"),
        ({"files": [{"type": "inline", "path": "/workspace/a", "data": "A" * 6_990_512}]}, "files[0].data"),
        ({"files": [{"type": "file_id", "path": f"/workspace/{n}", "file_id": "f"} for n in range(51)]}, "files"),
        ({"setup_commands": [{"command": "x" * 65_537}]}, "setup_commands[0].command"),
        ({"setup_commands": [{"command": "x"}] * 17}, "setup_commands"),
        ({"env": {f"E{n}": "v" for n in range(1025)}}, "env"),
        ({"env": {"E": 1}}, "env.E"),
        ({"skills": [{**ARCHIVE, "source": {"type": "base64", "data": DATA}}]}, "skills[0].source.media_type"),
        ({"plugins": [{"type": "url"}]}, "plugins[0].type"),
        ({"network": {"access": "open"}}, "network.access"),
        ({"network": {"access": "enabled", "blocked_domains": ["a.example"]}}, "network.blocked_domains"),
        ({"network": {"access": "restricted", "blocked_domains": ["*.example"]}}, "network.blocked_domains"),
        ({"metadata": {}}, "metadata"),
    ],
)
async def test_what_is_refused(http: httpx2.AsyncClient, fields: dict[str, Any], param: str) -> None:
    response = await http.post(PATH, json=fields)
    assert response.status_code == 400, response.text
    assert response.json()["error"]["param"] == param
