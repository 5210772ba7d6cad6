"""Many requests of one run on a platform that throttles: slower together, faster again, and an end on demand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistctl.errors import PlatformError
from assistctl.platforms.base import Connection
from assistctl.platforms.http.wire import AskAgainError, InterruptedWaitError, RequestPacer
from assistctl.platforms.openai.assistants import OpenAIAssistants
from support.clock import run, shorten_waits
from support.server import Answer, Asked, RecordingServer, error_body


@pytest.fixture(autouse=True)
def short_waits() -> None:
    """The waits are those of a real platform, on a clock that jumps over them."""


@dataclass
class Service:
    """Refuses whoever is one too many while a second's work is done; keeps who was there."""

    room: int
    wait: float | None = None
    under_way: int = 0
    done: int = 0
    refused: int = 0
    crowds: list[int] = field(default_factory=list)

    async def answer(self) -> None:
        self.under_way += 1
        self.crowds.append(self.under_way)
        try:
            await asyncio.sleep(1)
            if self.under_way > self.room:
                self.refused += 1
                raise refusal(self.wait)
            self.done += 1
        finally:
            self.under_way -= 1


def refusal(wait: float | None = None, *, throttled: bool = True) -> AskAgainError:
    return AskAgainError(PlatformError("slow down", status=429), wait=wait, throttled=throttled)


async def together(
    pace: RequestPacer, count: int, send: Callable[[], Awaitable[None]]
) -> list[BaseException | None]:
    sending = (pace.keep(send, repeatable=False) for _ in range(count))
    return await asyncio.gather(*sending, return_exceptions=True)


@pytest.mark.parametrize("wait", [None, 0.0, 2.0])
@pytest.mark.parametrize("room", [1, 3, 20])
def test_all_of_it_gets_done(room: int, wait: float | None) -> None:
    """However many start at once, the service is soon asked for about what it can do."""
    service = Service(room, wait)
    pace = RequestPacer(throttle_timeout=60)
    assert run(lambda: together(pace, 200, service.answer)) == [None] * 200
    assert service.done == 200
    settled = service.crowds[-100:]
    assert max(settled) <= 2 * room + 2
    assert pace.window.under_way == 0


def test_it_speeds_up_again() -> None:
    service = Service(room=2)
    pace = RequestPacer()

    async def work() -> None:
        await together(pace, 50, service.answer)
        narrow = pace.window.limit
        service.room = 1000
        await together(pace, 500, service.answer)
        assert narrow <= 3
        assert pace.window.limit > 15

    run(work)


def test_all_lose_patience_together() -> None:
    """One after another, a hundred would take a hundred times as long."""

    async def refuse() -> None:
        raise refusal()

    async def work() -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        errors = await together(RequestPacer(throttle_timeout=100), 100, refuse)
        assert {str(error) for error in errors} == {"slow down"}
        assert not any(isinstance(error, AskAgainError) for error in errors)
        return loop.time() - start

    assert 30 < run(work) < 110


def test_patience_lasts_while_anything_goes_through() -> None:
    """The unlucky one is refused for far longer than there is patience for a platform that does nothing at all."""
    refusals = [refusal(1)] * 40

    async def unlucky() -> None:
        if refusals:
            raise refusals.pop()

    async def work() -> None:
        pace = RequestPacer(throttle_timeout=10)

        async def others() -> None:
            while refusals:
                await pace.keep(lambda: asyncio.sleep(0), repeatable=True)
                await asyncio.sleep(5)

        await asyncio.gather(pace.keep(unlucky, repeatable=False), others())

    run(work)
    assert not refusals


def test_a_long_request_may_be_refused_at_its_end() -> None:
    refusals = [refusal()]

    async def long() -> None:
        await asyncio.sleep(1000)
        if refusals:
            raise refusals.pop()

    run(lambda: RequestPacer(throttle_timeout=60).keep(long, repeatable=False))
    assert not refusals


def test_a_wait_beyond_patience_holds_nobody_up() -> None:
    async def refuse() -> None:
        raise refusal(86_400)

    async def work() -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        pace = RequestPacer()
        for _ in range(3):
            with pytest.raises(PlatformError, match="slow down"):
                await pace.keep(refuse, repeatable=True)
        return loop.time() - start

    assert run(work) < 60


