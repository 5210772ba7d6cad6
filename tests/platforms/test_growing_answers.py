"""Answers that have more than was asked for, or less: what is declared decides, and nobody is accused of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest

from support.foundry import PROJECT, Foundry
from support.managed_agents import ManagedAgents
from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder, settled
from support.server import Asked, RecordingServer, serving

Json: TypeAlias = Any
OPENAI = {"Authorization": "Bearer test-key", "OpenAI-Beta": "agents=v1"}
PARAMETERS = {"type": "object", "properties": {"id": {"type": "string"}}}
FUNCTION = {
    "type": "function",
    "function": {"name": "look", "description": "Looks.", "parameters": PARAMETERS},
}


def told_of_tools(server: RecordingServer, rewrite: Callable[[Json], None]) -> None:
    """Have ``rewrite`` applied to each tool in each answer."""

    def told(_: Asked, status: int, payload: Json) -> Json:
        payload = copy.deepcopy(payload)
        for found in payload.get("data", [payload]) if status == 200 else ():
            agent: dict[str, Any] = found if isinstance(found, dict) else {}
            versions = agent.get("versions")
            latest = versions.get("latest", agent) if isinstance(versions, dict) else agent
            for tool in latest.get("definition", latest).get("tools") or ():
                rewrite(tool)
        return payload

    server.tell = told


@pytest.fixture
def agents(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project on the Agents API."""
    return project.use("openai-agents", server.url)


@pytest.fixture
def managed(project: ProjectFolder) -> Iterator[ProjectFolder]:
    """A project on Anthropic's managed agents."""
    with serving(ManagedAgents().app()) as running:
        yield project.use("anthropic-agents", running.address)


@pytest.fixture
def foundry(tmp_path: Path) -> Iterator[RecordingServer]:
    with serving(Foundry(shelf=tmp_path / "files.db").app()) as running:
        yield running


def ours_alone(project: ProjectFolder, places: dict[str, list[str]]) -> None:
    """The change due to each key, at all its places, is the manifest's, and nobody else's; and it converges."""
    planned = project.run("plan", "--format", "json").json
    assert planned["drift"] == []
    changes = {change["key"]: change for change in planned["changes"]}
    assert changes.keys() == places.keys()
    for key, change in changes.items():
        assert change["reason"] == "manifest changed", key
        assert {diff["origin"] for diff in change["diffs"]} == {"manifest"}, key
        found = [diff["path"] for diff in change["diffs"]]
        assert [place for place in places[key] if not any(place in path for path in found)] == [], (key, found)
    settled(project)


def grown(tool: dict[str, Any]) -> None:
    """What a later version of the API may answer on each kind of tool."""
    kind = tool["type"]
    if kind == "function":
        tool.get("function", tool).update({"async": False, "allowed_callers": ["direct"]})
    elif kind == "code_interpreter":
        tool["container"] = {"type": "auto", "network_policy": None}
    tool["cache"] = {"ttl": 60}


def test_a_new_field_on_a_plain_tool_is_no_difference(remote: ProjectFolder, server: RecordingServer) -> None:
    told_of_tools(server, grown)
    remote.write("assistants/docs/a.md", "A.")
    remote.manifest(
        "desk",
        tools=[FUNCTION, {"type": "code_interpreter"}, {"type": "file_search"}],
        files=[{"path": "docs/a.md", "tool": "file_search"}],
    )
    settled(remote)
    more = copy.deepcopy(FUNCTION)
    more["function"]["description"] = "Looks twice."  # type: ignore[index]  # a mapping
    remote.manifest("desk", tools=[more, {"type": "code_interpreter"}])
    drifted = remote.run("drift", "--format", "json").json
    assert drifted["drift"] == []
    settled(remote)


