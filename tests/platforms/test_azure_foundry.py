"""Foundry agents through the command, over HTTP: names, versions, races, credentials, files."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.rest import AsyncHttpResponse
from starlette.types import Receive, Scope, Send

from assistctl.platforms.azure.wire import AzureWire
from assistctl.platforms.base import Connection
from assistctl.platforms.registry import open_platform
from support.foundry import PROJECT, Foundry, Object
from support.projects import ProjectFolder, nothing_to_do
from support.python_process import started_code
from support.server import Answer, Asked, RecordingServer, serving

MODEL = "gpt-5"
THEIRS: Object = {"definition": {"kind": "prompt", "model": "theirs"}}


@pytest.fixture
def agents(tmp_path: Path) -> Foundry:
    """What the server has."""
    return Foundry(shelf=tmp_path / "files.db")


@pytest.fixture
def server(agents: Foundry) -> Iterator[RecordingServer]:
    with serving(agents.app()) as running:
        yield running


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project whose one target is that server."""
    return project.use("azure-foundry", server.address + PROJECT)


def is_new_version(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.endswith("/versions")


def before_first_version(server: RecordingServer, act: Callable[[str], object]) -> None:
    """Do something just before the first new version is made, with the agent's name."""
    done: list[str] = []

    def fault(asked: Asked) -> None:
        if is_new_version(asked) and not done:
            done.append(asked.path)
            act(asked.path.split("/")[-2])

    server.fault = fault


def listed(project: ProjectFolder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.run("list", "--format", "json").json["assistants"]
    return found


def test_what_is_declared_is_there(cloud: ProjectFolder, agents: Foundry, server: RecordingServer) -> None:
    cloud.manifest(
        "order_desk",
        name="Order desk",
        model=MODEL,
        temperature=0.2,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        platforms={"azure-foundry": {"tools": [{"type": "web_search"}], "rai_config": {"rai_policy_name": "p"}}},
    )
    assert cloud.run("apply", "--yes").code == 0
    version = agents.latest("order-desk")
    assert version["definition"] == {
        "kind": "prompt",
        "model": MODEL,
        "temperature": 0.2,
        "top_p": 1,
        "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False},
            {"type": "web_search"},
        ],
        "rai_config": {"rai_policy_name": "p"},
    }
    assert version["metadata"]["assistctl_name"] == "Order desk"
    nothing_to_do(cloud)
    assert [asked.path for asked in server.mutations] == [f"{PROJECT}/agents/order-desk/versions"]
    asked_agents = [asked for asked in server.asked if "/openai/" not in asked.path]
    assert {asked.headers["api-key"] for asked in asked_agents} == {"test-key"}
    assert {"api-version=v1" in asked.query for asked in asked_agents} == {True}
    assert json.loads(cloud.run("output", "--format", "json").out) == {"order_desk": "order-desk"}


def test_there_is_a_new_version_only_for_a_difference(cloud: ProjectFolder, agents: Foundry) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    for text, count in (("one", 1), ("one", 1), ("two", 2), ("two", 2), ("one", 3)):
        cloud.manifest("desk", model=MODEL, instructions=text)
        assert cloud.run("apply", "--yes").code == 0
        assert [version["version"] for version in agents.agents["desk"]] == [
            str(number + 1) for number in range(count)
        ]


def test_a_new_name_is_no_new_agent(cloud: ProjectFolder, agents: Foundry) -> None:
    for name in ("Desk", "Counter", "desk"):
        cloud.manifest("desk", name=name, model=MODEL)
        assert cloud.run("apply", "--yes").code == 0
        assert [agent["name"] for agent in listed(cloud)] == [name]
        nothing_to_do(cloud)
    assert [*agents.agents] == ["desk"]
    assert "assistctl_name" not in agents.latest("desk")["metadata"]


def test_keys_that_come_to_one_name_are_two_agents(cloud: ProjectFolder, agents: Foundry) -> None:
    for key in ("order_desk", "order-desk"):
        cloud.manifest(key, model=MODEL)
    assert cloud.run("apply", "--yes").code == 0
    assert len(agents.agents) == 2
    assert all(len(versions) == 1 and name.startswith("order-desk") for name, versions in agents.agents.items())
    nothing_to_do(cloud)


def test_a_name_that_somebody_has_is_left_to_them(cloud: ProjectFolder, agents: Foundry) -> None:
    agents.add_version("desk", THEIRS)
    cloud.manifest("desk", name="Desk", model=MODEL)
    assert cloud.run("apply", "--yes").code == 0
    assert len(agents.agents["desk"]) == 1
    (ours,) = agents.agents.keys() - {"desk"}
    assert ours.startswith("desk-")
    nothing_to_do(cloud)
    assert cloud.run("destroy", "--yes").code == 0
    assert [*agents.agents] == ["desk"]


def test_somebody_elses_agent_can_be_taken_over(cloud: ProjectFolder, agents: Foundry) -> None:
    agents.add_version("desk", {**THEIRS, "metadata": {"theirs": "1"}, "description": "d"})
    cloud.manifest("desk", model=MODEL)
    assert cloud.run("apply", "--yes").code == 3
    assert cloud.run("apply", "--yes", "--adopt").code == 0
    latest = agents.latest("desk")
    assert (latest["version"], latest["definition"]["model"], latest["description"]) == ("2", MODEL, "d")
    assert latest["metadata"]["theirs"] == "1"
    nothing_to_do(cloud)


def test_an_agent_made_meanwhile_is_not_added_to(
    cloud: ProjectFolder, agents: Foundry, server: RecordingServer
) -> None:
    before_first_version(server, lambda name: agents.add_version(name, THEIRS))
    cloud.manifest("desk", name="Desk", model=MODEL)
    assert cloud.run("apply", "--yes").code == 0
    (theirs,) = agents.agents["desk"]
    assert theirs["definition"]["model"] == "theirs"
    (ours,) = agents.agents.keys() - {"desk"}
    assert len(agents.agents[ours]) == 1
    nothing_to_do(cloud)


def test_a_version_made_meanwhile_is_not_undone(
    cloud: ProjectFolder, agents: Foundry, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="two")
    before_first_version(server, lambda name: agents.edit(name, rai_config={"rai_policy_name": "theirs"}))
    assert cloud.run("apply", "--yes").code == 0
    definition = agents.latest("desk")["definition"]
    assert (definition["instructions"], definition["rai_config"]) == ("two", {"rai_policy_name": "theirs"})
    # The one that came behind theirs was taken back.
    assert [version["version"] for version in agents.agents["desk"]] == ["1", "2", "4"]
    nothing_to_do(cloud)


def test_a_change_made_meanwhile_that_matters_fails_and_says_so(
    cloud: ProjectFolder, agents: Foundry, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="two")
    before_first_version(server, lambda name: agents.edit(name, instructions="theirs"))
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert "the change is now a different one (instructions)" in " ".join((outcome.out + outcome.err).split())
    assert agents.latest("desk")["definition"]["instructions"] == "theirs"
    assert cloud.run("apply", "--yes").code == 0
    assert agents.latest("desk")["definition"]["instructions"] == "two"


def test_numbers_that_are_missing_mean_nothing(cloud: ProjectFolder, agents: Foundry) -> None:
    for name in ("desk", "night"):
        agents.numbers[name] = 7
        cloud.manifest(name, model=MODEL)
    assert cloud.run("apply", "--yes").code == 0
    assert {name: len(versions) for name, versions in agents.agents.items()} == {"desk": 1, "night": 1}
    agents.numbers["desk"] = 20
    cloud.manifest("desk", model=MODEL, instructions="two")
    assert cloud.run("apply", "--yes").code == 0
    assert [version["version"] for version in agents.agents["desk"]] == ["8", "21"]


@pytest.mark.parametrize("answer", [Answer(500, after=True), Answer(after=True, hangs_up=True)])
def test_a_create_whose_answer_is_lost_makes_no_twin(
    cloud: ProjectFolder, agents: Foundry, server: RecordingServer, answer: Answer
) -> None:
    cloud.manifest("desk", model=MODEL)
    server.fault = lambda asked: answer if is_new_version(asked) else None
    assert cloud.run("apply", "--yes").code == 0
    assert len(server.mutations) == 1
    assert {name: len(versions) for name, versions in agents.agents.items()} == {"desk": 1}
    nothing_to_do(cloud)


@pytest.mark.parametrize("after", [True, False])
def test_an_update_whose_answer_is_lost(
    cloud: ProjectFolder, agents: Foundry, server: RecordingServer, after: bool
) -> None:
    cloud.manifest("desk", model=MODEL, instructions="one")
    assert cloud.run("apply", "--yes").code == 0
    cloud.manifest("desk", model=MODEL, instructions="two")
    server.fault = lambda asked: Answer(after=after, hangs_up=True) if is_new_version(asked) else None
    assert cloud.run("apply", "--yes").code == (0 if after else 1)
    server.fault = lambda _: None
    assert cloud.run("apply", "--yes").code == 0
    assert agents.latest("desk")["definition"]["instructions"] == "two"
    assert len(agents.agents["desk"]) == 2


def test_a_throttled_create_is_repeated(cloud: ProjectFolder, agents: Foundry, server: RecordingServer) -> None:
    cloud.manifest("desk", model=MODEL)
    slow = Answer(429, headers=((b"retry-after-ms", b"1"),))
    server.fault = lambda asked: slow if is_new_version(asked) and len(server.mutations) < 3 else None
    assert cloud.run("apply", "--yes").code == 0
    assert len(server.mutations) == 3
    assert len(agents.agents["desk"]) == 1


def test_what_it_refuses_is_told_in_its_words(cloud: ProjectFolder) -> None:
    cloud.manifest("desk", model=MODEL, platforms={"azure-foundry": {"tools": [{"type": "mcp"}]}})
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert "definition.tools[0].server_label: required (HTTP 400" in " ".join(outcome.out.split())


def test_other_kinds_of_agents_are_not_seen(cloud: ProjectFolder, agents: Foundry) -> None:
    made = agents.add_version("workflow-1", THEIRS)
    made["definition"] = {"kind": "workflow"}
    assert listed(cloud) == []
    assert cloud.run("dump").code == 0
    assert [*(cloud.path / "assistants").iterdir()] == []


def test_files_are_in_the_tools(cloud: ProjectFolder, agents: Foundry, server: RecordingServer) -> None:
    cloud.write("assistants/data/prices.csv", "a,1\n")
    cloud.write("assistants/docs/shipping.md", "It takes three days.\n")
    cloud.manifest(
        "desk",
        model=MODEL,
        tools=[{"type": "code_interpreter"}, {"type": "file_search"}],
        files=[
            {"path": "data/prices.csv", "tool": "code_interpreter"},
            {"path": "docs/*.md", "tool": "file_search"},
        ],
    )
    assert cloud.run("apply", "--yes").code == 0
    interpreter, search = agents.latest("desk")["definition"]["tools"]
    assert len(interpreter["container"]["file_ids"]) == len(search["vector_store_ids"]) == 1
    nothing_to_do(cloud)
    assert cloud.run("drift").code == 0
    cloud.write("assistants/data/prices.csv", "a,2\n")
    assert cloud.run("apply", "--yes").code == 0
    changed, same = agents.latest("desk")["definition"]["tools"]
    assert changed["container"]["file_ids"] != interpreter["container"]["file_ids"]
    assert same == search
    nothing_to_do(cloud)
    assert cloud.run("destroy", "--yes").code == 0
    assert agents.agents == {}
    left = [asked.path for asked in server.mutations if asked.method == "DELETE" and "/openai/" in asked.path]
    assert sum("/openai/v1/files/" in path for path in left) == 3
    assert {asked.headers["authorization"] for asked in server.asked if "/openai/" in asked.path} == {
        "Bearer test-key"
    }


def test_a_token_is_sent_as_a_token(project: ProjectFolder, agents: Foundry, server: RecordingServer) -> None:
    parts = ({"alg": "RS256", "typ": "JWT"}, {"aud": "https://ai.azure.com", "exp": 4_000_000_000})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    token = ".".join([*encoded, "signature"])
    project.use("azure-foundry", server.address + PROJECT, api_key=token)
    project.manifest("desk", model=MODEL)
    assert project.run("apply", "--yes").code == 0
    assert [*agents.agents] == ["desk"]
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {token}"}
    assert not any("api-key" in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{platform: azure-foundry}", "has no base_url, the endpoint of a Foundry project"),
        ("{platform: azure-foundry, base_url: 'nowhere'}", "is not an http(s) address"),
        ("{platform: azure-foundry, base_url: 'http://127.0.0.1:9', api_key: \"a\\nb\"}", "no key has"),
        ("{platform: azure-foundry, base_url: 'http://127.0.0.1:9'}", "no connection to"),
        ("{platform: azure-foundry, base_url: 'https://acme.example'}", "Azure gave no token"),
    ],
)
def test_settings_that_cannot_be_used(
    project: ProjectFolder, settings: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of all the places where somebody may be signed in, look into the one that needs no network.
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    project.write("assistctl.yaml", f"project: acme\ntargets:\n  cloud: {settings}\n")
    project.manifest("desk", model=MODEL)
    outcome = project.run("plan", "-t", "cloud")
    assert outcome.code == 1
    assert words in outcome.err


def test_a_refused_key_is_explained(cloud: ProjectFolder, server: RecordingServer) -> None:
    server.fault = lambda _: Answer(401, body=b'{"error": {"code": "401", "message": "Access denied."}}')
    outcome = cloud.run("plan")
    assert outcome.code == 1
    assert "Access denied." in outcome.err
    assert "az login" in outcome.err
    assert "OPENAI_API_KEY" not in outcome.err


def test_without_the_package_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistctl.yaml").write_text(
        "project: acme\n"
        "targets:\n"
        "  cloud: {platform: azure-foundry, base_url: 'https://acme.example', api_key: k}\n"
    )
    code = (
        "import sys; sys.modules['azure'] = None\n"
        "from assistctl.cli.main import run\n"
        f"sys.exit(run(['-C', {str(tmp_path)!r}, 'plan', '-t', 'cloud']))"
    )
    process = started_code(code)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "pip install 'assistctl[azure]'" in said
    assert "Traceback" not in said


