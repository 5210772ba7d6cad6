"""Conversations of every platform, over HTTP with its vendor's SDK: what is sent, and what its events mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assistctl.errors import ChangedFileError, NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.local.app import create_app
from assistctl.model.conversation import (
    Citation,
    Event,
    Finished,
    FunctionCall,
    MessageFile,
    ProducedFile,
    RunStatus,
    TextDelta,
    Usage,
)
from assistctl.model.source_file import Identity, SourceFile
from assistctl.platforms.base import Connection, Platform
from assistctl.platforms.conversation import Conversation, Converses, conversations_of
from assistctl.platforms.registry import open_platform
from support.foundry import PROJECT, Foundry
from support.live_sessions import (
    MADE,
    USAGE,
    AnthropicSessions,
    FoundryConversations,
    OpenAISessions,
    Sessions,
    with_routes,
)
from support.managed_agents import ManagedAgents
from support.mistral_agents import MistralAgents
from support.mistral_conversations import MistralConversations
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body, serving

FUNCTION: Json = {
    "type": "function",
    "function": {"name": "order_status", "description": "Where it is", "parameters": {"type": "object"}},
}


@dataclass
class Vendor:
    """A platform whose sessions are ``sessions``."""

    name: str
    model: str
    sessions: Sessions
    address: str
    platform: Platform
    server: RecordingServer


def openai_agents(folder: Path) -> Iterator[Vendor]:
    sessions = OpenAISessions()
    with serving(with_routes(sessions.routes(), create_app(folder / "server.db"))) as server:
        platform = _opened("openai-agents", folder, server.url)
        yield Vendor("openai-agents", "gpt-5", sessions, server.url, platform, server)


def anthropic_agents(folder: Path) -> Iterator[Vendor]:
    sessions = AnthropicSessions()
    with serving(with_routes(sessions.routes(), ManagedAgents().app())) as server:
        address = server.address
        platform = _opened("anthropic-agents", folder, address)
        yield Vendor("anthropic-agents", "claude-opus-5-5", sessions, address, platform, server)


def azure_foundry(folder: Path) -> Iterator[Vendor]:
    sessions = FoundryConversations(prefix=f"{PROJECT}/openai/v1")
    with serving(with_routes(sessions.routes(), Foundry(shelf=folder / "files.db").app())) as server:
        address = server.address + PROJECT
        platform = _opened("azure-foundry", folder, address)
        yield Vendor("azure-foundry", "gpt-5", sessions, address, platform, server)


def mistral_agents(folder: Path) -> Iterator[Vendor]:
    sessions = MistralConversations()
    with serving(with_routes(sessions.routes(), MistralAgents().app())) as server:
        address = server.address
        opened = _opened("mistral-agents", folder, address)
        yield Vendor("mistral-agents", "mistral-medium-latest", sessions, address, opened, server)


def _opened(name: str, folder: Path, address: str) -> Platform:
    return open_platform(name, Connection("prod", folder, base_url=address))


VENDORS = {
    "openai-agents": openai_agents,
    "anthropic-agents": anthropic_agents,
    "azure-foundry": azure_foundry,
    "mistral-agents": mistral_agents,
}


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vendor]:
    yield from VENDORS[request.param](tmp_path)


def run(vendor: Vendor, scenario: Callable[[Converses, str], Awaitable[None]], **fields: Json) -> None:
    """Go through ``scenario`` with the platform's conversations and an agent."""

    async def main() -> None:
        async with vendor.platform as platform, asyncio.timeout(30):
            made = await platform.create_assistant({"name": "Desk", "model": vendor.model, **fields}, {})
            converses = conversations_of(platform)
            assert converses is not None
            await scenario(converses, made.id)

    asyncio.run(main())


async def all_of(events: AsyncIterator[Event]) -> list[Event]:
    """All events of a stream."""
    return [event async for event in events]


