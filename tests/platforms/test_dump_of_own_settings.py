"""What only Foundry has on a tool that manifests have too: a dump says it where it can be said, and is valid."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from support.foundry import PROJECT, Foundry
from support.projects import ProjectFolder, nothing_to_do
from support.server import serving

INTERPRETER = {
    "type": "code_interpreter",
    "container": {"type": "auto", "file_ids": [], "memory_limit": "4g", "network_policy": {"type": "disabled"}},
}
SEARCH = {"type": "file_search", "vector_store_ids": [], "filters": {"type": "eq", "key": "team", "value": "a"}}


@pytest.mark.parametrize("reads", [False, True])
def test_a_dump_is_valid_and_changes_nothing(project: ProjectFolder, *, reads: bool) -> None:
    """Settings of a tool that reads something stay with the platform: what it reads is declared with the tool."""
    agents = Foundry()
    search = {**SEARCH, "vector_store_ids": ["vs_1"]} if reads else SEARCH
    reasoning = {"effort": "high", "mode": "pro", "context": "all_turns"}
    definition = {"kind": "prompt", "model": "gpt-5", "reasoning": reasoning, "tools": [INTERPRETER, search]}
    agents.add_version("desk", {"definition": definition})
    with serving(agents.app()) as server:
        address = server.url.removesuffix("/v1") + PROJECT
        target = f'{{platform: azure-foundry, base_url: "{address}", api_key: test-key}}'
        project.write("assistctl.yaml", f"project: acme\ndefault_target: prod\ntargets:\n  prod: {target}\n")
        assert project.run("dump").code == 0
        assert project.run("validate").code == 0
        planned = project.run("plan", "--adopt", "--format", "json").json
    dumped = yaml.safe_load((project.path / "assistants" / "desk.yaml").read_text())
    own = dumped["platforms"]["azure-foundry"]
    assert (own["reasoning_mode"], own["reasoning_context"]) == ("pro", "all_turns")
    settings = {"memory_limit": "4g", "network_policy": {"type": "disabled"}}
    assert own["tools"][0] == {"type": "code_interpreter", "container": settings}
    assert [tool["type"] for tool in own["tools"][1:]] == ([] if reads else ["file_search"])
    assert dumped.get("tools") == ([{"type": "file_search"}] if reads else None)
    assert [change["diffs"] for change in planned["changes"]] == [[]]


MANY = {
    "server_description": "Orders.",
    "defer_loading": False,
    "project_connection_id": "orders",
    "require_approval": {"always": {"tool_names": ["cancel"]}, "never": {"tool_names": ["find"]}},
    "tool_configs": {"find": {"additional_search_text": "orders"}},
}


class FillsInServers(Foundry):
    """Says what an MCP server's settings are by default, those inside of others too."""

    def add_version(self, name: str, sent: dict[str, Any]) -> dict[str, Any]:
        """A new version with all of them."""
        tools = [
            {
                "require_approval": "always",
                **tool,
                "allowed_tools": {"read_only": False, **tool["allowed_tools"]},
            }
            for tool in sent["definition"]["tools"]
        ]
        return super().add_version(name, {**sent, "definition": {**sent["definition"], "tools": tools}})


@pytest.mark.parametrize("more", [{}, MANY], ids=["few settings", "many settings"])
@pytest.mark.parametrize("is_ours", [False, True], ids=["adopted", "lost and found"])
def test_after_a_dump_nothing_is_left_to_do_for_a_server_with_settings_inside_of_others(
    project: ProjectFolder, more: dict[str, Any], *, is_ours: bool
) -> None:
    """Of what was applied there is a digest, which had none of what the platform has filled in, and a dump has."""
    agents = FillsInServers()
    server = {
        "type": "mcp",
        "server_label": "orders",
        "server_url": "https://mcp.example.com/orders",
        "allowed_tools": {"tool_names": ["find"]},
        **more,
    }
    with serving(agents.app()) as running:
        address = running.url.removesuffix("/v1") + PROJECT
        target = f'{{platform: azure-foundry, base_url: "{address}", api_key: test-key}}'
        project.write("assistctl.yaml", f"project: acme\ndefault_target: prod\ntargets:\n  prod: {target}\n")
        if is_ours:
            project.manifest("desk", model="gpt-5", platforms={"azure-foundry": {"tools": [server]}})
            assert project.run("apply", "--yes").code == 0
            project.remove("desk")
        else:
            agents.add_version("desk", {"definition": {"kind": "prompt", "model": "gpt-5", "tools": [server]}})
        assert project.run("dump").code == 0
        dumped = yaml.safe_load((project.path / "assistants" / "desk.yaml").read_text())
        [tool] = dumped["platforms"]["azure-foundry"]["tools"]
        assert tool == {
            "require_approval": "always",
            **server,
            "allowed_tools": {"tool_names": ["find"], "read_only": False},
        }
        if not is_ours:
            assert project.run("apply", "--yes", "--adopt").code == 0
        nothing_to_do(project)
        versions = len(agents.agents["desk"])
        assert project.run("apply", "--yes").code == 0
        assert len(agents.agents["desk"]) == versions
        # What was declared and is not any more is an update still.
        server_alone = {name: value for name, value in tool.items() if name != "allowed_tools"}
        project.write(
            "assistants/desk.yaml",
            yaml.safe_dump({**dumped, "platforms": {"azure-foundry": {"tools": [server_alone]}}}),
        )
        [change] = project.run("plan", "--format", "json").json["changes"]
        assert [diff["origin"] for diff in change["diffs"]] == ["manifest"]