def test_what_the_api_has_of_a_tool_is_drift_all_the_same(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk", tools=[FUNCTION, {"type": "file_search"}])
    settled(remote)

    def theirs(tool: dict[str, Any]) -> None:
        grown(tool)
        if tool["type"] == "function":
            tool["function"]["strict"] = True
        if tool["type"] == "file_search":
            tool["file_search"] = {"max_num_results": 3}

    told_of_tools(server, theirs)
    drifted = remote.run("drift", "--format", "json")
    assert drifted.code == 2
    assert {drift["path"] for drift in drifted.json["drift"]} == {
        "tools[look].function.strict",
        "tools[file_search].file_search",
    }


@pytest.mark.parametrize("platform", ["openai-agents", "anthropic-agents", "azure-foundry", "mistral-agents"])
def test_a_new_field_on_a_function_is_no_difference_anywhere(
    request: pytest.FixtureRequest, project: ProjectFolder, platform: str
) -> None:
    if platform == "azure-foundry":
        server: RecordingServer = request.getfixturevalue("foundry")
        project.use(platform, server.address + PROJECT)
    elif platform == "openai-agents":
        server = request.getfixturevalue("server")
        project.use(platform, server.url)
    else:
        server = request.getfixturevalue("claude" if platform == "anthropic-agents" else "mistral")
        project.use(platform, server.address)
    told_of_tools(server, lambda tool: tool.update({"cache": {"ttl": 60}}))
    models = {"anthropic-agents": "claude-opus-5-5", "mistral-agents": "mistral-medium-latest"}
    project.manifest("desk", model=models.get(platform, "gpt-6-luna"), tools=[FUNCTION])
    settled(project)


@pytest.fixture
def mistral() -> Iterator[RecordingServer]:
    with serving(MistralAgents().app()) as running:
        yield running


@pytest.fixture
def claude() -> Iterator[RecordingServer]:
    with serving(ManagedAgents().app()) as running:
        yield running


def own(**fields: Any) -> dict[str, Any]:
    return {"platforms": {"openai-agents": fields}}


def search(**location: str) -> dict[str, Any]:
    return {"type": "web_search", "location": location}


def mcp(*args: str, **more: Any) -> dict[str, Any]:
    transport = {"type": "stdio", "command": "serve", "cwd": "/", "args": [*args], **more}
    return {"type": "mcp", "server_label": "orders", "transport": transport}


def http(**headers: str) -> dict[str, Any]:
    transport = {"type": "http", "server_url": "https://mcp.example.com", "headers": headers}
    return {"type": "mcp", "server_label": "prices", "transport": transport}


# Tools that each of them changes, whose differences are told one by one.
CHANGES = {
    "more": (
        [search(city="Bern"), mcp("a"), http(a="1")],
        [search(city="Bern", region="BE"), mcp("a", "b"), http(a="1", b="2")],
    ),
    "less": (
        [search(city="Bern", region="BE"), mcp("a", "b"), http(a="1", b="2")],
        [search(city="Bern"), mcp("b", cwd="/srv"), http(b="3")],
    ),
    "another-value": ([search(city="Bern")], [search(city="Basel")]),
    "another-name": ([search(city="Bern")], [search(country="CH")]),
}


def test_an_edit_inside_of_what_the_platform_fills_in_accuses_nobody(agents: ProjectFolder) -> None:
    for key, (before, _) in CHANGES.items():
        agents.manifest(key, model="gpt-6-luna", **own(tools=before))
    assert agents.run("apply", "--yes").code == 0
    for key, (_, after) in CHANGES.items():
        agents.manifest(key, model="gpt-6-luna", **own(tools=after))
    tools = ["web_search", "mcp:orders", "mcp:prices"]
    ours_alone(agents, {key: tools[: len(after)] for key, (_, after) in CHANGES.items()})


SKILL, SECOND = {"type": "custom", "skill_id": "skill_1"}, {"type": "anthropic", "skill_id": "xlsx"}
BASH = {"type": "agent_toolset_20260401", "configs": [{"name": "bash", "enabled": False}]}
BOTH = {**BASH, "configs": [*BASH["configs"], {"name": "web_search", "enabled": False}]}
ALL_OFF = {**BOTH, "default_config": {"enabled": False}}
MANAGED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "more": ({"skills": [SKILL], "tools": [BASH]}, {"skills": [SKILL, SECOND], "tools": [BOTH]}),
    "less": ({"skills": [SKILL, SECOND], "tools": [BOTH]}, {"skills": [SECOND], "tools": [BASH]}),
    "other": ({"skills": [SKILL], "tools": [BASH]}, {"skills": [{**SKILL, "version": "2"}], "tools": [ALL_OFF]}),
}


