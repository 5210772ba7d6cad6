"""migrate: tools that one platform has, exchanged for what another has in their place, and applied there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import pytest
import yaml

from support import foundry
from support.foundry import Foundry
from support.managed_agents import ManagedAgents
from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder
from support.server import RecordingServer, serving

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
        exported = [{**AGENT, "model": model, "id": f"asst_{n}", **one} for n, one in enumerate(assistants)]
        self.project.write("export.json", json.dumps(exported))
        return self.report("export.json", to)

    def report(self, source: str, to: str) -> dict[str, Any]:
        shown = self.project.run("migrate", "--from", source, "--to", to, "--format", "json")
        assert shown.code == 0, shown.err
        return {field["path"]: field for field in shown.json["assistants"][0]["fields"]}

    def written(self, name: str) -> dict[str, Any]:
        text = (self.project.path / "assistants" / f"{name}.yaml").read_text()
        found: dict[str, Any] = yaml.safe_load(text)
        return found

    def applied(self, target: str) -> None:
        done = self.project.run("apply", "--target", target, "--yes")
        assert done.code == 0, done.out + done.err
        assert self.project.run("plan", "--target", target, "--detailed-exitcode").code == 0


@pytest.fixture
def clouds(project: ProjectFolder, server: RecordingServer) -> Iterator[Clouds]:
    there, managed_agents, mistral_agents = Foundry(), ManagedAgents(), MistralAgents()
    servers = serving(there.app()), serving(managed_agents.app()), serving(mistral_agents.app())
    with servers[0] as azure, servers[1] as managed, servers[2] as mistral:
        addresses = {
            "agents": server.url,
            "managed": managed.url.removesuffix("/v1"),
            "mistral": mistral.url.removesuffix("/v1"),
            "foundry": azure.url.removesuffix("/v1") + foundry.PROJECT,
        }
        project.write("assistctl.yaml", TARGETS.format(**addresses))
        yield Clouds(project, there, managed_agents, mistral_agents, server)


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


@pytest.mark.parametrize(("tool", "resources", "made"), CLASSIC, ids=[made["type"] for _, _, made in CLASSIC])
def test_tools_of_the_classic_service(
    clouds: Clouds, tool: dict[str, Any], resources: dict[str, Any], made: dict[str, Any]
) -> None:
    fates = clouds.moved({"name": "Desk", "tools": [tool], "tool_resources": resources}, to="foundry")
    assert fates[f"tools[{tool['type']}]"]["outcome"] == "mapped"
    assert [path for path, fate in fates.items() if fate["outcome"] == "lost"] == []
    assert clouds.written("desk")["platforms"] == {"azure-foundry": {"tools": [made]}}
    # The server takes what the SDK's own types have, and nothing else.
    clouds.applied("foundry")
    assert clouds.foundry.latest("desk")["definition"]["tools"] == [made]


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
    ("to", "kind", "outcome", "words"),
    [
        ("agents", "bing_grounding", "mapped", "own web search"),
        ("agents", "azure_ai_search", "lost", "searches the index"),
        ("agents", "openapi", "lost", "a function for each operation"),
        ("agents", "connected_agent", "lost", "multi_agent"),
        ("agents", "azure_function", "lost", "manifests have no place for it"),
        ("managed", "bing_grounding", "lost", "Enable web_search"),
        ("managed", "azure_ai_search", "lost", "searches the index"),
        ("managed", "openapi", "lost", "a function for each operation"),
        ("mistral", "bing_grounding", "mapped", "own web search"),
        ("mistral", "azure_ai_search", "lost", "document_library"),
        ("mistral", "openapi", "lost", "a function for each operation"),
        ("mistral", "file_search", "lost", "document_library"),
        ("mistral", "connected_agent", "lost", "not among those that are moved"),
    ],
)
def test_tools_of_the_classic_service_elsewhere(
    clouds: Clouds, to: str, kind: str, outcome: str, words: str
) -> None:
    model = MODELS[to]
    fate = clouds.moved({"name": "Desk", "tools": [{"type": kind, kind: {}}]}, to=to, model=model)[
        f"tools[{kind}]"
    ]
    assert (fate["outcome"], words in fate["note"]) == (outcome, True)
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
    enabled = {one["name"] for one in toolset["configs"] if one["enabled"]}
    assert "bash" in enabled
    assert not {"web_search", "web_fetch"} & enabled


def test_connected_agents_are_subagents(clouds: Clouds) -> None:
    connected = {"type": "connected_agent", "connected_agent": {"id": "asst_1", "name": "w", "description": "d"}}
    lonely = {"type": "connected_agent", "connected_agent": {"id": "asst_7", "name": "x", "description": "d"}}
    boss = {"name": "Boss", "tools": [connected]}
    fates = clouds.moved(boss, {"name": "Weather"}, to="managed", model="claude-opus-5-5")
    assert fates["tools[connected_agent]"]["outcome"] == "mapped"
    clouds.applied("managed")
    agents = {one["name"]: one for one in clouds.managed.agents.values()}
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
    agents = {one["name"]: one for one in clouds.mistral.all()}
    assert agents["Boss"]["handoffs"] == [agents["Weather"]["id"]]


SEARCH = {"type": "web_search"}


@pytest.mark.parametrize(("there", "to"), [*permutations(["agents", "foundry", "mistral"], 2)])
def test_a_web_search_is_that_of_each_platform(clouds: Clouds, there: str, to: str) -> None:
    names = {"agents": "openai-agents", "foundry": "azure-foundry", "mistral": "mistral-agents"}
    clouds.project.manifest("desk", model="${var:model}", platforms={names[there]: {"tools": [SEARCH]}})
    clouds.applied(there)
    clouds.project.remove("desk")
    assert clouds.project.run("forget", "desk", "--target", there, "--yes").code == 0
    fates = clouds.report(there, to)
    assert fates[f"platforms.{names[there]}.tools[web_search]"]["outcome"] == "mapped"
    assert f"platforms.{names[there]}.tools" not in fates
    # What the source has stays for targets there.
    platforms = clouds.written("desk")["platforms"]
    kinds = {name: [tool["type"] for tool in own["tools"]] for name, own in platforms.items()}
    assert kinds == {names[there]: ["web_search"], names[to]: ["web_search"]}
    assert platforms[names[to]] == {"tools": [SEARCH]}
    clouds.applied(to)


def moved_from_mistral(clouds: Clouds, to: str, **fields: Any) -> dict[str, Any]:
    clouds.mistral.add(name="Desk", **fields)
    return clouds.report("mistral", to)


@pytest.mark.parametrize(
    ("to", "kind", "words"),
    [
        ("agents", "document_library", "as `files`"),
        ("managed", "document_library", "searches the documents"),
        ("managed", "web_search_premium", "Enable web_search"),
        ("foundry", "document_library", "file_search"),
        ("foundry", "connector", "kind: mcp_server"),
        ("agents", "connector", "kind: mcp_server"),
        ("managed", "connector", "kind: mcp_server"),
    ],
)
def test_what_mistral_has_elsewhere(clouds: Clouds, to: str, kind: str, words: str) -> None:
    needed: dict[str, dict[str, Any]] = {
        "document_library": {"library_ids": ["lib_1"]},
        "connector": {"connector_id": "c_1"},
    }
    tool = {"type": kind, **needed.get(kind, {})}
    fates = moved_from_mistral(clouds, to, tools=[tool, {"type": "code_interpreter"}])
    fate = fates[f"platforms.mistral-agents.tools[{kind}]"]
    assert (fate["outcome"], words in fate["note"]) == ("lost", True)
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
    clouds.applied("managed")
    clouds.project.remove("desk")
    assert clouds.project.run("forget", "desk", "--target", "managed", "--yes").code == 0
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
    assert [one["files"] for one in shown.json["assistants"]] == [["orders.yaml"]]
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


SERVER = "kind: mcp_server\nkey: orders\nurl: https://mcp.example.com/mcp\n"


@pytest.mark.parametrize(("there", "to"), [*permutations(["agents", "managed", "foundry"], 2)])
def test_servers_move_between_all_platforms_that_have_them(clouds: Clouds, there: str, to: str) -> None:
    clouds.project.write("assistants/orders.yaml", SERVER)
    use = {"type": "mcp", "server": "orders", "allowed_tools": ["find"]}
    clouds.project.manifest("desk", model="${var:model}", tools=[use])
    clouds.applied(there)
    clouds.project.remove("desk")
    (clouds.project.path / "assistants/orders.yaml").unlink()
    assert clouds.project.run("forget", "desk", "--target", there, "--yes").code == 0
    fates = clouds.report(there, to)
    assert fates["tools[mcp:orders]"]["outcome"] == "mapped"
    assert clouds.written("desk")["tools"] == [use]
    assert "platforms" not in clouds.written("desk")
    assert clouds.written("orders-server") == {"kind": "mcp_server", "key": "orders", **yaml.safe_load(SERVER)}


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
