"""MCP servers: declared once, used by key, in each platform's own shape; and no credential anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assistctl.manifest import load_manifests, load_project
from assistctl.planning.capability_check import to_platform
from assistctl.platforms.registry import capabilities_of
from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.server import RecordingServer, serving

ORDERS = """\
kind: mcp_server
url: https://mcp.example.com/orders
allowed_tools: [find, cancel]
credential: ${var:orders_credential}
"""


def declare(project: ProjectFolder, text: str = ORDERS) -> None:
    """The document of a server with the key `orders`."""
    project.write("assistants/orders.yaml", text)


def desk(project: ProjectFolder, **use: Any) -> None:
    """An assistant that uses it."""
    project.manifest("desk", tools=[{"type": "mcp", "server": "orders", **use}])


def told(project: ProjectFolder, *args: str) -> list[tuple[str, int, str, str]]:
    """Where ``validate`` finds something, how bad it is, and what."""
    found = project.run("validate", "--format", "json", "--var", "orders_credential=cred_1", *args).json
    return [
        (diagnostic["file"], diagnostic["line"], diagnostic["severity"], diagnostic["summary"])
        for diagnostic in found["diagnostics"]
    ]


def on_platform(project: ProjectFolder, platform: str) -> dict[str, Any]:
    """The fields that a platform is given for the assistant."""
    loaded = load_manifests(load_project(project.path, {}), None, lenient_variables=True)
    assert not loaded.errors
    [assistant] = loaded.desired
    fields: dict[str, Any] = dict(to_platform(assistant, platform, capabilities_of(platform)).fields)
    return fields


@pytest.fixture
def shop(project: ProjectFolder) -> ProjectFolder:
    """A project with a server and an assistant that uses it."""
    project.write("assistctl.yaml", "project: acme\n")
    declare(project, ORDERS.replace("${var:orders_credential}", "cred_1"))
    desk(project)
    return project


def test_the_shape_of_the_agents_api(shop: ProjectFolder) -> None:
    assert on_platform(shop, "openai-agents")["tools"] == [
        {
            "type": "mcp",
            "server_label": "orders",
            "transport": {"type": "http", "server_url": "https://mcp.example.com/orders"},
            "allowed_tools": ["find", "cancel"],
            "credential_id": "cred_1",
        }
    ]


def test_the_shape_of_claudes_agents(shop: ProjectFolder) -> None:
    fields = on_platform(shop, "anthropic-agents")
    assert fields["tools"] == [
        {
            "type": "mcp_toolset",
            "mcp_server_name": "orders",
            "default_config": {"enabled": False},
            "configs": [{"name": "find", "enabled": True}, {"name": "cancel", "enabled": True}],
        }
    ]
    address = "https://mcp.example.com/orders"
    servers = [{"type": "url", "name": "orders", "url": address}]
    assert fields["platforms"] == {"anthropic-agents": {"mcp_servers": servers}}


def test_the_shape_of_foundry(shop: ProjectFolder) -> None:
    more = "headers: {X-Tenant: acme}\ndescription: The orders\nrequire_approval: never\n"
    declare(shop, ORDERS.replace("${var:orders_credential}", "shop-orders") + more)
    assert on_platform(shop, "azure-foundry")["tools"] == [
        {
            "type": "mcp",
            "server_label": "orders",
            "server_url": "https://mcp.example.com/orders",
            "server_description": "The orders",
            "headers": {"X-Tenant": "acme"},
            "allowed_tools": ["find", "cancel"],
            "require_approval": "never",
            "project_connection_id": "shop-orders",
        }
    ]


@pytest.mark.parametrize("platform", ["local", "openai-assistants"])
def test_the_assistants_api_has_none(shop: ProjectFolder, platform: str) -> None:
    address = "" if platform == "local" else ", base_url: 'https://assistants.example.com/v1'"
    shop.write("assistctl.yaml", f"project: acme\ntargets: {{here: {{platform: {platform}{address}}}}}\n")
    errors = [diagnostic for diagnostic in told(shop, "-t", "here") if diagnostic[2] == "error"]
    assert errors == [("assistants/desk.yaml", 1, "error", f"{platform} cannot express tools[mcp:orders]")]


def test_what_a_platform_lacks_is_told_where_it_stands(shop: ProjectFolder) -> None:
    declare(shop, ORDERS + "headers: {X-Tenant: acme}\n")
    shop.write("assistctl.yaml", "project: acme\ntargets: {cloud: {platform: anthropic-agents, api_key: k}}\n")
    found = told(shop, "-t", "cloud")
    where = "tools[mcp:orders]"
    assert ("assistants/orders.yaml", 5, "error", f"anthropic-agents cannot express {where}.headers") in found
    assert ("assistants/orders.yaml", 4, "info", f"{where}.credential is left out on anthropic-agents") in found


def test_an_assistant_may_use_fewer_tools(shop: ProjectFolder) -> None:
    desk(shop, allowed_tools=["find"])
    assert on_platform(shop, "openai-agents")["tools"][0]["allowed_tools"] == ["find"]


def test_servers_of_the_platform_alone_stay(shop: ProjectFolder) -> None:
    other = {"type": "url", "name": "wiki", "url": "https://mcp.example.com/wiki"}
    toolset = {"type": "mcp_toolset", "mcp_server_name": "wiki"}
    own = {"anthropic-agents": {"mcp_servers": [other], "tools": [toolset]}}
    shop.manifest("desk", tools=[{"type": "mcp", "server": "orders"}], platforms=own)
    fields = on_platform(shop, "anthropic-agents")
    assert [field["name"] for field in fields["platforms"]["anthropic-agents"]["mcp_servers"]] == [
        "wiki",
        "orders",
    ]
    assert [field["mcp_server_name"] for field in fields["tools"]] == ["orders", "wiki"]
    where = "platforms.anthropic-agents.mcp_servers[0].url"
    said = f"{where} is an MCP server that no document declares: https://mcp.example.com/wiki"
    assert told(shop)[0][2:] == ("warning", said)


@pytest.mark.parametrize(
    ("more", "summary"),
    [
        ("headers: {Authorization: Bearer abc}\n", "the header Authorization is a credential"),
        (
            "headers: {X-Key: '${env:ORDERS_KEY}'}\n",
            "a value of the environment does not belong in an MCP server",
        ),
        ("headers: {X-Key: '${var:key}'}\n", "a value of the environment does not belong in an MCP server"),
    ],
)
def test_no_secret_gets_into_an_agent(
    shop: ProjectFolder, monkeypatch: pytest.MonkeyPatch, more: str, summary: str
) -> None:
    monkeypatch.setenv("ORDERS_KEY", "hunter2-hunter2")
    variables = "{key: '${env:ORDERS_KEY}'}"
    shop.write(
        "assistctl.yaml",
        f"project: acme\ndefault_target: local\ntargets: {{local: {{platform: local, variables: {variables}}}}}\n",
    )
    declare(shop, ORDERS + more)
    outcome = shop.run("validate", "--format", "json", "--var", "orders_credential=cred_1")
    assert [diagnostic["summary"] for diagnostic in outcome.json["diagnostics"]] == [summary]
    assert "hunter2" not in outcome.out + outcome.err


def test_a_password_in_the_url(shop: ProjectFolder) -> None:
    declare(shop, "kind: mcp_server\nurl: https://me:pw@mcp.example.com\n")
    assert told(shop) == [("assistants/orders.yaml", 2, "error", "there is a name or a password in this URL")]


def test_servers_that_nobody_declares_and_that_nobody_uses(shop: ProjectFolder) -> None:
    shop.manifest("desk", tools=[{"type": "mcp", "server": "order"}])
    assert told(shop) == [
        ("assistants/desk.yaml", 1, "error", "no document declares an MCP server with the key 'order'"),
        ("assistants/orders.yaml", 1, "warning", "no assistant uses this MCP server"),
    ]
    desk(shop)
    shop.write("assistants/wiki.yaml", "kind: mcp_server\nurl: https://mcp.example.com/wiki\n")
    assert told(shop) == [("assistants/wiki.yaml", 1, "warning", "no assistant uses this MCP server")]


def test_one_file_by_itself_knows_the_servers_of_the_others(shop: ProjectFolder) -> None:
    shop.write("assistctl.yaml", "project: acme\ntargets: {cloud: {platform: anthropic-agents, api_key: k}}\n")
    declare(shop, ORDERS + "headers: {X-Tenant: acme}\n")
    found = told(shop, "-t", "cloud", "assistants/desk.yaml")
    assert "anthropic-agents cannot express tools[mcp:orders].headers" in [summary for *_, summary in found]


def test_twice_the_same(shop: ProjectFolder) -> None:
    shop.manifest("desk", tools=[{"type": "mcp", "server": "orders"}] * 2)
    assert [summary[:28] for *_, summary in told(shop)] == ["this tool is there twice: fi"]


def test_the_shape_of_another_api_is_told_the_way(shop: ProjectFolder) -> None:
    pasted = {"type": "mcp", "server_label": "orders", "server_url": "https://mcp.example.com"}
    shop.manifest("desk", tools=[pasted])
    outcome = shop.run("validate")
    assert "a tool names its key: `{type: mcp, server: KEY}`" in outcome.out + outcome.err


def test_there_is_a_schema(shop: ProjectFolder) -> None:
    assert shop.run("schema", "mcp-server").json["title"] == "MCP server manifest"
    assert "mcp-server" in json.dumps(shop.run("schema", "manifest").json)


def steps(project: ProjectFolder) -> None:
    """Apply, see that nothing is left to do, change the server's document, and apply again."""
    for text in (ORDERS, ORDERS.replace(", cancel", ""), ORDERS.replace("/orders", "/v2/orders")):
        declare(project, text)
        applied = project.run("apply", "--yes", "--var", "orders_credential=cred_1")
        assert applied.code == 0, applied.out + applied.err
        assert "1 created" in applied.out or "1 updated" in applied.out
        assert project.run("plan", "--detailed-exitcode", "--var", "orders_credential=cred_1").code == 0
        assert project.run("drift", "--var", "orders_credential=cred_1").code == 0