def test_nor_do_lists_of_what_it_fills_in(managed: ProjectFolder) -> None:
    for key, (before, _) in MANAGED.items():
        managed.manifest(key, model="claude-opus-5-5", platforms={"anthropic-agents": before})
    assert managed.run("apply", "--yes").code == 0
    for key, (_, after) in MANAGED.items():
        managed.manifest(key, model="claude-opus-5-5", platforms={"anthropic-agents": after})
    ours_alone(managed, {key: ["skills", "tools"] for key in MANAGED})


def test_somebody_elses_edit_there_is_told(agents: ProjectFolder, server: RecordingServer) -> None:
    agents.manifest("desk", model="gpt-6-luna", **own(tools=[search(city="Bern")]))
    settled(agents)
    (there,) = httpx2.get(f"{server.url}/agents", headers=OPENAI).json()["data"]
    theirs = [{"type": "web_search", "location": {"city": "Basel"}}]
    httpx2.post(f"{server.url}/agents/{there['id']}", headers=OPENAI, json={"tools": theirs})
    agents.manifest("desk", model="gpt-6-luna", **own(tools=[search(city="Bern", region="BE")]))
    drifted = agents.run("drift", "--format", "json")
    assert drifted.code == 2
    assert "tools[web_search].location.city" in {drift["path"] for drift in drifted.json["drift"]}


