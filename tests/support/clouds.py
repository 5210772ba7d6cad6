"""Each platform as a server on loopback, and somebody else who uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from assistctl.local.app import create_app
from support import foundry, managed_resources
from support.live_sessions import with_routes
from support.managed_agents import BETA
from support.mistral_agents import MistralAgents
from support.openai_skills import OpenAISkillsServer
from support.server import RecordingServer, recording_server, serving


@dataclass
class Person:
    """Somebody else on the account, over plain HTTP: ``path`` is where assistants are, ``word`` instructions'."""

    url: str
    path: str
    beta: tuple[str, str]
    word: str = "instructions"
    query: str = ""

    def names(self) -> list[str]:
        """What there is."""
        return sorted(assistant["name"] for assistant in self._all())

    def held(self, name: str) -> dict[str, Any]:
        """An assistant as the server answers it."""
        (found,) = (assistant for assistant in self._all() if assistant["name"] == name)
        return found

    def edit(self, name: str, instructions: str) -> None:
        """Change an assistant's instructions behind the project's back."""
        assistant = self.held(name)
        self._ask("POST", f"{self.path}/{assistant['id']}", json={self.word: instructions})

    def _all(self) -> list[dict[str, Any]]:
        return self.things(self.path)

    def things(self, path: str) -> list[dict[str, Any]]:
        """What is listed there, whatever it is."""
        found: list[dict[str, Any]] = self._ask("GET", f"{path}?limit=100&{self.query}")["data"]
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
        assistant = self.held(name)
        self._ask("PATCH", f"/v1/agents/{assistant['id']}", json={self.word: instructions})

    def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", f"{self.path}?page_size=100")["data"]
        return found


@dataclass
class AzurePerson(Person):
    """Somebody else in a Foundry project, where a change is a new version, and a name may be in the metadata."""

    def names(self) -> list[str]:
        return sorted(self._agents())

    def held(self, name: str) -> dict[str, Any]:
        return self._agents()[name]

    def edit(self, name: str, instructions: str) -> None:
        latest = self.held(name)
        kept = {part: latest[part] for part in ("metadata", "description") if part in latest}
        definition = {**latest["definition"], self.word: instructions}
        path = f"{self.path}/{latest['name']}/versions?api-version=v1"
        self._ask("POST", path, json={**kept, "definition": definition})

    def _agents(self) -> dict[str, dict[str, Any]]:
        latest = [thing["versions"]["latest"] for thing in self.things(self.path)]
        return {version["metadata"].get("assistctl_name", version["name"]): version for version in latest}


@dataclass
class Cloud:
    """A platform, its server, its address there, its models, and somebody else on it."""

    platform: str
    server: RecordingServer
    url: str
    models: tuple[str, str]
    person: Person
    files: str = ""

    def uploads(self) -> list[str]:
        """The names of all uploads, on a platform that keeps some."""
        return sorted(thing["filename"] for thing in self.person.things(self.files)) if self.files else []


@contextmanager
def local(folder: Path) -> Iterator[Cloud]:
    # Somebody else with the project's own database: the target itself is reached in this process.
    with recording_server(folder / "acme" / ".assistctl" / "local.db") as server:
        person = Person(server.url, "/assistants", ("OpenAI-Beta", "assistants=v2"))
        yield Cloud("local", server, server.url, ("gpt-5", "gpt-5-mini"), person, "/files")


@contextmanager
def openai_assistants(folder: Path) -> Iterator[Cloud]:
    with recording_server(folder / "server.db") as server:
        person = Person(server.url, "/assistants", ("OpenAI-Beta", "assistants=v2"))
        yield Cloud("openai-assistants", server, server.url, ("gpt-5", "gpt-5-mini"), person, "/files")


@contextmanager
def openai_agents(folder: Path) -> Iterator[Cloud]:
    app = create_app(folder / "server.db")
    with serving(with_routes(OpenAISkillsServer().routes(), app)) as server:
        person = Person(server.url, "/agents", ("OpenAI-Beta", "agents=v1"))
        yield Cloud("openai-agents", server, server.url, ("gpt-5", "gpt-5-mini"), person, "/files")
    app.state.database.close()


@contextmanager
def anthropic_agents(_: Path) -> Iterator[Cloud]:
    with serving(managed_resources.whole_app()) as server:
        url = server.url.removesuffix("/v1")
        person = Person(url, "/v1/agents", ("anthropic-beta", BETA), "system")
        yield Cloud("anthropic-agents", server, url, ("claude-opus-5-5", "claude-haiku-5-5"), person, "/v1/files")


@contextmanager
def azure_foundry(folder: Path) -> Iterator[Cloud]:
    with serving(foundry.Foundry(shelf=folder / "files.db").app()) as server:
        url = server.url.removesuffix("/v1") + foundry.PROJECT
        person = AzurePerson(url, "/agents", ("accept", "application/json"), query="api-version=v1")
        yield Cloud("azure-foundry", server, url, ("gpt-5", "gpt-5-mini"), person, "/openai/v1/files")


@contextmanager
def mistral_agents(_: Path) -> Iterator[Cloud]:
    with serving(MistralAgents().app()) as server:
        url = server.url.removesuffix("/v1")
        person = MistralPerson(url, "/v1/agents/pages", ("accept", "application/json"))
        yield Cloud("mistral-agents", server, url, ("mistral-medium-latest", "mistral-small-latest"), person)


SERVERS = (local, openai_assistants, openai_agents, anthropic_agents, azure_foundry, mistral_agents)
CLOUDS = {server.__name__: server for server in SERVERS}
