"""What a target's platform and models refuse is told without it, as a plan there would tell it."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from assistctl.model.model_catalog import takes_sampling
from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.server import RecordingServer, serving

STRICT = {
    "name": "order_status",
    "description": "Look an order up.",
    "strict": True,
    "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
}
FITS_NOWHERE: dict[str, Any] = {
    "description": "Reads and computes",
    "temperature": 0.2,
    "reasoning_effort": "none",
    "tools": [
        {"type": "code_interpreter"},
        {"type": "file_search"},
        {"type": "function", "function": STRICT},
        {"type": "function", "function": {"name": "ping"}},
    ],
    "files": [
        {"path": "data.csv", "tool": "code_interpreter"},
        {"path": "page.md", "tool": "file_search"},
    ],
    "response_format": {"type": "json_object"},
}
TARGETS = """\
project: acme
targets:
  agents: {{platform: openai-agents, base_url: "{agents}", api_key: test-key}}
  managed: {{platform: anthropic-agents, base_url: "{managed}", api_key: test-key}}
  vendor: {{platform: anthropic-agents}}
"""


@pytest.fixture(autouse=True)
def a_day_in_november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistctl.model.model_catalog.today", lambda: dt.date(2026, 11, 26))


@pytest.fixture
def clouds(project: ProjectFolder, server: RecordingServer) -> Iterator[ProjectFolder]:
    """Targets on two platforms over HTTP, and one at the vendor's own address."""
    project.write("assistants/data.csv", "a,b\n")
    project.write("assistants/page.md", "# Page\n")
    with serving(ManagedAgents().app()) as managed:
        project.write("assistctl.yaml", TARGETS.format(agents=server.url, managed=managed.url.removesuffix("/v1")))
        yield project


def told(outcome: Any) -> list[tuple[Any, ...]]:
    """What stops, or is mapped: not the advice that only a platform can give."""
    names = ("severity", "key", "path", "file", "line", "column", "summary", "detail")
    return sorted(
        tuple(diagnostic[name] for name in names)
        for diagnostic in outcome.json["diagnostics"]
        if diagnostic["severity"] != "warning"
    )


@pytest.mark.parametrize("target", ["agents", "managed"])
def test_validate_says_of_a_target_what_a_plan_says(clouds: ProjectFolder, target: str) -> None:
    clouds.manifest(
        "everything", model="claude-sonnet-5-5" if target == "managed" else "gpt-6-luna", **FITS_NOWHERE
    )
    planned = clouds.run("plan", "--target", target, "--format", "json")
    validated = clouds.run("validate", "--target", target, "--format", "json")
    assert (planned.code, validated.code) == (1, 1)
    assert told(validated) == told(planned)
    errors = {path for severity, _, path, *_ in told(validated) if severity == "error"}
    assert {"temperature", "tools[file_search]", "files[1]", "response_format"} <= errors
    assert clouds.run("validate").code == 0


def test_a_target_from_the_environment_counts_as_well(
    clouds: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    clouds.manifest("desk", model="gpt-6-luna", tools=[{"type": "file_search"}])
    monkeypatch.setenv("ASSISTCTL_TARGET", "agents")
    shown = clouds.run("validate")
    assert (shown.code, shown.out.splitlines()[0]) == (
        1,
        "assistants/desk.yaml:1:35: error: openai-agents cannot express tools[file_search]",
    )


def test_files_for_a_code_interpreter_are_known_before_they_are_read(clouds: ProjectFolder) -> None:
    for key, tool in (("analyst", "code_interpreter"), ("searcher", "file_search")):
        files = [{"path": "page.md", "tool": tool}]
        clouds.manifest(key, model="claude-sonnet-5-5", tools=[{"type": tool}], files=files)
    found = clouds.run("validate", "--target", "managed", "--format", "json").json["diagnostics"]
    assert {(diagnostic["key"], diagnostic["path"]) for diagnostic in found if diagnostic["path"] == "files"} == {
        ("analyst", "files"),
        ("searcher", "files"),
    }


TAKING = ("local", "openai-assistants", "azure-foundry")
REFUSING = ("openai-agents", "anthropic-agents", "mistral-agents")


def test_it_needs_no_key_and_imports_no_sdk(clouds: ProjectFolder) -> None:
    clouds.manifest("desk", temperature=0.5)
    script = (
        "import sys; from assistctl.cli.main import run; "
        "codes = [run([*sys.argv[1:3], 'validate', '--target', target]) for target in sys.argv[3:]]; "
        "sdks = {'openai', 'anthropic', 'azure', 'mistralai', 'httpx2', 'starlette'}; "
        "print(codes, sorted(sdks & {*sys.modules}))"
    )
    command = [sys.executable, "-c", script, "-C", str(clouds.path), *TAKING, *REFUSING]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"HOME": str(clouds.path)})
    codes = [0] * len(TAKING) + [1] * len(REFUSING)
    assert done.stdout.splitlines()[-1] == f"{codes} []", done.stdout


@pytest.mark.parametrize(("target", "code"), [("managed", 0), ("vendor", 1), ("anthropic-agents", 1)])
def test_a_model_of_another_vendor(clouds: ProjectFolder, target: str, code: int) -> None:
    """A gateway may have it; the vendor's own address has not."""
    clouds.manifest("desk", model="gpt-6-luna")
    shown = clouds.run("validate", "--target", target)
    assert shown.code == code
    severity = "error" if code else "warning"
    said = "the model 'gpt-6-luna' is OpenAI's, and anthropic-agents takes those of Anthropic"
    assert f"assistants/desk.yaml:1:11: {severity}: {said}" in shown.out
    assert "Name a current one, such as claude-sonnet-5-5." in shown.out


