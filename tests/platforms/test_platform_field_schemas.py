"""What stands under ``platforms`` in a manifest, held against the SDKs' types: offline, with places and advice."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from assistctl.model.capabilities import Capabilities
from assistctl.platforms.registry import capabilities_of
from support.platform_field_schemas import FOLDER, platform_field_schemas, written
from support.projects import ProjectFolder

OPENAI, ANTHROPIC, AZURE = "openai-agents", "anthropic-agents", "azure-foundry"
MISTRAL = "mistral-agents"
PLATFORMS = (OPENAI, ANTHROPIC, AZURE, MISTRAL)


def test_the_files_are_what_the_sdks_say() -> None:
    for name, schema in platform_field_schemas().items():
        kept = (FOLDER / f"{name}.schema.json").read_text("utf-8")
        assert kept == written(schema), "run: PYTHONPATH=tests python -m support.platform_field_schemas"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_has_the_fields_of_its_platform(platform: str) -> None:
    capabilities: Capabilities = capabilities_of(platform)
    schema = platform_field_schemas()[f"{platform}-fields"]
    assert set(schema["properties"]) == capabilities.platform_fields, (
        "tests/support/platform_field_schemas.py picks them from the SDK's types"
    )


def declare(project: ProjectFolder, platform: str, fields: dict[str, Any]) -> None:
    project.write(
        "assistants/desk.yaml",
        f"model: m\nplatforms:\n  {platform}:\n"
        + "".join(f"    {name}: {json.dumps(value)}\n" for name, value in fields.items()),
    )


WRONG = [
    (OPENAI, {"service_tier": "turbo"}, "service_tier", (4, 19), "Allowed: auto, default, fast, flex"),
    (OPENAI, {"service_tier": "flexx"}, "service_tier", (4, 19), "Did you mean 'flex'?"),
    (OPENAI, {"servicetier": "flex"}, "servicetier", (4, 5), "Did you mean 'service_tier'?"),
    (OPENAI, {"multi_agent": {"enabld": True}}, "multi_agent.enabld", (4, 19), "Did you mean 'enabled'?"),
    (OPENAI, {"multi_agent": {"enabled": "yes"}}, "multi_agent.enabled", (4, 30), "Only true and false"),
    (OPENAI, {"tools": [{"type": "web_serch"}]}, "tools[0].type", (4, 22), "Did you mean 'web_search'?"),
    (
        OPENAI,
        {"tools": [{"type": "web_search", "location": {"town": "Bern"}}]},
        "tools[0].location.town",
        (4, 49),
        "Allowed here: city",
    ),
    (OPENAI, {"tools": [{"kind": "web_search"}]}, "tools[0]", (4, 13), "Add `type:`"),
    (ANTHROPIC, {"speed": "fastt"}, "speed", (4, 12), "Did you mean 'fast'?"),
    (
        ANTHROPIC,
        {"tools": [{"type": "agent_toolset_20260401", "configs": [{"name": "bsh"}]}]},
        "tools[0].configs[0].name",
        (4, 69),
        "Did you mean 'bash'?",
    ),
    (
        ANTHROPIC,
        {"multiagent": {"type": "coordinator", "agents": [{"type": "agnt", "id": "agent_1"}]}},
        "multiagent.agents[0].type",
        (4, 61),
        "Did you mean 'agent'?",
    ),
    (
        ANTHROPIC,
        {"multiagent": {"type": "coordinator", "agents": [{"assistant": "Boss"}]}},
        "multiagent.agents[0].assistant",
        (4, 66),
        "the key of another assistant",
    ),
    (
        ANTHROPIC,
        {"multiagent": {"type": "coordinator", "agents": [{"assistant": "boss", "version": 1}]}},
        "multiagent.agents[0].version",
        (4, 74),
        "Allowed here: assistant",
    ),
    (AZURE, {"tools": [{"type": "bing_groundng"}]}, "tools[0].type", (4, 22), "Did you mean 'bing_grounding'?"),
    (
        AZURE,
        {"rai_config": {"rai_policy": "x"}},
        "rai_config.rai_policy",
        (4, 18),
        "Did you mean 'rai_policy_name'?",
    ),
    (MISTRAL, {"tool_choice": "requird"}, "tool_choice", (4, 18), "Did you mean 'required'?"),
    (MISTRAL, {"max_token": 5}, "max_token", (4, 5), "Did you mean 'max_tokens'?"),
    (MISTRAL, {"tools": [{"type": "web_serch"}]}, "tools[0].type", (4, 22), "Did you mean 'web_search'?"),
    (
        MISTRAL,
        {"guardrails": [{"moderation_llm_v2": {"acton": "block"}}]},
        "guardrails[0].moderation_llm_v2.acton",
        (4, 41),
        "Did you mean 'action'?",
    ),
    (
        MISTRAL,
        {"handoffs": [{"assistant": "Boss"}]},
        "handoffs[0].assistant",
        (4, 30),
        "the key of another assistant",
    ),
]


@pytest.mark.parametrize(("platform", "fields", "path", "place", "advice"), WRONG)
def test_a_typo_is_told_where_it_stands(
    project: ProjectFolder,
    *,
    platform: str,
    fields: dict[str, Any],
    path: str,
    place: tuple[int, int],
    advice: str,
) -> None:
    declare(project, platform, fields)
    for command in ("validate", "plan"):
        outcome = project.run(command, "--format", "json")
        assert outcome.code == 1
        (told,) = outcome.json["diagnostics"]
        assert told["path"] == f"platforms.{platform}.{path}"
        assert (told["file"], told["line"], told["column"]) == ("assistants/desk.yaml", *place)
        assert advice in told["detail"]


RIGHT = [
    (OPENAI, {"compaction": {"async": True}, "experimental": None, "verbosity": "low"}),
    (OPENAI, {"tools": [{"type": "mcp", "server_label": "x", "transport": {"type": "http", "server_url": "u"}}]}),
    (ANTHROPIC, {"multiagent": {"type": "coordinator", "agents": ["agent_1", {"type": "self"}]}}),
    (ANTHROPIC, {"skills": [{"type": "custom", "skill_id": "skill_1", "version": "1"}], "inference_geo": "eu"}),
    (AZURE, {"tool_choice": "required", "skills": [{"name": "x"}]}),
    (AZURE, {"tool_choice": {"type": "function", "name": "f"}, "structured_inputs": {"a": {"default_value": 1}}}),
    (AZURE, {"tools": [{"type": "code_interpreter", "container": {"memory_limit": "4g"}}]}),
    (MISTRAL, {"stop": "END", "handoffs": ["ag_1"], "max_tokens": 100, "tool_choice": "any"}),
    (MISTRAL, {"stop": ["END"], "tools": [{"type": "document_library", "library_ids": ["lib_1"]}]}),
    (MISTRAL, {"tools": [{"type": "code_interpreter", "tool_configuration": {"exclude": ["x"]}}]}),
]


@pytest.mark.parametrize(("platform", "fields"), RIGHT)
def test_what_the_types_allow_is_right(project: ProjectFolder, platform: str, fields: dict[str, Any]) -> None:
    declare(project, platform, fields)
    outcome = project.run("validate", "--format", "json")
    assert (outcome.code, outcome.json["diagnostics"]) == (0, [])


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_misspelt_platform_is_told(project: ProjectFolder, command: str) -> None:
    declare(project, "openai-agent", {"service_tier": "flex"})
    outcome = project.run(command, "--format", "json")
    (told,) = outcome.json["diagnostics"]
    assert (outcome.code, told["severity"], told["path"]) == (1, "error", "platforms.openai-agent")
    assert (told["line"], told["column"]) == (4, 5)
    assert "Did you mean 'openai-agents'?" in told["detail"]


def test_a_platform_that_is_not_installed_here_is_a_warning(project: ProjectFolder) -> None:
    declare(project, "of-somebody-else", {"whatever": 1})
    outcome = project.run("validate", "--format", "json")
    (told,) = outcome.json["diagnostics"]
    assert (outcome.code, told["severity"]) == (0, "warning")


def test_a_variable_in_them_is_judged_once_it_is_known(project: ProjectFolder) -> None:
    declare(project, OPENAI, {"service_tier": "${var:tier}"})
    assert project.run("validate").code == 0
    assert project.run("validate", "--var", "tier=flex").code == 0
    assert project.run("validate", "--var", "tier=turbo").code == 1


def test_no_sdk_is_imported_for_it(project: ProjectFolder) -> None:
    declare(project, AZURE, {"tool_choice": "auto"})
    declare(project, MISTRAL, {"tool_choice": "auto"})
    code = (
        "import sys; from assistctl.cli.main import run; code = run(['validate']); "
        "print(code, sorted({'openai', 'anthropic', 'azure.ai.projects', 'mistralai'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=project.path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "0 []"
