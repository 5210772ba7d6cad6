"""Answers with every optional part missing, and with words and tool types that nobody knows yet, are survived.

They are made from the SDKs' own types, and answered over HTTP.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from anthropic.types.beta import BetaManagedAgentsAgent
from azure.ai.projects.models import AgentVersionDetails, PromptAgentDefinition
from mistralai.client.models import Agent as MistralAgent
from openai.types import FileObject, VectorStore
from openai.types.beta import Assistant
from openai.types.beta.agent import Agent
from openai.types.beta.agents.environments import EnvironmentTemplate
from openai.types.vector_stores import VectorStoreFile
from starlette.types import Receive, Scope, Send

from assistctl.diagnostics import Position
from assistctl.errors import PlatformError
from assistctl.export.from_observed import declared
from assistctl.model.assistant import Desired, Observed
from assistctl.model.plan import PlanOptions, TargetName
from assistctl.planning.planner import make_plan
from assistctl.platforms.base import Connection, Platform, SupportsEnvironments
from assistctl.platforms.registry import capabilities_of, open_platform
from support.answer_shapes import NEW_WORD, answers, least_answer
from support.foundry import PROJECT
from support.server import serving

Listing = Callable[[Platform], Awaitable[Any]]


@dataclass(frozen=True)
class Shape:
    """A thing of an SDK, where a list of it is asked for, and how our code lists it.

    ``within`` is how an item of the list has it, ``identity`` the field by which it is known. ``hidden`` are the
    parts by which it may be none of those that are wanted.
    """

    platform: str
    kind: Any
    path: str
    listed: Listing
    chosen: Mapping[str, Any] = field(default_factory=dict)
    kinds: Mapping[str, Any] = field(default_factory=dict)
    within: Callable[[Any], Any] = lambda item: item
    identity: str = "id"
    hidden: tuple[str, ...] = ()


async def assistants(platform: Platform) -> Any:
    return await platform.list_assistants()


async def stores(platform: Platform) -> Any:
    assert platform.vector_stores is not None
    return await platform.vector_stores.list_stores()


async def uploads(platform: Platform) -> Any:
    assert platform.uploads is not None
    return await platform.uploads.list_files()


async def store_files(platform: Platform) -> Any:
    assert platform.vector_stores is not None
    return await platform.vector_stores.list_store_files("vs_1")


async def templates(platform: Platform) -> Any:
    assert isinstance(platform, SupportsEnvironments)
    return await platform.list_environments()


def agent_with(version: Any) -> Any:
    return {
        "object": "agent",
        "id": version.get("name"),
        "name": version.get("name"),
        "versions": {"latest": version},
    }


SHAPES = {
    "assistants": Shape("openai-assistants", Assistant, "/assistants", assistants),
    "agents of OpenAI": Shape("openai-agents", Agent, "/agents", assistants),
    "managed agents": Shape(
        "anthropic-agents", BetaManagedAgentsAgent, "/v1/agents", assistants, hidden=("archived_at",)
    ),
    "versions of Foundry": Shape(
        "azure-foundry",
        AgentVersionDetails,
        "/agents",
        assistants,
        {"name": "desk", "definition": {"kind": "prompt", "model": "m"}},
        {"definition": PromptAgentDefinition},
        agent_with,
        "name",
        ("definition[prompt] is null", "definition[prompt] is missing", "definition[prompt] is of a new type"),
    ),
    "agents of Mistral": Shape("mistral-agents", MistralAgent, "/v1/agents/pages", assistants),
    "vector stores": Shape("openai-assistants", VectorStore, "/vector_stores", stores),
    "uploads": Shape("openai-assistants", FileObject, "/files", uploads, hidden=("purpose",)),
    "files of a store": Shape("openai-assistants", VectorStoreFile, "/files", store_files),
    "templates": Shape(
        "openai-agents",
        EnvironmentTemplate,
        "/templates",
        templates,
        {"name": "assistctl: project=acme target=prod key=desk"},
    ),
}


@dataclass
class OneList:
    """A server whose list at ``path`` has ``items``, all on its first page, and whose other lists are empty."""

    path: str
    items: list[Any] = field(default_factory=list)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        is_first = b"after=" not in scope["query_string"]
        items = self.items if is_first and scope["path"].endswith(self.path) else []
        body = json.dumps({"object": "list", "data": items, "has_more": False, "next_page": None}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def listed(shape: Shape, folder: Path, items: list[Any]) -> list[Any]:
    """What our code makes of a list with ``items``. Raises ``PlatformError`` as it does."""
    with serving(OneList(shape.path, [shape.within(item) for item in items])) as running:
        root = running.url.removesuffix("/v1")
        addresses = {"anthropic-agents": root, "azure-foundry": root + PROJECT, "mistral-agents": root}
        address = addresses.get(shape.platform, running.url)
        connection = Connection("prod", folder, base_url=address, api_key="test-key")

        async def main() -> list[Any]:
            async with open_platform(shape.platform, connection) as platform:
                return [*await shape.listed(platform)]

        return asyncio.run(main())


def every_answer(shape: Shape) -> dict[str, tuple[str, Any]]:
    """The answers by the identity that each of them gets, with what is special about it."""
    base = least_answer(shape.kind, **shape.chosen)
    found = enumerate(answers(shape.kind, base, shape.kinds))
    return {
        f"thing-{number}": (special, {**answer, shape.identity: f"thing-{number}"})
        for number, (special, answer) in found
        if not special.startswith(f"{shape.identity} ")
    }


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Shape:
    return SHAPES[request.param]


def test_every_answer_is_survived(shape: Shape, tmp_path: Path) -> None:
    """Whatever is missing or new is no error, and hides nothing."""
    sent = every_answer(shape)
    found = {item.id: item for item in listed(shape, tmp_path, [answer for _, answer in sent.values()])}
    hidden = {identity for identity, (special, _) in sent.items() if special.startswith(shape.hidden or "-")}
    assert {*sent} - {*found} <= hidden
    assert len(found) > 20
    # Many differ in nothing that is read of them but their ids.
    observed = [item for item in found.values() if isinstance(item, Observed)]
    for assistant in {repr(item).replace(repr(item.id), ""): item for item in observed}.values():
        is_planned_and_dumped(assistant, shape.platform)


@pytest.mark.parametrize("nothing", [{}, {"id": None, "name": None}])
def test_without_its_identity_a_thing_is_none(shape: Shape, tmp_path: Path, nothing: dict[str, Any]) -> None:
    """That is said, and not taken for an empty list."""
    least = least_answer(shape.kind, **shape.chosen)
    rest = {name: value for name, value in least.items() if name not in {"id", "name"}}
    with pytest.raises(PlatformError):
        listed(shape, tmp_path, [{**rest, **nothing}])


def is_planned_and_dumped(assistant: Observed, platform: str) -> None:
    """Whatever is there, a plan is made with it, and a manifest of it."""
    capabilities = capabilities_of(platform)
    assert declared(assistant, "desk", capabilities).document is not None
    desired = Desired(
        "desk", {"name": "desk", "model": "m"}, Position("assistants/desk.yaml"), import_id=assistant.id
    )
    plan = make_plan([desired], [assistant], PlanOptions("acme", TargetName("prod", platform)), capabilities)
    assert plan.fingerprint


OF_A_NEW_TYPE = re.compile(r"(definition\[prompt\]\.)?tools(\[\w+\])? is of a new type")
TOOLED = ["assistants", "agents of OpenAI", "managed agents", "versions of Foundry", "agents of Mistral"]


@pytest.mark.parametrize("name", TOOLED)
def test_tools_of_types_that_nobody_knows_are_kept(name: str, tmp_path: Path) -> None:
    sent = every_answer(SHAPES[name])
    of_new_types = [answer for special, answer in sent.values() if OF_A_NEW_TYPE.fullmatch(special)]
    found = listed(SHAPES[name], tmp_path, of_new_types)
    assert [[tool["type"] for tool in item.fields["tools"]] for item in found] == [[NEW_WORD]] * len(of_new_types)
    assert of_new_types
