"""migrate: tools that one platform has, exchanged for what another has in their place, and applied there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from starlette.types import ASGIApp, Receive, Scope, Send

from support import foundry
from support.foundry import Foundry
from support.managed_agents import ManagedAgents
from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder
from support.server import RecordingServer, serving

pytestmark = pytest.mark.from_snapshots

TARGETS = """\
project: acme
targets:
  agents: {{platform: openai-agents, base_url: "{agents}", api_key: k, variables: {{model: gpt-6-luna}}}}
  old: {{platform: openai-assistants, base_url: "{agents}", api_key: k}}
  managed: {{platform: anthropic-agents, base_url: "{managed}", api_key: k, variables: {{model: claude-opus-5-5}}}}
  foundry: {{platform: azure-foundry, base_url: "{foundry}", api_key: k, variables: {{model: gpt-6-luna}}}}
  mistral:
    {{platform: mistral-agents, base_url: "{mistral}", api_key: k, variables: {{model: mistral-small-latest}}}}
"""
CONNECTION = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a/connections/c"
SPEC = {"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}}
MODELS = {"agents": "gpt-6-luna", "managed": "claude-opus-5-5", "mistral": "mistral-medium-latest"}
AGENT: dict[str, Any] = {"object": "assistant", "created_at": 1, "model": "gpt-6-luna"}


@dataclass
class Clouds:
    """A project with a target on each platform, and what is there."""

    project: ProjectFolder
    foundry: Foundry
    managed: ManagedAgents
    mistral: MistralAgents
    agents: RecordingServer

    def moved(self, *assistants: dict[str, Any], to: str, model: str = "gpt-6-luna") -> dict[str, Any]:
        """The fates of the fields of the first one, by their paths."""
        return self.moved_all(*assistants, to=to, model=model)[0]

    def moved_all(self, *assistants: dict[str, Any], to: str, model: str = "gpt-6-luna") -> list[dict[str, Any]]:
        """The same of each."""
        exported = [
            {**AGENT, "model": model, "id": f"asst_{n}", **assistant} for n, assistant in enumerate(assistants)
        ]
        self.project.write("export.json", json.dumps(exported))
        return self.reports("export.json", to)

    def report(self, source: str, to: str) -> dict[str, Any]:
        return self.reports(source, to)[0]

    def reports(self, source: str, to: str) -> list[dict[str, Any]]:
        shown = self.project.run("migrate", "--from", source, "--to", to, "--format", "json")
        assert shown.code == 0, shown.err
        return [{field["path"]: field for field in assistant["fields"]} for assistant in shown.json["assistants"]]

    def written(self, name: str) -> dict[str, Any]:
        text = (self.project.path / "assistants" / f"{name}.yaml").read_text()
        found: dict[str, Any] = yaml.safe_load(text)
        return found

    def applied(self, target: str) -> None:
        done = self.project.run("apply", "--target", target, "--yes")
        assert done.code == 0, done.out + done.err
        assert self.project.run("plan", "--target", target, "--detailed-exitcode").code == 0

    def left(self, target: str, *keys: str) -> None:
        """Apply what is declared, and have neither ``desk``, which is forgotten, nor ``keys`` in the project."""
        done = self.project.run("apply", "--target", target, "--yes")
        assert done.code == 0, done.out + done.err
        for key in ("desk", *keys):
            self.project.remove(key)
        assert self.project.run("forget", "desk", "--target", target, "--yes").code == 0


class Hosted:
    """Passes requests on to the app of the present test."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, tuple[Hosted, str]]]:
    """A server for each platform that is not ours, and its address, for all tests of the file."""
    with ExitStack() as servers:
        apps = {name: Hosted() for name in ("foundry", "managed", "mistral")}
        yield {
            name: (app, servers.enter_context(serving(app)).url.removesuffix("/v1")) for name, app in apps.items()
        }


@pytest.fixture
def clouds(project: ProjectFolder, server: RecordingServer, hosts: dict[str, tuple[Hosted, str]]) -> Clouds:
    there, managed_agents, mistral_agents = Foundry(), ManagedAgents(), MistralAgents()
    apps = {"foundry": there.app(), "managed": managed_agents.app(), "mistral": mistral_agents.app()}
    for name, app in apps.items():
        hosts[name][0].app = app
    addresses = {name: address for name, (_, address) in hosts.items()} | {"agents": server.url}
    addresses["foundry"] += foundry.PROJECT
    project.write("assistctl.yaml", TARGETS.format(**addresses))
    return Clouds(project, there, managed_agents, mistral_agents, server)


