"""The same three manifests on every platform, through the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clouds import CLOUDS, Cloud
from support.projects import ProjectFolder
from support.server import Answer, Asked, error_body

PROJECT = """\
project: acme
default_target: prod
targets:
  prod:
    platform: {platform}
    base_url: "{url}"
    api_key: test-key
    variables: {{model: {model}, other: {other}}}
"""
DESK = """\
name: Order desk
model: ${var:model}
instructions: |
  Answer questions about orders.
  Be {brief}, and say $${var:nothing}.
tools:
  - type: function
    function:
      name: order_status
      description: Where an order is
      parameters: {type: object, properties: {id: {type: string}}, required: [id]}
metadata: {team: support, "b.c": größer}
"""
TRANSLATOR = """\
model: ${var:model}
instructions: Translate into German.
reasoning_effort: low
response_format: auto
"""
NIGHT = """\
name: Night desk
model: ${var:other}
metadata: {team: night}
lifecycle: {ignore_changes: [instructions]}
instructions: Somebody else writes this.
platforms:
  openai-agents:
    service_tier: flex
    verbosity: low
    multi_agent: {enabled: true}
    tools: [{type: web_search, mode: cached}]
  anthropic-agents:
    speed: fast
    tools: [{type: agent_toolset_20260401}]
    skills: [{type: custom, skill_id: skill_1}]
  azure-foundry:
    tool_choice: required
    structured_inputs: {customer: {description: Who asks, schema: {type: string}}}
    tools: [{type: web_search}, {type: mcp, server_label: orders, server_url: "https://mcp.example.com"}]
  mistral-agents:
    max_tokens: 500
    tool_choice: any
    guardrails: [{block_on_error: true}]
    tools: [{type: web_search_premium}]
"""


@pytest.fixture(params=CLOUDS)
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud]:
    with CLOUDS[request.param](tmp_path) as running:
        yield running


@pytest.fixture
def three(project: ProjectFolder, cloud: Cloud) -> ProjectFolder:
    """The project with the three manifests, and that platform as its target."""
    model, other = cloud.models
    project.write(
        "assistctl.yaml", PROJECT.format(platform=cloud.platform, url=cloud.url, model=model, other=other)
    )
    for key, text in (("desk", DESK), ("translator", TRANSLATOR), ("night", NIGHT)):
        project.write(f"assistants/{key}.yaml", text)
    return project


def test_what_others_edit_is_put_right_and_what_is_left_out_goes(three: ProjectFolder, cloud: Cloud) -> None:
    """With a change, a rollback and a destroy, ``test_one_project_everywhere.py`` has a larger project do it."""
    person = cloud.person
    assert three.run("apply", "--yes").code == 0
    assert person.names() == ["Night desk", "Order desk", "translator"]
    nothing_to_do(three)

    person.edit("translator", "Translate into French.")
    person.edit("Night desk", "This is theirs to write.")
    drifted = three.run("drift", "--format", "json")
    assert drifted.code == 2
    assert [(drift["key"], drift["path"], drift["observed"]) for drift in drifted.json["drift"]] == [
        ("translator", "instructions", "Translate into French.")
    ]
    assert "Translate into French." in json.dumps(person.held("translator"))
    assert three.run("apply", "--yes").code == 0
    assert "French" not in json.dumps(person.held("translator"))
    nothing_to_do(three)

    three.remove("translator")
    assert three.run("apply", "--yes").code == 0
    assert person.names() == ["Night desk", "Order desk"]


def test_what_is_dumped_is_what_is_there(three: ProjectFolder, cloud: Cloud) -> None:
    assert three.run("apply", "--yes").code == 0
    for key in ("desk", "translator", "night"):
        three.remove(key)
    assert three.run("dump").code == 0
    planned = three.run("plan", "--format", "json")
    assert [diagnostic for diagnostic in planned.json["diagnostics"] if diagnostic["severity"] == "error"] == []
    # An effort that the Assistants API does not answer cannot be dumped.
    differing = {diff["path"] for change in planned.json["changes"] for diff in change["diffs"]}
    assert differing <= ({"reasoning_effort"} if cloud.person.path == "/assistants" else set())
    assert three.run("apply", "--yes").code == 0
    assert cloud.person.names() == ["Night desk", "Order desk", "translator"]


@pytest.mark.parametrize("cloud", [name for name in CLOUDS if name != "local"], indirect=True)
def test_a_delete_that_fails_again_and_again_has_changed_nothing(three: ProjectFolder, cloud: Cloud) -> None:
    """Whether it was carried out is looked up each time."""
    assert three.run("apply", "--yes").code == 0

    def fails(asked: Asked) -> Answer | None:
        is_delete = asked.method == "DELETE" or asked.path.endswith("/archive")
        return Answer(500, error_body("later")) if is_delete else None

    cloud.server.fault = fails
    destroyed = three.run("destroy", "--yes", "--format", "json")
    assert destroyed.code == 1, destroyed.out
    assert {result["status"] for result in destroyed.json["results"]} == {"failed"}
    cloud.server.reset()
    assert cloud.person.names() == ["Night desk", "Order desk", "translator"]
    assert three.run("destroy", "--yes").code == 0
    assert cloud.person.names() == []


def nothing_to_do(project: ProjectFolder) -> None:
    planned = project.run("plan", "--detailed-exitcode", "--format", "json")
    assert (planned.code, planned.json["changes"], planned.json["drift"]) == (0, [], [])


def test_a_plan_for_one_platform_is_not_applied_to_another(three: ProjectFolder, cloud: Cloud) -> None:
    assert three.run("plan", "--out", "saved.plan").code == 0
    text = (three.path / "assistctl.yaml").read_text()
    three.write("assistctl.yaml", text.replace(cloud.url, f"{cloud.url}/elsewhere"))
    assert three.run("apply", "saved.plan", "--yes").code != 0
    assert cloud.person.names() == []
