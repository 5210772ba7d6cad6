"""Waiting together: how many are under way, what is sent again, after how long, and when it is given up."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import math
from dataclasses import dataclass, field

import pytest

from assistctl.errors import PlatformError
from assistctl.platforms.http import wire as pacing
from assistctl.platforms.http.sdk_errors import is_transient, wait_asked_for
from assistctl.platforms.http.wire import AskAgainError, RequestPacer, Window
from support.clock import run


@pytest.fixture(autouse=True)
def short_waits() -> None:
    """The waits are those of a real platform, on a clock that jumps over them."""


@dataclass
class Server:
    """Refuses the first requests with these errors, then answers; keeps the times."""

    errors: list[PlatformError]
    times: list[float] = field(default_factory=list)

    async def answer(self) -> str:
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        return "well"

    @property
    def waits(self) -> list[float]:
        return [round(later - sooner, 1) for sooner, later in zip(self.times, self.times[1:], strict=False)]


def refused(wait: float | None = None, *, throttled: bool = True) -> AskAgainError:
    return AskAgainError(PlatformError("not now", status=429), wait=wait, throttled=throttled)


@pytest.mark.parametrize(
    ("errors", "repeatable", "waits"),
    [
        ([], True, []),
        ([refused(3)], False, [3.0]),
        ([refused(0)], False, [0.0]),
        ([refused(0.2)] * 3, False, [0.2, 0.2, 0.2]),
        ([refused(), refused(), refused()], False, [0.5, 1.0, 2.0]),
        ([refused(0), refused(0), refused(0)], False, [0.0, 1.0, 2.0]),
        ([refused(throttled=False)], True, [0.5]),
    ],
)
def test_waits(errors: list[PlatformError], repeatable: bool, waits: list[float]) -> None:
    server = Server([*errors])
    assert run(lambda: RequestPacer().keep(server.answer, repeatable=repeatable)) == "well"
    assert server.waits == waits


@pytest.mark.parametrize(
    ("errors", "repeatable", "requests"),
    [
        ([refused(throttled=False)] * 9, False, 1),
        ([refused(throttled=False)] * 9, True, pacing.TRIES),
        ([refused(16)], True, 1),
        ([PlatformError("no")], True, 1),
        ([refused()] * 99, False, 5),
        ([refused(0)] * 99, False, 5),
        ([refused(7)] * 99, False, 3),
    ],
)
def test_giving_up(errors: list[PlatformError], repeatable: bool, requests: int) -> None:
    server = Server([*errors])
    with pytest.raises(PlatformError) as caught:
        run(lambda: RequestPacer(throttle_timeout=15).keep(server.answer, repeatable=repeatable))
    assert not isinstance(caught.value, AskAgainError)
    assert len(server.times) == requests


def test_all_wait_when_one_is_refused() -> None:
    """Four are refused at once: that is one refusal, and nobody asks again before its time."""
    server = Server([refused() for _ in range(4)])

    async def four() -> str:
        pace = RequestPacer()
        await asyncio.gather(*(pace.keep(server.answer, repeatable=False) for _ in range(4)))
        return "well"

    assert run(four) == "well"
    first = server.times[0]
    assert [round(time - first, 1) for time in server.times[:5]] == [0.0, 0.0, 0.0, 0.0, 0.5]


def in_seconds(seconds: int) -> str:
    return email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": in_seconds(-60)}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_the_wait_an_answer_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_asked_for(headers) == seconds


def test_the_wait_until_a_date() -> None:
    wait = wait_asked_for({"retry-after": in_seconds(60)})
    assert wait is not None
    assert 55 < wait <= 60


@pytest.mark.parametrize(
    ("status", "headers", "transient"),
    [
        (500, {}, True),
        (503, {}, True),
        (408, {}, True),
        (400, {}, False),
        (500, {"x-should-retry": "false"}, False),
    ],
)
def test_passing_trouble(status: int, headers: dict[str, str], transient: bool) -> None:
    assert is_transient(status, headers) is transient


def window(under_way: int, limit: float = math.inf) -> Window:
    made = Window(limit=limit)
    for _ in range(under_way):
        made.enter()
    return made


@pytest.mark.parametrize(
    ("under_way", "limit", "halved"),
    [(10, math.inf, 5), (1, math.inf, 1), (7, math.inf, 3), (8, 8, 4), (2, 9, 1), (1, 1, 1)],
)
def test_halving(under_way: int, limit: float, halved: int) -> None:
    made = window(under_way, limit)
    assert made.throttled(began=0.0, now=1.0)
    assert made.limit == halved


def test_those_under_way_together_count_once() -> None:
    made = window(8)
    assert [made.throttled(began=0.5, now=now) for now in (1.0, 1.1, 1.2)] == [True, False, False]
    assert made.limit == 4
    assert made.throttled(began=1.0, now=2.0)
    assert made.limit == 2


def test_one_more_per_round() -> None:
    made = window(4)
    made.throttled(began=0.0, now=1.0)
    limits = []
    for _ in range(2 + 3 + 4):
        made.succeeded(began=1.0)
        limits.append(made.limit)
    assert limits == [2, 3, 3, 3, 4, 4, 4, 4, 5]


def test_what_was_sent_before_the_cut_proves_nothing() -> None:
    made = window(4)
    made.throttled(began=0.0, now=1.0)
    for _ in range(9):
        made.succeeded(began=0.9)
    assert made.limit == 2


def test_without_congestion_there_is_no_limit() -> None:
    made = window(1000)
    made.succeeded(began=0.0)
    assert not made.is_full
    assert made.limit == math.inf