CLASSIC: tuple[tuple[dict[str, Any], dict[str, Any], dict[str, Any]], ...] = (
    (
        {"type": "azure_ai_search"},
        {
            "azure_ai_search": {
                "indexes": [
                    {"index_connection_id": CONNECTION, "index_name": "docs", "query_type": "simple", "top_k": 5}
                ]
            }
        },
        {
            "type": "azure_ai_search",
            "azure_ai_search": {
                "indexes": [
                    {"project_connection_id": CONNECTION, "index_name": "docs", "query_type": "simple", "top_k": 5}
                ]
            },
        },
    ),
    (
        {
            "type": "bing_grounding",
            "bing_grounding": {"search_configurations": [{"connection_id": CONNECTION, "count": 3}]},
        },
        {},
        {
            "type": "bing_grounding",
            "bing_grounding": {"search_configurations": [{"project_connection_id": CONNECTION, "count": 3}]},
        },
    ),
    (
        {
            "type": "bing_custom_search",
            "bing_custom_search": {"search_configurations": [{"connection_id": CONNECTION, "instance_name": "i"}]},
        },
        {},
        {
            "type": "bing_custom_search_preview",
            "bing_custom_search_preview": {
                "search_configurations": [{"project_connection_id": CONNECTION, "instance_name": "i"}]
            },
        },
    ),
    (
        {
            "type": "openapi",
            "openapi": {
                "name": "weather",
                "description": None,
                "spec": {**SPEC, "connection_id": "of the specification"},
                "auth": {"type": "connection", "security_scheme": {"connection_id": CONNECTION}},
                "functions": [{"name": "read"}],
            },
        },
        {},
        {
            "type": "openapi",
            "openapi": {
                "name": "weather",
                "spec": {**SPEC, "connection_id": "of the specification"},
                "auth": {"type": "project_connection", "security_scheme": {"project_connection_id": CONNECTION}},
            },
        },
    ),
    (
        {
            "type": "openapi",
            "openapi": {
                "name": "free",
                "spec": SPEC,
                "auth": {"type": "managed_identity", "security_scheme": {"audience": "a"}},
            },
        },
        {},
        {
            "type": "openapi",
            "openapi": {
                "name": "free",
                "spec": SPEC,
                "auth": {"type": "managed_identity", "security_scheme": {"audience": "a"}},
            },
        },
    ),
    (
        {"type": "fabric_dataagent", "fabric_dataagent": {"connections": [{"connection_id": CONNECTION}]}},
        {},
        {
            "type": "fabric_dataagent_preview",
            "fabric_dataagent_preview": {"project_connections": [{"project_connection_id": CONNECTION}]},
        },
    ),
    (
        {"type": "sharepoint_grounding", "sharepoint_grounding": {"connections": [{"connection_id": CONNECTION}]}},
        {},
        {
            "type": "sharepoint_grounding_preview",
            "sharepoint_grounding_preview": {"project_connections": [{"project_connection_id": CONNECTION}]},
        },
    ),
    (
        {"type": "browser_automation", "browser_automation": {"connection": {"id": CONNECTION}}},
        {},
        {
            "type": "browser_automation",
            "browser_automation": {"connection": {"project_connection_id": CONNECTION}},
        },
    ),
    (
        {
            "type": "computer_use_preview",
            "computer_use_preview": {"display_width": 800, "display_height": 600, "environment": "browser"},
        },
        {},
        {"type": "computer_use_preview", "display_width": 800, "display_height": 600, "environment": "browser"},
    ),
    (
        {
            "type": "azure_function",
            "azure_function": {
                "function": {"name": "f", "parameters": {"type": "object", "properties": {"connections": {}}}},
                "input_binding": {
                    "type": "storage_queue",
                    "storage_queue": {"queue_service_endpoint": "https://q", "queue_name": "in"},
                },
                "output_binding": {
                    "type": "storage_queue",
                    "storage_queue": {"queue_service_endpoint": "https://q", "queue_name": "out"},
                },
            },
        },
        {},
        {
            "type": "azure_function",
            "azure_function": {
                "function": {"name": "f", "parameters": {"type": "object", "properties": {"connections": {}}}},
                "input_binding": {
                    "type": "storage_queue",
                    "storage_queue": {"queue_service_endpoint": "https://q", "queue_name": "in"},
                },
                "output_binding": {
                    "type": "storage_queue",
                    "storage_queue": {"queue_service_endpoint": "https://q", "queue_name": "out"},
                },
            },
        },
    ),
)