def test_a_plan_says_the_same_of_a_model(clouds: ProjectFolder) -> None:
    clouds.manifest("desk", model="gpt-6-luna")
    (found,) = clouds.run("plan", "--target", "managed", "--format", "json").json["diagnostics"]
    assert (found["severity"], found["path"], found["line"]) == ("warning", "model", 1)


def test_a_plan_warns_of_a_shutdown_where_no_list_tells_it(clouds: ProjectFolder) -> None:
    clouds.manifest("desk", model="claude-sonnet-4-5")
    for command in ("plan", "validate"):
        (found,) = clouds.run(command, "--target", "managed", "--format", "json").json["diagnostics"]
        assert found["summary"] == "the model 'claude-sonnet-4-5' will be shut down on 2026-11-30"
        assert (found["severity"], found["path"], found["line"]) == ("warning", "model", 1)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("gpt-4-turbo", "was shut down on 2026-10-23"),
        ("o3", "will be shut down on 2026-12-11"),
        ("gpt-5.1", None),
        ("gpt-6-luna", None),
        ("llama-of-ours", None),
    ],
)
def test_shutdowns_are_told_where_models_run(clouds: ProjectFolder, model: str, words: str | None) -> None:
    clouds.manifest("desk", model=model)
    for target in ("agents", "openai-assistants"):
        shown = clouds.run("validate", "--target", target)
        assert (shown.code, (words or "shut down") in shown.out) == (0, words is not None)
    assert "shut down" not in clouds.run("validate", "--target", "local").out


MODELS = ("gpt-4.1", "o3", "gpt-5", "gpt-5-chat-latest", "gpt-5.4-mini", "gpt-6-luna", "gpt-6-astra", "mine")


def test_validate_accepts_what_the_embedded_platform_accepts(project: ProjectFolder) -> None:
    refused = []
    for number, (model, effort, name) in enumerate(
        product(MODELS, (None, "none", "high"), ("temperature", "top_p"))
    ):
        more = {} if effort is None else {"reasoning_effort": effort}
        project.manifest(f"desk-{number}", model=model, **{name: 0.5}, **more)
        if not takes_sampling(model, effort):
            refused.append(("error", f"assistants/desk-{number}.yaml", name, 1))
    assert refused
    for command in ("validate", "plan"):
        shown = project.run(command, "--format", "json")
        found = [
            tuple(diagnostic[name] for name in ("severity", "file", "path", "line"))
            for diagnostic in shown.json["diagnostics"]
        ]
        assert (shown.code, sorted(found)) == (1, sorted(refused))
    assert project.run("apply", "--yes").code == 1
    for _, file, *_ in refused:
        (project.path / file).unlink()
    assert project.run("validate").code == 0
    assert project.run("apply", "--yes").code == 0


def test_the_embedded_platform_refuses_by_the_same_rule(server: RecordingServer) -> None:
    import httpx2

    headers = {"OpenAI-Beta": "assistants=v2"}
    for model in MODELS:
        for effort in (None, "none", "high"):
            body = {"model": model, "temperature": 0.5, "reasoning_effort": effort}
            answer = httpx2.post(f"{server.url}/assistants", json=body, headers=headers)
            assert (answer.status_code == 200) is takes_sampling(model, effort), (model, effort)


def test_elsewhere_a_refused_parameter_is_a_warning(project: ProjectFolder, server: RecordingServer) -> None:
    """A server may call a model of its own so; a plan there says what validate says."""
    project.write(
        "assistctl.yaml",
        f"project: acme\ntargets:\n  own: {{platform: openai-assistants, base_url: '{server.url}', api_key: k}}\n",
    )
    project.manifest("desk", model="o3", temperature=0.5)
    for command in ("validate", "plan"):
        shown = project.run(command, "--target", "own", "--format", "json")
        found = [diagnostic for diagnostic in shown.json["diagnostics"] if diagnostic["path"] == "temperature"]
        assert (shown.code, [warning["severity"] for warning in found]) == (0, ["warning"])
        assert found[0]["summary"] == "the model 'o3' refuses temperature"


def test_what_is_left_out_is_not_called_mapped(clouds: ProjectFolder) -> None:
    closed = {"type": "object", "additionalProperties": False}
    schema = {"name": "x", "strict": True, "description": "y", "schema": closed}
    clouds.manifest(
        "desk",
        model="gpt-6-luna",
        tools=[{"type": "function", "function": STRICT}],
        response_format={"type": "json_schema", "json_schema": schema},
    )
    found = clouds.run("validate", "--target", "agents", "--format", "json")
    assert found.code == 0
    assert {diagnostic["summary"] for diagnostic in found.json["diagnostics"]} == {
        "response_format is mapped on openai-agents",
        "tools[order_status].function.strict is left out on openai-agents",
        "response_format.json_schema.strict is left out on openai-agents",
        "response_format.json_schema.description is left out on openai-agents",
    }
    assert json.loads((clouds.path / "assistants/desk.yaml").read_text())["tools"][0]["function"]["strict"]