def test_on_claudes_agents(project: ProjectFolder) -> None:
    agents = ManagedAgents()
    with serving(agents.app()) as running:
        target = f"platform: anthropic-agents, base_url: '{running.url.removesuffix('/v1')}', api_key: k"
        project.write("assistctl.yaml", f"project: acme\ndefault_target: t\ntargets: {{t: {{{target}}}}}\n")
        project.manifest("desk", model="claude-opus-5-5", tools=[{"type": "mcp", "server": "orders"}])
        steps(project)
        [agent] = agents.agents.values()
        assert [mcp_server["url"] for mcp_server in agent["mcp_servers"]] == ["https://mcp.example.com/v2/orders"]
        assert "cred_1" not in json.dumps(agent)
        project.manifest("desk", model="claude-opus-5-5")
        assert project.run("apply", "--yes", "--var", "orders_credential=cred_1").code == 0
        [agent] = agents.agents.values()
        assert (agent["mcp_servers"], agent["tools"]) == ([], [])


def test_on_the_agents_api(project: ProjectFolder, server: RecordingServer) -> None:
    target = f"platform: openai-agents, base_url: '{server.url}', api_key: k"
    project.write("assistctl.yaml", f"project: acme\ndefault_target: t\ntargets: {{t: {{{target}}}}}\n")
    project.manifest("desk", model="gpt-5.4-mini", tools=[{"type": "mcp", "server": "orders"}])
    steps(project)
    sent = [
        asked.body["tools"] for asked in server.asked if asked.method == "POST" and "tools" in (asked.body or {})
    ]
    assert sent[-1][0]["transport"]["server_url"] == "https://mcp.example.com/v2/orders"
    assert sent[-1][0]["credential_id"] == "cred_1"
