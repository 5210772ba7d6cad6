"""The same three manifests on every platform, through the command, from nothing to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support import foundry
from support.managed_agents import BETA, ManagedAgents
from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder
from support.server import recording_server, serving

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
CHANGES = (
    ("Be {brief}", "Be very {brief}", "instructions"),
    ("Where an order is", "Where it is", "tools[order_status].function.description"),
    ("team: support", "team: sales", "metadata.team"),
)


@dataclass
class Person:
    """Somebody else on the account, over plain HTTP: ``path`` is where assistants are, ``word`` instructions'."""

    url: str
    path: str
    beta: tuple[str, str]
    word: str = "instructions"

    def names(self) -> list[str]:
        """What there is."""
        return sorted(one["name"] for one in self._all())

    def edit(self, name: str, instructions: str) -> None:
        """Change an assistant's instructions behind the project's back."""
        (one,) = (one for one in self._all() if one["name"] == name)
        self._ask("POST", f"{self.path}/{one['id']}", json={self.word: instructions})

    def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", f"{self.path}?limit=100")["data"]
        return found

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        headers = dict([self.beta, ("authorization", "Bearer test-key")])
        answer = httpx2.request(method, f"{self.url}{path}", headers=headers, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass
class MistralPerson(Person):
    """Somebody else with Mistral's agents."""

    def edit(self, name: str, instructions: str) -> None:
        (one,) = (one for one in self._all() if one["name"] == name)
        self._ask("PATCH", f"/v1/agents/{one['id']}", json={self.word: instructions})

    def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", f"{self.path}?page_size=100")["data"]
        return found


@dataclass
class AzurePerson(Person):
    """Somebody else in a Foundry project, where a change is a new version, and a name may be in the metadata."""

    def names(self) -> list[str]:
        return sorted(self._agents())

    def edit(self, name: str, instructions: str) -> None:
        latest = self._agents()[name]
        kept = {part: latest[part] for part in ("metadata", "description") if part in latest}
        definition = {**latest["definition"], self.word: instructions}
        path = f"{self.path}/{latest['name']}/versions?api-version=v1"
        self._ask("POST", path, json={**kept, "definition": definition})

    def _agents(self) -> dict[str, dict[str, Any]]:
        listed = self._ask("GET", f"{self.path}?limit=100&api-version=v1")["data"]
        latest = [one["versions"]["latest"] for one in listed]
        return {one["metadata"].get("assistctl_name", one["name"]): one for one in latest}


@dataclass
class Cloud:
    """A platform, its address, its models, and somebody else on it."""

    platform: str
    url: str
    models: tuple[str, str]
    person: Person


@contextmanager
def local(folder: Path) -> Iterator[Cloud]:
    # Somebody else with the project's own database: the target itself is reached in this process.
    with recording_server(folder / "acme" / ".assistctl" / "local.db") as server:
        person = Person(server.url, "/assistants", ("OpenAI-Beta", "assistants=v2"))
        yield Cloud("local", server.url, ("gpt-5", "gpt-5-mini"), person)


@contextmanager
def openai_assistants(folder: Path) -> Iterator[Cloud]:
    with recording_server(folder / "server.db") as server:
        person = Person(server.url, "/assistants", ("OpenAI-Beta", "assistants=v2"))
        yield Cloud("openai-assistants", server.url, ("gpt-5", "gpt-5-mini"), person)


@contextmanager
def openai_agents(folder: Path) -> Iterator[Cloud]:
    with recording_server(folder / "server.db") as server:
        person = Person(server.url, "/agents", ("OpenAI-Beta", "agents=v1"))
        yield Cloud("openai-agents", server.url, ("gpt-5", "gpt-5-mini"), person)


@contextmanager
def anthropic_agents(_: Path) -> Iterator[Cloud]:
    with serving(ManagedAgents().app()) as server:
        url = server.url.removesuffix("/v1")
        person = Person(url, "/v1/agents", ("anthropic-beta", BETA), "system")
        yield Cloud("anthropic-agents", url, ("claude-opus-5-5", "claude-haiku-5-5"), person)


@contextmanager
def azure_foundry(_: Path) -> Iterator[Cloud]:
    with serving(foundry.Foundry().app()) as server:
        url = server.url.removesuffix("/v1") + foundry.PROJECT
        person = AzurePerson(url, "/agents", ("accept", "application/json"))
        yield Cloud("azure-foundry", url, ("gpt-5", "gpt-5-mini"), person)


@contextmanager
def mistral_agents(_: Path) -> Iterator[Cloud]:
    with serving(MistralAgents().app()) as server:
        url = server.url.removesuffix("/v1")
        person = MistralPerson(url, "/v1/agents/pages", ("accept", "application/json"))
        yield Cloud("mistral-agents", url, ("mistral-medium-latest", "mistral-small-latest"), person)


SERVERS = (local, openai_assistants, openai_agents, anthropic_agents, azure_foundry, mistral_agents)
CLOUDS = {one.__name__: one for one in SERVERS}


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


def test_from_nothing_to_nothing(three: ProjectFolder, cloud: Cloud) -> None:
    person = cloud.person
    planned = three.run("plan", "--format", "json")
    assert planned.code == 0
    assert planned.json["summary"]["create"] == 3
    assert person.names() == []

    assert three.run("apply", "--yes").code == 0
    assert person.names() == ["Night desk", "Order desk", "translator"]
    nothing_to_do(three)

    text = DESK
    for old, new, _ in CHANGES:
        text = text.replace(old, new)
    three.write("assistants/desk.yaml", text)
    changed = three.run("plan", "--format", "json").json
    assert changed["drift"] == []
    (change,) = changed["changes"]
    assert (change["key"], change["action"]) == ("desk", "update")
    assert {diff["path"] for diff in change["diffs"]} == {path for _, _, path in CHANGES}
    assert three.run("apply", "--yes").code == 0
    nothing_to_do(three)

    person.edit("translator", "Translate into French.")
    person.edit("Night desk", "This is theirs to write.")
    drifted = three.run("drift", "--format", "json")
    assert drifted.code == 2
    assert [(one["key"], one["path"]) for one in drifted.json["drift"]] == [("translator", "instructions")]
    assert three.run("apply", "--yes").code == 0
    nothing_to_do(three)

    three.remove("translator")
    assert three.run("apply", "--yes").code == 0
    assert person.names() == ["Night desk", "Order desk"]
    assert three.run("destroy", "--yes").code == 0
    assert person.names() == []


def test_what_is_dumped_is_what_is_there(three: ProjectFolder, cloud: Cloud) -> None:
    assert three.run("apply", "--yes").code == 0
    for key in ("desk", "translator", "night"):
        three.remove(key)
    assert three.run("dump").code == 0
    planned = three.run("plan", "--format", "json")
    assert [one for one in planned.json["diagnostics"] if one["severity"] == "error"] == []
    # An effort that the Assistants API does not answer cannot be dumped.
    differing = {diff["path"] for change in planned.json["changes"] for diff in change["diffs"]}
    assert differing <= ({"reasoning_effort"} if cloud.person.path == "/assistants" else set())
    assert three.run("apply", "--yes").code == 0
    assert cloud.person.names() == ["Night desk", "Order desk", "translator"]


def nothing_to_do(project: ProjectFolder) -> None:
    planned = project.run("plan", "--detailed-exitcode", "--format", "json")
    assert (planned.code, planned.json["changes"], planned.json["drift"]) == (0, [], [])


def test_a_plan_for_one_platform_is_not_applied_to_another(three: ProjectFolder, cloud: Cloud) -> None:
    assert three.run("plan", "--out", "saved.plan").code == 0
    text = (three.path / "assistctl.yaml").read_text()
    three.write("assistctl.yaml", text.replace(cloud.url, f"{cloud.url}/elsewhere"))
    assert three.run("apply", "saved.plan", "--yes").code != 0
    assert cloud.person.names() == []