def test_tools_of_the_classic_service(clouds: Clouds) -> None:
    names = [f"Desk {number}" for number in range(len(CLASSIC))]
    desks = [
        {"name": name, "tools": [tool], "tool_resources": resources}
        for name, (tool, resources, _) in zip(names, CLASSIC, strict=True)
    ]
    moved = clouds.moved_all(*desks, to="foundry")
    for fates, (tool, _, made), key in zip(moved, CLASSIC, map(key_of, names), strict=True):
        assert fates[f"tools[{tool['type']}]"]["outcome"] == "mapped"
        assert [path for path, fate in fates.items() if fate["outcome"] == "lost"] == [], made
        assert clouds.written(key)["platforms"] == {"azure-foundry": {"tools": [made]}}
    # The server takes what the SDK's own types have, and nothing else.
    clouds.applied("foundry")
    for (_, _, made), key in zip(CLASSIC, map(key_of, names), strict=True):
        assert clouds.foundry.latest(key)["definition"]["tools"] == [made]


def key_of(name: str) -> str:
    """The key that an assistant of that name gets."""
    return name.lower().replace(" ", "-")


def test_what_foundry_has_nothing_for_has_a_way_on(clouds: Clouds) -> None:
    tools = [
        {"type": "connected_agent", "connected_agent": {"id": "asst_9", "name": "other", "description": "d"}},
        {"type": "deep_research", "deep_research": {"deep_research_model": "o3-deep-research"}},
        {"type": "of_tomorrow"},
    ]
    fates = clouds.moved({"name": "Desk", "tools": tools}, to="foundry")
    assert {path: fate["outcome"] for path, fate in fates.items() if path.startswith("tools")} == {
        "tools[connected_agent]": "lost",
        "tools[deep_research]": "lost",
        "tools[of_tomorrow]": "lost",
    }
    assert "a2a" in fates["tools[connected_agent]"]["note"]
    assert "web_search" in fates["tools[deep_research]"]["note"]
    assert fates["tools[connected_agent]"]["value"] == tools[0]
    clouds.applied("foundry")


@pytest.mark.parametrize(
    ("to", "tools"),
    [
        (
            "agents",
            {
                "bing_grounding": ("mapped", "own web search"),
                "azure_ai_search": ("lost", "searches the index"),
                "openapi": ("lost", "a function for each operation"),
                "connected_agent": ("lost", "multi_agent"),
                "azure_function": ("lost", "manifests have no place for it"),
            },
        ),
        (
            "managed",
            {
                "bing_grounding": ("lost", "Enable web_search"),
                "azure_ai_search": ("lost", "searches the index"),
                "openapi": ("lost", "a function for each operation"),
            },
        ),
        (
            "mistral",
            {
                "bing_grounding": ("mapped", "own web search"),
                "azure_ai_search": ("lost", "document_library"),
                "openapi": ("lost", "a function for each operation"),
                "file_search": ("lost", "document_library"),
                "connected_agent": ("lost", "not among those that are moved"),
            },
        ),
    ],
)
def test_tools_of_the_classic_service_elsewhere(
    clouds: Clouds, to: str, tools: dict[str, tuple[str, str]]
) -> None:
    desks = [{"name": f"Desk {kind}", "tools": [{"type": kind, kind: {}}]} for kind in tools]
    moved = clouds.moved_all(*desks, to=to, model=MODELS[to])
    for fates, (kind, (outcome, words)) in zip(moved, tools.items(), strict=True):
        fate = fates[f"tools[{kind}]"]
        assert (fate["outcome"], words in fate["note"]) == (outcome, True), kind
    clouds.applied(to)


def test_a_code_interpreter_is_the_toolset_of_managed_agents(clouds: Clouds) -> None:
    assistant = {"name": "Desk", "tools": [{"type": "code_interpreter"}]}
    fates = clouds.moved(assistant, to="managed", model="claude-opus-5-5")
    assert fates["tools[code_interpreter]"]["outcome"] == "mapped"
    assert "platforms.anthropic-agents.tools" not in fates
    clouds.applied("managed")
    (agent,) = clouds.managed.agents.values()
    (toolset,) = agent["tools"]
    assert toolset["type"] == "agent_toolset_20260401"
    enabled = {config["name"] for config in toolset["configs"] if config["enabled"]}
    assert "bash" in enabled
    assert not {"web_search", "web_fetch"} & enabled