def test_stopping_ends_all_waiting_at_once() -> None:
    """Of those that were refused, and of one that never was sent."""

    async def main() -> None:
        pace, all_sent = RequestPacer(), asyncio.Barrier(21)
        sent = 0

        async def refuse() -> None:
            nonlocal sent
            sent += 1
            await all_sent.wait()
            raise refusal(500)

        waiting = asyncio.ensure_future(together(pace, 20, refuse))
        await all_sent.wait()
        late = asyncio.ensure_future(together(pace, 1, refuse))
        await asyncio.sleep(0.005)
        assert not waiting.done()
        pace.stop.set()
        errors = [*await waiting, *await late]
        assert all(isinstance(error, InterruptedWaitError) for error in errors)
        assert "interrupted while the platform asked to wait" in str(errors[0])
        assert sent == 20

    asyncio.run(asyncio.wait_for(main(), 20))


def test_stopping_also_ends_waiting_for_room() -> None:
    async def main() -> None:
        pace = RequestPacer()
        pace.window.limit = 1
        occupied = asyncio.Event()

        async def occupy() -> None:
            occupied.set()
            await finish.wait()

        finish = asyncio.Event()
        first = asyncio.ensure_future(pace.keep(occupy, repeatable=False))
        await occupied.wait()
        second = asyncio.ensure_future(pace.keep(occupy, repeatable=False))
        await asyncio.sleep(0.005)
        assert pace.window.under_way == 1
        pace.stop.set()
        with pytest.raises(InterruptedWaitError):
            await second
        finish.set()
        await first

    asyncio.run(asyncio.wait_for(main(), 20))


def test_what_need_not_wait_is_sent_after_the_stop() -> None:
    stop = asyncio.Event()
    stop.set()

    async def answer() -> str:
        return "well"

    assert run(lambda: RequestPacer(stop=stop).keep(answer, repeatable=True)) == "well"


def test_stopped_between_tries_it_says_what_happened_to_the_request() -> None:
    """It was sent: that it was not would be a lie."""
    pace = RequestPacer()

    async def fail() -> None:
        pace.stop.set()
        raise AskAgainError(PlatformError("no answer"), wait=None, throttled=False)

    with pytest.raises(PlatformError, match="no answer"):
        run(lambda: pace.keep(fail, repeatable=True))


def test_a_cancelled_request_leaves_its_place() -> None:
    pace = RequestPacer()

    async def main() -> None:
        hanging = asyncio.ensure_future(pace.keep(asyncio.Event().wait, repeatable=True))
        await asyncio.sleep(0.001)
        assert pace.window.under_way == 1
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)

    asyncio.run(main())
    assert pace.window.under_way == 0


def remote(server: RecordingServer, folder: Path, stop: asyncio.Event | None = None) -> OpenAIAssistants:
    return OpenAIAssistants(
        Connection("prod", folder, base_url=server.url, api_key="k", throttle_timeout=20, stop=stop)
    )


def test_over_http(server: RecordingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that refuses every third request: each of forty is created, and once."""
    shorten_waits(monkeypatch.setattr)
    count = 0
    lock = threading.Lock()

    def fault(_: Asked) -> Answer | None:
        nonlocal count
        with lock:
            count += 1
            every_third = count % 3 == 0
        return Answer(429, error_body("slow down"), headers=((b"retry-after-ms", b"1"),)) if every_third else None

    server.fault = fault

    async def main() -> list[str | None]:
        async with remote(server, tmp_path) as platform:
            names = [f"a{number:02}" for number in range(40)]
            await asyncio.gather(*(platform.create_assistant({"model": "m", "name": name}, {}) for name in names))
            assert platform._wire._pace.window.limit < 40
            return [assistant.name for assistant in await platform.list_assistants()]

    assert sorted(map(str, asyncio.run(main()))) == [f"a{number:02}" for number in range(40)]


def test_stopping_over_http(server: RecordingServer, tmp_path: Path) -> None:
    async def main() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        def fault(_: Asked) -> Answer:
            loop.call_soon_threadsafe(loop.call_later, 0.02, stop.set)
            return Answer(429, error_body("slow down"), headers=((b"retry-after", b"19"),))

        server.fault = fault
        async with remote(server, tmp_path, stop) as platform:
            with pytest.raises(InterruptedWaitError):
                await platform.list_assistants()

    asyncio.run(asyncio.wait_for(main(), 10))
    assert len(server.asked) == 1


def test_no_quota_is_not_waited_for(server: RecordingServer, tmp_path: Path) -> None:
    server.fault = lambda _: Answer(429, error_body("You exceeded your quota.", code="insufficient_quota"))

    async def main() -> None:
        async with remote(server, tmp_path) as platform:
            with pytest.raises(PlatformError, match="exceeded your quota") as caught:
                await platform.list_assistants()
            assert "waiting does not help" in caught.value.hint

    asyncio.run(main())
    assert len(server.asked) == 1