def text_of(events: list[Event]) -> str:
    """The text in events."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_an_answer_comes_in_pieces_and_ends(vendor: Vendor) -> None:
    vendor.sessions.answers = {"1001": ["Order 1001 is on its way."], "again": ["As I said."]}

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        events = await all_of(conversation.say("Where is 1001?"))
        assert text_of(events) == "Order 1001 is on its way."
        assert len(events) > 2
        assert events[-1] == Finished(RunStatus.COMPLETED, Usage(*USAGE), "")
        assert [*vendor.sessions.sessions] == [conversation.id]
        assert text_of(await all_of(conversation.say("again?"))) == "As I said."
        other = await converses.start(agent, thread_id=conversation.id)
        assert text_of(await all_of(other.say("again?"))) == "As I said."
        await other.close()
        await conversation.close(keep=True)
        assert [*vendor.sessions.sessions] == [conversation.id]
        await conversation.close()
        assert (vendor.sessions.sessions, vendor.sessions.others) == ({}, set())
        with pytest.raises(NotFoundError):
            await converses.start(agent, thread_id=conversation.id)

    run(vendor, scenario)


def test_functions_are_called_and_answered(vendor: Vendor) -> None:
    vendor.sessions.answers = {"1001": [{"calls": {"order_status": {"id": "1001"}}}, "It was shipped."]}

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        events = await all_of(conversation.say("Where is 1001?"))
        calls = [event for event in events if isinstance(event, FunctionCall)]
        assert calls == [FunctionCall("call_order_status", "order_status", '{"id": "1001"}')]
        assert isinstance(end := events[-1], Finished)
        assert end.status is RunStatus.REQUIRES_ACTION
        answered = await all_of(conversation.answer({calls[0].id: '{"status": "shipped"}'}))
        assert text_of(answered) == "It was shipped."
        assert isinstance(end := answered[-1], Finished)
        assert end.status is RunStatus.COMPLETED
        sent = str(vendor.sessions.inputs[-1])
        assert "call_order_status" in sent
        assert '{"status": "shipped"}' in sent

    run(vendor, scenario, tools=[FUNCTION])


def test_a_failure_says_why(vendor: Vendor) -> None:
    vendor.sessions.answers = {"1001": [{"text": "Half", "fails": "The model is overloaded."}]}

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        events = await all_of(conversation.say("Where is 1001?"))
        assert text_of(events) == "Half"
        assert isinstance(end := events[-1], Finished)
        assert (end.status, end.error) == (RunStatus.FAILED, "The model is overloaded.")

    run(vendor, scenario)


def test_half_a_character_is_not_sent(vendor: Vendor) -> None:
    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        with pytest.raises(PlatformError, match=r"the request cannot be sent: .*surrogates not allowed"):
            await all_of(conversation.say("Where is \udcff?"))
        assert vendor.sessions.inputs == []

    run(vendor, scenario)


@pytest.mark.parametrize("vendor", ["openai-agents", "anthropic-agents", "azure-foundry"], indirect=True)
def test_a_run_is_cancelled_in_the_middle(vendor: Vendor) -> None:
    vendor.sessions.answers = {"1001": [{"text": "I am thinking of it.", "waits": True}]}

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        await conversation.cancel()
        assert vendor.sessions.cancelled == []

        async def ask() -> None:
            async for event in conversation.say("Where is 1001?"):
                if isinstance(event, TextDelta):
                    said.set()

        said = asyncio.Event()
        asking = asyncio.create_task(ask())
        await said.wait()
        asking.cancel()
        await asyncio.wait({asking})
        await conversation.cancel()
        assert len(vendor.sessions.cancelled) == 1
        await conversation.cancel()
        assert len(vendor.sessions.cancelled) == 1

    run(vendor, scenario)


def test_what_was_made_is_read(vendor: Vendor) -> None:
    vendor.sessions.answers = {"Plot": [{"text": "There.", "makes": "/mnt/data/chart.png"}]}
    interpreter: Json = [{"type": "code_interpreter"}]
    fields = {"tools": interpreter} if vendor.name == "openai-agents" else {}

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        events = await all_of(conversation.say("Plot it"))
        (made,) = [event for event in events if isinstance(event, ProducedFile)]
        assert (made.name, made.media_type) == ("chart.png", "image/png")
        assert await conversation.read_file(made.id) == MADE

    run(vendor, scenario, **fields)


def test_files_go_along_and_are_gone_afterwards(vendor: Vendor, tmp_path: Path) -> None:
    location = tmp_path / "march.csv"
    location.write_text("a,b\n")
    file = MessageFile(SourceFile("march.csv", location, 4, _identity(location)), "code_interpreter")

    async def scenario(converses: Converses, agent: str) -> None:
        conversation: Conversation = await converses.start(agent)
        assert text_of(await all_of(conversation.say("Read", [file]))) == "Hello."
        files = vendor.platform.uploads
        if files is None or vendor.name == "anthropic-agents":
            document = vendor.sessions.inputs[0]["content"][0]
            if vendor.name == "mistral-agents":
                assert document == {"type": "text", "text": "march.csv:\na,b\n"}
            else:
                assert (document["title"], document["source"]["data"]) == ("march.csv", "a,b\n")
            return
        (uploaded,) = await files.list_files()
        session = vendor.sessions.sessions[conversation.id]
        assert uploaded.id in str([session.body, vendor.sessions.inputs])
        await conversation.close()
        assert [*await files.list_files()] == []

    run(vendor, scenario)


def test_what_cannot_be_deleted_keeps_nothing_else_there(vendor: Vendor, tmp_path: Path) -> None:
    location = tmp_path / "march.csv"
    location.write_text("a,b\n")
    file = MessageFile(SourceFile("march.csv", location, 4, _identity(location)), "code_interpreter")

    def refused(asked: Asked) -> Answer | None:
        is_conversation = any(part in asked.path for part in vendor.sessions.sessions)
        return Answer(403, error_body("no")) if asked.method == "DELETE" and is_conversation else None

    async def scenario(converses: Converses, agent: str) -> None:
        conversation: Conversation = await converses.start(agent)
        await all_of(conversation.say("Read", [file]))
        vendor.server.fault = refused
        with pytest.raises(PlatformError, match="no"):
            await conversation.close()
        assert vendor.sessions.sessions.keys() == {conversation.id}
        assert not vendor.sessions.others
        if vendor.platform.uploads is not None:
            assert [*await vendor.platform.uploads.list_files()] == []
        vendor.server.fault = lambda _: None
        await conversation.close()
        assert not vendor.sessions.sessions

    run(vendor, scenario)


@pytest.mark.parametrize("vendor", ["anthropic-agents"], indirect=True)
def test_what_was_made_is_found_behind_a_thousand_older_files(vendor: Vendor) -> None:
    assert isinstance(vendor.sessions, AnthropicSessions)
    vendor.sessions.answers = {"Plot": [{"text": "There.", "makes": "/mnt/data/chart.png"}]}
    vendor.sessions.older_files = 1_000

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        events = await all_of(conversation.say("Plot it"))
        made = [event for event in events if isinstance(event, ProducedFile)]
        assert (len(made), made[-1].name) == (1_001, "chart.png")
        assert await conversation.read_file(made[-1].id) == MADE

    run(vendor, scenario)


@pytest.mark.parametrize("vendor", ["anthropic-agents", "mistral-agents"], indirect=True)
def test_what_a_message_has_no_room_for_is_told(vendor: Vendor, tmp_path: Path) -> None:
    """Where files go inside messages: none of it is sent."""
    binary = tmp_path / "logo.png"
    binary.write_bytes(b"\x89PNG\xff")
    strange = SourceFile("logo.png", binary, 5, _identity(binary))
    large = replace(strange, size=20 * 1024 * 1024 + 1)

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        for source, words in ((strange, "neither PDF nor text"), (large, "too large to go inside a message")):
            with pytest.raises(PlatformError, match=words) as refused:
                await all_of(conversation.say("Read", [MessageFile(source, "code_interpreter")]))
            assert refused.value.hint
        assert vendor.sessions.inputs == []
        await conversation.close()

    run(vendor, scenario)


def test_a_file_that_was_changed_does_not_go_along(vendor: Vendor, tmp_path: Path) -> None:
    location = tmp_path / "march.csv"
    location.write_text("a,b\n")
    source = SourceFile("march.csv", location, 4, _identity(location))
    location.write_text("c,d\n")

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        with pytest.raises(ChangedFileError):
            await all_of(conversation.say("Read", [MessageFile(source, "code_interpreter")]))
        assert vendor.sessions.inputs == []

    interpreter: Json = [{"type": "code_interpreter"}]
    run(vendor, scenario, **({"tools": interpreter} if vendor.name == "openai-agents" else {}))


@pytest.mark.parametrize("vendor", ["azure-foundry"], indirect=True)
def test_foundry_names_the_agent_and_what_is_cited(vendor: Vendor) -> None:
    vendor.sessions.answers = {"back": [{"text": "Thirty days.", "cites": "file_1"}]}

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        events = await all_of(conversation.say("Can I send it back?"))
        assert Citation("", "file_1", "returns.md") in events
        assert vendor.sessions.sessions[conversation.id].body["agent"] == agent

    run(vendor, scenario)


@pytest.mark.parametrize("vendor", ["mistral-agents"], indirect=True)
def test_mistral_stops_with_the_stream_and_cites_documents(vendor: Vendor) -> None:
    vendor.sessions.answers = {
        "back": [{"text": "Thirty days.", "cites": "returns.md"}],
        "1001": [{"text": "I am thinking of it.", "waits": True}],
    }

    async def scenario(converses: Converses, agent: str) -> None:
        conversation = await converses.start(agent)
        events = await all_of(conversation.say("Can I send it back?"))
        assert Citation("", "", "returns.md") in events
        assert vendor.sessions.sessions[conversation.id].body["agent_id"] == agent
        cut_off = await all_of(conversation.say("Where is 1001?"))
        assert isinstance(end := cut_off[-1], Finished)
        assert (end.status, "ended before" in end.error) == (RunStatus.FAILED, True)
        await conversation.cancel()

    run(vendor, scenario)


@pytest.mark.parametrize("vendor", ["anthropic-agents"], indirect=True)
def test_a_piece_that_is_lost_is_said_with_the_message(vendor: Vendor) -> None:
    assert isinstance(vendor.sessions, AnthropicSessions)
    vendor.sessions.loses = True
    vendor.sessions.answers = {"1001": ["Order 1001 is on its way."]}

    async def scenario(converses: Converses, agent: str) -> None:
        events = await all_of((await converses.start(agent)).say("Where is 1001?"))
        assert text_of(events).endswith("\n\nOrder 1001 is on its way.")

    run(vendor, scenario)


@pytest.mark.parametrize("vendor", ["openai-agents"], indirect=True)
def test_an_environment_is_bound_where_the_session_begins(vendor: Vendor, tmp_path: Path) -> None:
    location = tmp_path / "prices.csv"
    location.write_text("a,b\n")

    async def scenario(converses: Converses, agent: str) -> None:
        plain = await converses.start(agent)
        await all_of(plain.say("Hello"))
        assert vendor.sessions.sessions[plain.id].body["environment"] == {"type": "none"}
        platform = vendor.platform
        assert platform.uploads is not None
        source = SourceFile("prices.csv", location, 4, _identity(location))
        uploaded = await platform.uploads.upload(source, lambda _: None)
        resources: Json = {"code_interpreter": {"file_ids": [uploaded.id]}}
        tools: Json = [{"type": "code_interpreter"}]
        fields: dict[str, Json] = {
            "name": "Analyst",
            "model": "gpt-5",
            "tools": tools,
            "tool_resources": resources,
        }
        made = await platform.create_assistant(fields, {})
        bound = await converses.start(made.id)
        await all_of(bound.say("Hello"))
        environment = vendor.sessions.sessions[bound.id].body["environment"]
        assert environment["type"] == "openai_hosted"
        assert environment["environment_template_id"].startswith("envtmpl")
        with pytest.raises(PlatformError, match="first message"):
            await all_of(bound.say("And this", [MessageFile(source, "code_interpreter")]))

    run(vendor, scenario)


def _identity(location: Path) -> Identity:
    import hashlib

    return Identity(hashlib.sha256(location.read_bytes()).hexdigest(), location.name)


def test_the_command_asks_there(project: ProjectFolder, vendor: Vendor) -> None:
    vendor.sessions.answers = {"1001": [{"calls": {"order_status": {"id": "1001"}}}, "It was shipped."]}
    settings = f"{{platform: {vendor.name}, base_url: '{vendor.address}', api_key: test-key}}"
    project.write("assistctl.yaml", f"project: acme\ndefault_target: prod\ntargets:\n  prod: {settings}\n")
    checks = [{"ask": "Where is 1001?", "tools": {"order_status": "x"}, "expect": {"contains": "shipped"}}]
    project.manifest("desk", name="Desk", model=vendor.model, tools=[FUNCTION], checks=checks)
    assert (applied := project.run("apply", "--yes")).code == 0, applied.err
    asked = project.run("ask", "desk", "Where is 1001?", "--tool", "order_status=cat", "--no-keep")
    assert (asked.code, asked.out) == (0, "It was shipped.\n"), asked.err
    assert 'called order_status({"id": "1001"})' in asked.err
    assert project.run("check").code == 0
    assert (vendor.sessions.sessions, vendor.sessions.others) == ({}, set())


def test_a_thread_that_cannot_be_deleted_keeps_neither_its_files_nor_their_store(
    server: RecordingServer, tmp_path: Path
) -> None:
    location = tmp_path / "march.txt"
    location.write_text("a,b\n")
    file = MessageFile(SourceFile("march.txt", location, 4, _identity(location)), "file_search")
    platform = open_platform("openai-assistants", Connection("prod", tmp_path, base_url=server.url, api_key="any"))

    async def main() -> None:
        async with platform:
            converses, files, stores = conversations_of(platform), platform.uploads, platform.vector_stores
            assert converses is not None
            assert files is not None
            assert stores is not None
            made = await platform.create_assistant({"model": "m", "tools": [{"type": "file_search"}]}, {})
            conversation = await converses.start(made.id)
            await all_of(conversation.say("Read", [file]))
            assert [len(await files.list_files()), len(await stores.list_stores())] == [1, 1]
            server.fault = lambda asked: (
                Answer(403, error_body("no"))
                if (asked.method, "threads" in asked.path) == ("DELETE", True)
                else None
            )
            with pytest.raises(PlatformError, match="no"):
                await conversation.close()
            assert [*await files.list_files(), *await stores.list_stores()] == []

    asyncio.run(main())