def test_connected_agents_are_subagents(clouds: Clouds) -> None:
    connected = {"type": "connected_agent", "connected_agent": {"id": "asst_1", "name": "w", "description": "d"}}
    lonely = {"type": "connected_agent", "connected_agent": {"id": "asst_7", "name": "x", "description": "d"}}
    boss = {"name": "Boss", "tools": [connected]}
    fates = clouds.moved(boss, {"name": "Weather"}, to="managed", model="claude-opus-5-5")
    assert fates["tools[connected_agent]"]["outcome"] == "mapped"
    clouds.applied("managed")
    agents = {agent["name"]: agent for agent in clouds.managed.agents.values()}
    (named,) = agents["boss" if "boss" in agents else "Boss"]["multiagent"]["subagents"]["predefined_agents"]
    assert named["id"] == agents["Weather"]["id"]
    for key in ("boss", "weather"):
        clouds.project.remove(key)
    fates = clouds.moved({"name": "Boss", "tools": [lonely]}, to="managed", model="claude-opus-5-5")
    assert fates["tools[connected_agent]"]["outcome"] == "lost"
    assert "not among those that are moved" in fates["tools[connected_agent]"]["note"]


def test_connected_agents_are_handed_off_to_on_mistral(clouds: Clouds) -> None:
    connected = {"type": "connected_agent", "connected_agent": {"id": "asst_1", "name": "w", "description": "d"}}
    same = {"tools": [{"type": "code_interpreter"}, {"type": "function", "function": {"name": "look"}}]}
    boss = {"name": "Boss", "tools": [connected, *same["tools"]]}
    fates = clouds.moved(boss, {"name": "Weather"}, to="mistral", model="mistral-medium-latest")
    outcomes = {path: fate["outcome"] for path, fate in fates.items() if path.startswith("tools")}
    assert outcomes == {
        "tools[connected_agent]": "mapped",
        "tools[code_interpreter]": "carried",
        "tools[look]": "carried",
    }
    clouds.applied("mistral")
    agents = {agent["name"]: agent for agent in clouds.mistral.all()}
    assert agents["Boss"]["handoffs"] == [agents["Weather"]["id"]]


SEARCH = {"type": "web_search"}


APPLIED = {("agents", "foundry"), ("foundry", "mistral"), ("mistral", "agents")}


@pytest.mark.parametrize("there", ["agents", "foundry", "mistral"])
def test_a_web_search_is_that_of_each_platform(clouds: Clouds, there: str) -> None:
    names = {"agents": "openai-agents", "foundry": "azure-foundry", "mistral": "mistral-agents"}
    clouds.project.manifest("desk", model="${var:model}", platforms={names[there]: {"tools": [SEARCH]}})
    clouds.left(there)
    for to in (target for target in names if target != there):
        fates = clouds.report(there, to)
        assert fates[f"platforms.{names[there]}.tools[web_search]"]["outcome"] == "mapped"
        assert f"platforms.{names[there]}.tools" not in fates
        # What the source has stays for targets there.
        platforms = clouds.written("desk")["platforms"]
        kinds = {name: [tool["type"] for tool in own["tools"]] for name, own in platforms.items()}
        assert kinds == {names[there]: ["web_search"], names[to]: ["web_search"]}
        assert platforms[names[to]] == {"tools": [SEARCH]}
        # It is the same wherever it comes from: each platform is asked once to take it.
        if (there, to) in APPLIED:
            clouds.applied(to)
        clouds.project.remove("desk")


def moved_from_mistral(clouds: Clouds, to: str, **fields: Any) -> dict[str, Any]:
    clouds.mistral.add(name="Desk", **fields)
    return clouds.report("mistral", to)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("agents", {"document_library": "as `files`", "connector": "kind: mcp_server"}),
        (
            "managed",
            {
                "document_library": "searches the documents",
                "web_search_premium": "Enable web_search",
                "connector": "kind: mcp_server",
            },
        ),
        ("foundry", {"document_library": "file_search", "connector": "kind: mcp_server"}),
    ],
)
def test_what_mistral_has_elsewhere(clouds: Clouds, to: str, words: dict[str, str]) -> None:
    needed: dict[str, dict[str, Any]] = {
        "document_library": {"library_ids": ["lib_1"]},
        "connector": {"connector_id": "c_1"},
    }
    tools = [{"type": kind, **needed.get(kind, {})} for kind in words]
    fates = moved_from_mistral(clouds, to, tools=[*tools, {"type": "code_interpreter"}])
    for kind, word in words.items():
        fate = fates[f"platforms.mistral-agents.tools[{kind}]"]
        assert (fate["outcome"], word in fate["note"]) == ("lost", True), kind
        assert "tool_configuration" not in fate["note"]
    assert fates["tools[code_interpreter]"]["outcome"] in {"carried", "mapped"}