def test_the_server_refuses_what_the_sdk_does_not_know(agents: Foundry) -> None:
    wrong: tuple[tuple[str, Any], ...] = (
        ("tools", [{"type": "function", "name": "f", "parameters": {}}]),
        ("tool", []),
        ("temperature", "hot"),
        ("text", {"format": {"type": "json_schema", "schema": {}}}),
    )
    for name, value in wrong:
        with pytest.raises(Exception, match=f"definition.{name}"):
            agents.add_version("desk", {"definition": {"kind": "prompt", "model": "m", name: value}})
    assert agents.agents == {}


def test_a_request_that_is_given_up_leaves_no_connection_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while an answer is under way: what was not closed would be told of as a warning, here an error."""
    end = threading.Event()

    async def half_an_answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await asyncio.to_thread(end.wait, 20)

    async def give_up(address: str) -> None:
        is_read, content = asyncio.Event(), AzureWire._content

        async def noted(wire: AzureWire, response: AsyncHttpResponse) -> bytes:
            is_read.set()
            return await content(wire, response)

        monkeypatch.setattr(AzureWire, "_content", noted)
        connection = Connection("cloud", tmp_path, base_url=address + PROJECT, api_key="k")
        async with open_platform("azure-foundry", connection) as platform:
            asking = asyncio.ensure_future(platform.list_assistants())
            await is_read.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    # Of all that was imported by now, nothing is to be looked through.
    gc.freeze()
    try:
        with serving(half_an_answer) as server:
            asyncio.run(give_up(server.address))
            gc.collect()
            end.set()
    finally:
        gc.unfreeze()
