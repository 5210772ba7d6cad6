"""The embedded platform's transport: an app in this process whose answers stream, and end with their reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from assistctl.local.http import in_process
from assistctl.local.http.in_process import InProcessTransport, Message
from assistctl.model.conversation import Event, Finished, TextDelta
from assistctl.platforms.base import Connection
from assistctl.platforms.conversation import conversations_of
from assistctl.platforms.registry import open_platform
from assistctl.testing.scripted_model import Reply, ScriptedModel


class Slow:
    """An app whose answer has a second piece that waits for ``goes_on``."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.ended = asyncio.Event()

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            yield b"one"
            await self.goes_on.wait()
            yield b"two"
        finally:
            self.ended.set()

    def client(self) -> httpx2.AsyncClient:
        async def stream(_: Request) -> StreamingResponse:
            return StreamingResponse(self.pieces())

        async def echo(request: Request) -> PlainTextResponse:
            return PlainTextResponse(f"{request.method} {request.url.query} {(await request.body()).decode()}")

        async def fails(_: Request) -> PlainTextResponse:
            raise LookupError("nothing")

        app = Starlette(
            routes=[Route("/stream", stream), Route("/echo", echo, methods=["POST"]), Route("/fails", fails)]
        )
        return httpx2.AsyncClient(transport=InProcessTransport(app), base_url="http://here")


def test_a_piece_comes_before_the_next_is_made() -> None:
    async def scenario() -> None:
        slow = Slow()
        async with slow.client() as client, client.stream("GET", "/stream") as response:
            pieces = response.aiter_bytes()
            assert await anext(pieces) == b"one"
            assert not slow.ended.is_set()
            slow.goes_on.set()
            assert await anext(pieces) == b"two"
            assert [piece async for piece in pieces] == []

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_an_app_whose_reader_left_ends() -> None:
    async def scenario() -> None:
        slow = Slow()
        async with slow.client() as client:
            async with client.stream("GET", "/stream") as response:
                assert await anext(response.aiter_bytes()) == b"one"
            assert slow.ended.is_set()

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_who_is_cancelled_while_an_app_ends_stays_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "_LEAVING_SECONDS", 0)

    async def scenario() -> None:
        ending, may_end = asyncio.Event(), asyncio.Event()

        async def app(_: Message, __: object, send: Callable[[Message], Awaitable[None]]) -> None:
            await send({"type": "http.response.start", "status": 200})
            try:
                await asyncio.Event().wait()
            finally:
                ending.set()
                await may_end.wait()

        async with httpx2.AsyncClient(transport=InProcessTransport(app), base_url="http://here") as client:
            request = client.build_request("GET", "/")
            leaving = asyncio.create_task((await client.send(request, stream=True)).aclose())
            await ending.wait()
            leaving.cancel()
            await asyncio.wait({leaving})
            assert leaving.cancelled()
            may_end.set()

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_requests_arrive_whole_and_errors_are_raised() -> None:
    async def scenario() -> None:
        async with Slow().client() as client:
            assert (await client.post("/echo?a=1", content=b"body")).text == "POST a=1 body"
            assert (await client.head("/stream/none")).status_code == 404
            with pytest.raises(LookupError, match="nothing"):
                await client.get("/fails")

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_the_first_word_of_a_run_comes_before_the_last(tmp_path: Path) -> None:
    pieces = 10
    with ScriptedModel() as model:
        model.on(None, Reply("".join(f"word{number} " for number in range(pieces)), piece_delay=0.1))

        async def scenario() -> tuple[float, float]:
            environment = {"ASSISTCTL_MODEL_URL": model.url}
            clock = asyncio.get_running_loop().time
            async with open_platform("local", Connection("local", tmp_path, environment)) as platform:
                made = await platform.create_assistant({"name": "Desk", "model": "gpt-4o"}, {})
                converses = conversations_of(platform)
                assert converses is not None
                conversation = await converses.start(made.id)
                times: list[tuple[Event, float]] = [(event, clock()) async for event in conversation.say("Hello")]
            first = next(at for event, at in times if isinstance(event, TextDelta))
            end = next(at for event, at in times if isinstance(event, Finished))
            return first, end

        first, end = asyncio.run(asyncio.wait_for(scenario(), 30))
    assert end - first > 0.5