def test_pictures_are_drawn_on_foundry_too(clouds: Clouds) -> None:
    fates = moved_from_mistral(clouds, "foundry", tools=[{"type": "image_generation"}])
    assert fates["platforms.mistral-agents.tools[image_generation]"]["outcome"] == "mapped"
    clouds.applied("foundry")
    assert clouds.foundry.latest("desk")["definition"]["tools"] == [{"type": "image_generation"}]


def test_a_search_within_bounds_is_not_let_loose(clouds: Clouds) -> None:
    """What a search may see is not said in the same way everywhere: somebody has to look at it."""
    tool = {**SEARCH, "filters": {"allowed_domains": ["example.com"]}}
    clouds.foundry.add_version("desk", {"definition": {"kind": "prompt", "model": "gpt-6-luna", "tools": [tool]}})
    fates = clouds.report("foundry", "mistral")
    fate = fates["platforms.azure-foundry.tools[web_search]"]
    assert (fate["outcome"], fate["value"]) == ("lost", tool)
    assert "for filters" in fate["note"]
    assert "mistral-agents" not in clouds.written("desk")["platforms"]


def test_a_toolset_and_servers_have_a_way_on_to_mistral(clouds: Clouds) -> None:
    clouds.project.write("assistants/orders.yaml", SERVER)
    tools = [{"type": "mcp", "server": "orders"}]
    own = {"tools": [{"type": "agent_toolset_20260401"}]}
    clouds.project.manifest("desk", model="${var:model}", tools=tools, platforms={"anthropic-agents": own})
    clouds.left("managed")
    fates = clouds.report("managed", "mistral")
    toolset, server = sorted(fate["note"] for path, fate in fates.items() if "anthropic-agents.tools[" in path)
    assert "{type: code_interpreter}" in toolset
    assert "{type: connector, connector_id: ID}" in server


MCP = {
    "type": "mcp",
    "server_label": "Orders",
    "server_url": "https://mcp.example.com/mcp",
    "allowed_tools": ["find"],
}


def test_the_document_of_a_server_stands_beside_an_assistant_of_its_name(clouds: Clouds) -> None:
    uses = {"name": "orders-server", "tools": [MCP]}
    clouds.moved(uses, to="agents")
    assert clouds.written("orders-server")["tools"][0]["server"] == "orders"
    assert clouds.written("orders-server-2")["kind"] == "mcp_server"
    assert clouds.project.run("validate").code == 0


def test_an_mcp_server_is_a_document(clouds: Clouds) -> None:
    resources = {
        "mcp": [{"server_label": "Orders", "headers": {"X-Tenant": "acme", "Authorization": "Bearer t0k3n"}}]
    }
    both = {"tools": [MCP], "tool_resources": resources}
    fates = clouds.moved({"name": "Desk", **both}, {"name": "Night", **both}, to="foundry")
    assert fates["tools[mcp:Orders]"]["outcome"] == "mapped"
    assert fates["tools[mcp:Orders].headers.Authorization"]["outcome"] == "lost"
    assert "credential" in fates["tools[mcp:Orders].headers.Authorization"]["note"]
    assert clouds.written("orders-server") == {
        "kind": "mcp_server",
        "key": "orders",
        "url": "https://mcp.example.com/mcp",
        "headers": {"X-Tenant": "acme"},
    }
    use = {"type": "mcp", "server": "orders", "allowed_tools": ["find"]}
    assert [clouds.written(key)["tools"] for key in ("desk", "night")] == [[use], [use]]
    assert "t0k3n" not in "".join(path.read_text() for path in clouds.project.path.glob("assistants/**/*.yaml"))
    clouds.applied("foundry")
    (tool,) = clouds.foundry.latest("desk")["definition"]["tools"]
    assert (tool["server_url"], tool["headers"]) == ("https://mcp.example.com/mcp", {"X-Tenant": "acme"})