def test_an_update_that_resets_something_else_fails(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.manifest("desk", instructions="Be brief.", temperature=0.2)
    settled(remote)

    def heard(asked: Asked) -> Asked:
        is_update = asked.method == "POST" and "/assistants/" in asked.path
        body = {**asked.body, "instructions": None} if is_update else asked.body
        return Asked(asked.method, asked.path, asked.query, asked.headers, body)

    server.hear = heard
    remote.manifest("desk", instructions="Be brief.", temperature=0.3)
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.code == 4
    (result,) = applied.json["results"]
    assert result["status"] == "failed"
    assert "instructions (which was not to change)" in result["error"]


def test_what_is_ignored_may_be_reset(remote: ProjectFolder, server: RecordingServer) -> None:
    ignoring = {"lifecycle": {"ignore_changes": ["instructions"]}}
    remote.manifest("desk", instructions="Be brief.", temperature=0.2, **ignoring)
    settled(remote)
    (there,) = httpx2.get(f"{server.url}/assistants", headers={"OpenAI-Beta": "assistants=v2"}).json()["data"]
    headers = {"OpenAI-Beta": "assistants=v2"}
    httpx2.post(f"{server.url}/assistants/{there['id']}", headers=headers, json={"instructions": "Theirs."})
    remote.manifest("desk", instructions="Be brief.", temperature=0.3, **ignoring)
    settled(remote)


def test_a_file_that_was_uploaded_is_not_told_as_failed(remote: ProjectFolder, server: RecordingServer) -> None:
    def told(asked: Asked, _: int, payload: Json) -> Json:
        return (
            {**payload, "instructions": None} if asked.method == "POST" and "assistants" in asked.path else payload
        )

    server.tell = told
    remote.write("assistants/a.csv", "a,b\n")
    remote.manifest("desk", instructions="Be brief.", tools=[{"type": "code_interpreter"}], files=["a.csv"])
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.code == 4
    rows = {row["kind"]: row for row in applied.json["results"]}
    assert (rows["assistant"]["status"], rows["file"]["status"]) == ("failed", "ok")
    assert rows["file"]["id"].startswith("file-")


def test_secrets_that_are_never_answered_are_kept_renewed_and_removed(
    project: ProjectFolder, foundry: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.use("azure-foundry", foundry.address + PROJECT)

    def silent(tool: dict[str, Any]) -> None:
        for name in ("authorization", "headers"):
            tool.pop(name, None)

    told_of_tools(foundry, silent)
    server = {"type": "mcp", "server_label": "orders", "server_url": "https://mcp.example.com"}
    secret: dict[str, Any] = {"authorization": "${env:MCP_TOKEN}", "headers": {"x-tenant": "acme"}}
    project.manifest("desk", platforms={"azure-foundry": {"tools": [{**server, **secret}]}})
    monkeypatch.setenv("MCP_TOKEN", "the-first-token")
    assert project.run("apply", "--yes").code == 0
    monkeypatch.setenv("MCP_TOKEN", "the-second-token")
    # Others read the baseline and not the token, so there is no digest of it there.
    assert project.run("plan", "--format", "json").json["changes"] == []
    secret["headers"] = {"x-tenant": "globex"}
    project.manifest("desk", platforms={"azure-foundry": {"tools": [{**server, **secret}]}})
    planned = project.run("plan", "--format", "json")
    assert [change["reason"] for change in planned.json["changes"]] == ["manifest changed"]
    assert "second-token" not in planned.out
    foundry.clear()
    settled(project)
    (sent,) = foundry.mutations
    assert sent.body["definition"]["tools"][0]["authorization"] == "the-second-token"
    foundry.clear()
    project.manifest("desk", platforms={"azure-foundry": {"tools": [server]}})
    settled(project)
    (sent,) = foundry.mutations
    assert sent.body["definition"]["tools"] == [server]
    project.manifest("desk", platforms={"azure-foundry": {"tools": [{**server, **secret}]}})
    foundry.clear()
    settled(project)
    (sent,) = foundry.mutations
    assert sent.body["definition"]["tools"] == [{**server, **secret, "authorization": "the-second-token"}]


def test_no_part_of_a_tool_that_is_never_answered_is_in_the_journal(
    project: ProjectFolder, foundry: RecordingServer
) -> None:
    project.use("azure-foundry", foundry.address + PROJECT)
    server = {"type": "mcp", "server_label": "orders", "server_url": "https://mcp.example.com/first"}
    project.manifest("desk", platforms={"azure-foundry": {"tools": [server]}})
    settled(project)
    # Written down as they are, nobody knows that these are secrets.
    hidden = {"authorization": "as-declared", "headers": {"x-tenant": "also-declared"}}
    changed = {**server, "server_url": "https://mcp.example.com/second", **hidden}
    project.manifest("desk", platforms={"azure-foundry": {"tools": [changed]}})
    settled(project)
    journal = "".join(path.read_text() for path in project.path.rglob("*.jsonl"))
    assert "mcp.example.com/first" in journal
    assert "as-declared" not in journal
    assert "also-declared" not in journal
    newest = project.run("history", "--format", "json").json["applies"][0]["id"]
    assert "(not recorded: platforms may hide it)" in project.run("history", newest).out


def without_empty(value: Json) -> Json:
    """``value`` without what may as well be missing: nulls, empty texts, lists and objects."""
    if isinstance(value, dict):
        kept = {name: without_empty(inner) for name, inner in value.items() if name != "data"}
        lists = {"data": [without_empty(item) for item in value["data"]]} if "data" in value else {}
        return {name: inner for name, inner in kept.items() if inner not in (None, "", [], {})} | lists
    return [without_empty(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("platform", ["openai-assistants", "openai-agents", "anthropic-agents", "azure-foundry"])
def test_optional_parts_may_be_missing(
    request: pytest.FixtureRequest, project: ProjectFolder, platform: str
) -> None:
    server: RecordingServer = request.getfixturevalue(
        {"azure-foundry": "foundry", "anthropic-agents": "claude"}.get(platform, "server")
    )
    base = server.address
    project.use(platform, {"azure-foundry": base + PROJECT, "anthropic-agents": base}.get(platform, server.url))
    server.tell = lambda _, __, payload: without_empty(payload)
    model = "claude-opus-5-5" if "anthropic" in platform else "gpt-6-luna"
    described = {} if platform == "openai-agents" else {"description": "Described."}
    project.manifest("desk", model=model, instructions="Be brief.", tools=[FUNCTION], **described)
    settled(project)
    project.manifest("desk", model=model, tools=[])
    settled(project)


@pytest.mark.parametrize("platform", ["anthropic-agents", "azure-foundry"])
def test_a_text_that_was_taken_away_may_be_answered_as_an_empty_one(
    request: pytest.FixtureRequest, project: ProjectFolder, platform: str
) -> None:
    server: RecordingServer = request.getfixturevalue("foundry" if platform == "azure-foundry" else "claude")
    base = server.address
    project.use(platform, base + PROJECT if platform == "azure-foundry" else base)

    def told(_: Asked, __: int, payload: Json) -> Json:
        payload = copy.deepcopy(payload)
        for found in payload.get("data", [payload]):
            latest = found.get("versions", {}).get("latest", found)
            latest["description"] = latest.get("description") or ""
        return payload

    server.tell = told
    project.manifest("desk", model="claude-opus-5-5", description="Described.")
    settled(project)
    project.manifest("desk", model="claude-opus-5-5")
    settled(project)
