"""Agents and environment templates, seen from outside: by raw HTTP, as somebody at a dashboard would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

from support.stored_objects import StoredObjects

PAIR = "assistctl_environment"
_TEMPLATES = "/agents/environments/templates"


class Workshop:
    """What the server at ``url`` has."""

    def __init__(self, url: str) -> None:
        headers = {"Authorization": "Bearer test-key", "OpenAI-Beta": "agents=v1"}
        self._client = httpx2.Client(base_url=url, headers=headers)
        self.stored_objects = StoredObjects(url)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self.stored_objects.close()

    def agents(self) -> list[dict[str, Any]]:
        """Every agent."""
        return self._all("/agents")

    def agent(self) -> dict[str, Any]:
        """The only one."""
        (found,) = self.agents()
        return found

    def agent_named(self, name: str) -> dict[str, Any]:
        """The only one of that name."""
        (found,) = (agent for agent in self.agents() if agent["name"] == name)
        return found

    def templates(self) -> list[dict[str, Any]]:
        """Every template."""
        return self._all(_TEMPLATES)

    def template(self) -> dict[str, Any]:
        """The only one."""
        (found,) = self.templates()
        return found

    def mounted(self) -> dict[str, str]:
        """The paths in the only template, and the names of the uploads that are there."""
        names = self.stored_objects.uploads()
        return {file["path"]: names[file["file_id"]] for file in self.template()["files"]}

    def make(self, **fields: object) -> dict[str, Any]:
        """Make a template."""
        return self._post(_TEMPLATES, fields)

    def edit(self, template_id: str, **fields: object) -> None:
        """Change a template."""
        self._post(f"{_TEMPLATES}/{template_id}", fields)

    def delete(self, template_id: str) -> None:
        """Delete a template."""
        self._client.delete(f"{_TEMPLATES}/{template_id}").raise_for_status()

    def make_agent(self, **fields: object) -> dict[str, Any]:
        """Make an agent."""
        return self._post("/agents", fields)

    def edit_metadata(self, agent: dict[str, Any], **pairs: str | None) -> None:
        """Change pairs of an agent; one that is ``None`` goes."""
        metadata = {**agent["metadata"], **pairs}
        kept = {key: value for key, value in metadata.items() if value is not None}
        self._post(f"/agents/{agent['id']}", {"metadata": kept})

    def _post(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.post(path, json=fields).raise_for_status().json()
        return answer

    def _all(self, path: str) -> list[dict[str, Any]]:
        answer = self._client.get(path, params={"limit": 100, "order": "asc"}).raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]
        return found


def words(agent: dict[str, Any]) -> dict[str, str]:
    """What an agent's metadata says of its environment."""
    return dict(word.split("=", 1) for word in agent["metadata"].get(PAIR, "").split())


def wrong_after(
    run: Callable[..., Any], workshop: Workshop, *theirs: str, is_applied: bool = False
) -> Iterator[str]:
    """Apply again, plan, collect garbage; and say in words what is not as it should be for one agent.

    ``theirs`` are the ids of somebody else's templates, which stay. What ``is_applied`` needs no other apply: the
    plan says whether anything is left for one.
    """
    again = None if is_applied else run("apply", "--yes")
    if again is not None and again.code != 0:
        yield f"the next apply exits {again.code}: {again.err or again.out}"
    plan = run("plan", "--format", "json")
    changes = json.loads(plan.out)["changes"] if plan.code == 0 else [plan.err]
    if changes:
        yield f"the next plan is not empty: {changes}"
    found = run("gc", "--format", "json", "--yes", "--unproven")
    if found.code != 0:
        yield f"gc exits {found.code}: {found.err}"
    agents, templates, uploads = workshop.agents(), workshop.templates(), workshop.stored_objects.uploads()
    if len(agents) != 1:
        yield f"{len(agents)} agents for one key"
    if sorted(template["id"] for template in templates) != sorted([words(agents[0]).get("template", ""), *theirs]):
        yield f"the templates {templates} for {words(agents[0])}"
    read = {file["file_id"] for template in templates for file in template["files"]}
    if read != set(uploads):
        yield f"uploads {uploads}, of which {read} are read"