def test_a_server_has_a_key_of_its_own(clouds: Clouds) -> None:
    """A key is one identity in the project, whatever it is of."""
    clouds.project.write("export.json", json.dumps({**AGENT, "id": "asst_1", "name": "Orders", "tools": [MCP]}))
    shown = clouds.project.run("migrate", "--from", "export.json", "--to", "foundry", "--format", "json")
    assert [assistant["files"] for assistant in shown.json["assistants"]] == [["orders.yaml"]]
    assert shown.json["mcp_servers"] == [{"key": "orders-2", "files": ["orders-2-server.yaml"]}]
    assert clouds.written("orders")["tools"][0]["server"] == "orders-2"
    assert clouds.project.run("validate").code == 0


def test_an_assistant_gets_no_key_of_something_else(clouds: Clouds) -> None:
    clouds.project.write("assistants/ours.yaml", "kind: mcp_server\nkey: desk\nurl: https://mcp.example.com/m\n")
    clouds.moved({"name": "Desk", "tools": [MCP]}, to="foundry")
    assert clouds.written("desk-2")["name"] == "Desk"
    assert clouds.project.run("validate").code == 0


def test_a_server_that_is_declared_already_is_used(clouds: Clouds) -> None:
    clouds.project.write("assistants/ours.yaml", "kind: mcp_server\nkey: ours\nurl: https://mcp.example.com/mcp\n")
    clouds.moved({"name": "Desk", "tools": [MCP]}, to="foundry")
    assert clouds.written("desk")["tools"] == [{"type": "mcp", "server": "ours", "allowed_tools": ["find"]}]
    assert not (clouds.project.path / "assistants/orders-server.yaml").exists()


def test_the_assistants_api_has_none(clouds: Clouds) -> None:
    fates = clouds.moved({"name": "Desk", "tools": [MCP]}, to="old")
    assert fates["tools[mcp:Orders]"]["outcome"] == "lost"
    assert "no MCP servers" in fates["tools[mcp:Orders]"]["note"]


HAVE_SERVERS = ("agents", "managed", "foundry")
SERVER = "kind: mcp_server\nkey: orders\nurl: https://mcp.example.com/mcp\n"


@pytest.mark.parametrize("there", HAVE_SERVERS)
def test_servers_move_between_all_platforms_that_have_them(clouds: Clouds, there: str) -> None:
    clouds.project.write("assistants/orders.yaml", SERVER)
    use = {"type": "mcp", "server": "orders", "allowed_tools": ["find"]}
    clouds.project.manifest("desk", model="${var:model}", tools=[use])
    clouds.left(there, "orders")
    for to in (target for target in HAVE_SERVERS if target != there):
        fates = clouds.report(there, to)
        assert fates["tools[mcp:orders]"]["outcome"] == "mapped"
        assert clouds.written("desk")["tools"] == [use]
        assert "platforms" not in clouds.written("desk")
        server = {"kind": "mcp_server", "key": "orders", **yaml.safe_load(SERVER)}
        assert clouds.written("orders-server") == server
        for name in ("desk", "orders-server"):
            clouds.project.remove(name)


def test_what_a_document_cannot_say_of_a_server_stays_with_its_platform(clouds: Clouds) -> None:
    tool = {**MCP, "allowed_tools": {"read_only": True}}
    clouds.foundry.add_version("desk", {"definition": {"kind": "prompt", "model": "gpt-6-luna", "tools": [tool]}})
    fates = clouds.report("foundry", "agents")
    assert fates["platforms.azure-foundry.tools"]["outcome"] == "lost"
    assert clouds.written("desk")["platforms"]["azure-foundry"]["tools"] == [tool]


def test_an_approval_that_the_destination_has_no_place_for_is_lost(clouds: Clouds) -> None:
    tool = {**MCP, "require_approval": "always", "server_description": "d"}
    clouds.foundry.add_version("desk", {"definition": {"kind": "prompt", "model": "gpt-6-luna", "tools": [tool]}})
    fates = clouds.report("foundry", "agents")
    assert fates["tools[mcp:Orders].require_approval"]["outcome"] == "lost"
    assert fates["tools[mcp:Orders].server_description"]["outcome"] == "lost"
    assert "require_approval" not in clouds.written("orders-server")
    clouds.applied("agents")
