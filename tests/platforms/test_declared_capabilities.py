"""What each platform's table says is what happens: to a plan, and to a request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.local.app import create_app
from assistctl.manifest.validation.schema import ASSISTANT, read_schema
from assistctl.model.capabilities import Level
from assistctl.model.plan import PlanOptions, TargetName
from assistctl.planning.capability_check import names_in, support_of
from assistctl.planning.identity.inventory import Knowledge
from assistctl.planning.planner import make_plan
from assistctl.planning.resources import Resources
from assistctl.platforms.registry import capabilities_of, known_platforms
from support.live_sessions import with_routes
from support.managed_resources import whole_app
from support.manifest_folder import ManifestFolder
from support.mistral_agents import MistralAgents
from support.openai_skills import OpenAISkillsServer
from support.projects import ProjectFolder
from support.server import recording_server, serving

FUNCTION = {"name": "f", "description": "Does it.", "parameters": {"type": "object", "properties": {"x": {}}}}
SCHEMA = {"name": "answer", "schema": {"type": "object", "properties": {}}}
# For each name in a table the least that asks for it, and the path of what does.
SAMPLES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "name": ({"name": "Order desk"}, "name"),
    "description": ({"description": "Answers."}, "description"),
    "model": ({}, "model"),
    "instructions": ({"instructions": "Answer."}, "instructions"),
    "metadata": ({"metadata": {"team": "support"}}, "metadata"),
    "temperature": ({"model": "gpt-4.1", "temperature": 0.5}, "temperature"),
    "top_p": ({"model": "gpt-4.1", "top_p": 0.5}, "top_p"),
    "reasoning_effort": ({"reasoning_effort": "low"}, "reasoning_effort"),
    "response_format": ({"response_format": "auto"}, "response_format"),
    "response_format.text": ({"response_format": {"type": "text"}}, "response_format"),
    "response_format.json_object": ({"response_format": {"type": "json_object"}}, "response_format"),
    "response_format.json_schema": (
        {"response_format": {"type": "json_schema", "json_schema": SCHEMA}},
        "response_format",
    ),
    "tool_resources": ({"tool_resources": {"code_interpreter": {"file_ids": []}}}, "tool_resources"),
    "tools.code_interpreter": ({"tools": [{"type": "code_interpreter"}]}, "tools[code_interpreter]"),
    "tools.file_search": ({"tools": [{"type": "file_search"}]}, "tools[file_search]"),
    "tools.function": ({"tools": [{"type": "function", "function": FUNCTION}]}, "tools[f]"),
    "tools.mcp": ({"tools": [{"type": "mcp", "server": "orders"}]}, "tools[mcp:orders]"),
    "environment": ({"environment": "sandbox"}, "environment"),
    "memory_stores": ({"memory_stores": ["notes"]}, "memory_stores[0]"),
    "skills": ({"skills": ["refunds"]}, "skills[0]"),
    "files.code_interpreter": (
        {"tools": [{"type": "code_interpreter"}], "files": [{"path": "data.csv", "tool": "code_interpreter"}]},
        "files",
    ),
    "files.file_search": (
        {"tools": [{"type": "file_search"}], "files": [{"path": "page.md", "tool": "file_search"}]},
        "files",
    ),
}
OURS = {"kind", "key", "files", "vector_store", "lifecycle", "import", "moved_from", "checks", "platforms"}
SEVERITIES: Mapping[str, Severity] = {Level.MAPPED: Severity.INFO, Level.UNSUPPORTED: Severity.ERROR}


def key_of(name: str) -> str:
    return name.replace(".", "-")


def write_samples(write: Any) -> None:
    write("assistants/data.csv", "a,b\n1,2\n")
    write("assistants/page.md", "# A page\n\nWith words.\n")
    write("assistants/orders.yaml", "kind: mcp_server\nurl: https://mcp.example.com/orders\n")
    write("assistants/sandbox.yaml", "kind: environment\n")
    write("assistants/notes.yaml", "kind: memory_store\n")
    write("assistants/refunds.yaml", "kind: skill\nfolder: refunds\n")
    write("assistants/refunds/SKILL.md", "---\nname: refunds\ndescription: How to refund.\n---\n\nRefund.\n")
    for name, (fields, _) in SAMPLES.items():
        write(f"assistants/{key_of(name)}.yaml", json.dumps({"model": "gpt-5", **fields}, indent=1))


@pytest.fixture
def samples(tmp_path: Path) -> ManifestFolder:
    folder = ManifestFolder(tmp_path)
    folder.write("assistctl.yaml", "project: acme\n")
    write_samples(folder.write)
    return folder


def test_there_is_a_sample_for_each_field_and_each_row() -> None:
    properties = read_schema(ASSISTANT)["properties"]
    assert isinstance(properties, dict)
    assert {name.partition(".")[0] for name in SAMPLES} - {"files"} == {*properties} - OURS
    tables = [capabilities_of(name).fields for name in known_platforms()]
    assert {*SAMPLES} == {*names_in(tables)}


@pytest.mark.parametrize("platform", known_platforms())
def test_a_plan_says_what_the_table_says(samples: ManifestFolder, platform: str) -> None:
    loaded = samples.load()
    assert loaded.diagnostics == ()
    capabilities = capabilities_of(platform)
    policy = PlanOptions("acme", TargetName("prod", platform))
    beside = Resources([resource for resource in loaded.resources if resource.kind in capabilities.resources])
    plan = make_plan(loaded.desired, [], policy, capabilities, Knowledge(loaded.stores), resources=beside)
    for name, (_, path) in SAMPLES.items():
        said = [
            diagnostic
            for diagnostic in plan.diagnostics
            if (diagnostic.key, diagnostic.path) == (key_of(name), path)
        ]
        support = support_of(name, capabilities.fields)
        expected = SEVERITIES.get(support.level if support else Level.UNSUPPORTED)
        assert [diagnostic.severity for diagnostic in said] == ([expected] if expected else []), (name, said)
        for diagnostic in said:
            assert_tells_all(diagnostic, name, platform)
            assert support
            assert diagnostic.detail == support.note


def assert_tells_all(said: Diagnostic, name: str, platform: str) -> None:
    """File, line, field, platform, and how it is mapped or the nearest way on."""
    assert said.position is not None
    assert (said.position.file, said.position.line > 1) == (f"assistants/{key_of(name)}.yaml", True)
    assert said.path in said.summary
    assert platform in said.summary
    assert said.detail


@contextmanager
def address(platform: str, folder: Path) -> Iterator[str]:
    """Where a platform is served for these tests; the embedded one needs no address."""
    if platform == "local":
        yield "unused"
    elif platform == "anthropic-agents":
        with serving(whole_app()) as server:
            yield server.url.removesuffix("/v1")
    elif platform == "mistral-agents":
        with serving(MistralAgents().app()) as server:
            yield server.url.removesuffix("/v1")
    elif platform == "openai-agents":
        app = create_app(folder / "server.db")
        with serving(with_routes(OpenAISkillsServer().routes(), app)) as server:
            yield server.url
        app.state.database.close()
    else:
        with recording_server(folder / "server.db") as server:
            yield server.url


@pytest.mark.parametrize(
    "platform", ["local", "openai-assistants", "openai-agents", "anthropic-agents", "mistral-agents"]
)
def test_what_the_table_has_is_applied_and_kept(project: ProjectFolder, tmp_path: Path, platform: str) -> None:
    write_samples(project.write)
    with address(platform, tmp_path) as url:
        target = f'{{platform: {platform}, base_url: "{url}", api_key: test-key}}'
        project.write("assistctl.yaml", f"project: acme\ndefault_target: prod\ntargets:\n  prod: {target}\n")
        refused = project.run("validate", "-t", "prod", "--format", "json").json["diagnostics"]
        errors = {diagnostic["key"] for diagnostic in refused if diagnostic["severity"] == "error"}
        assert len(errors) < len(SAMPLES)
        for key in errors:
            project.remove(key)
        applied = project.run("apply", "--yes", "--format", "json")
        assert applied.code == 0, applied.err
        assert applied.json["summary"]["create"] >= len(SAMPLES) - len(errors)
        again = project.run("plan", "--detailed-exitcode")
        assert again.code == 0, again.out
