"""What only Foundry has on a tool that manifests have too: a dump says it where it can be said, and is valid."""

from __future__ import annotations

import pytest
import yaml

from support.foundry import PROJECT, Foundry
from support.projects import ProjectFolder
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
