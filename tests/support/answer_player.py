"""Answers that a platform once gave, played again with something wrong in them, to the real SDK client.

Three platforms are offered as those of other packages are (``offered_in``): their SDK clients get a transport that
records a server in this process, or plays back what was recorded.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from assistctl.model.capabilities import Capabilities
from assistctl.platforms.anthropic import agents as anthropic_agents
from assistctl.platforms.base import Connection, Platform
from assistctl.platforms.openai import agents as openai_agents
from assistctl.platforms.openai import assistants as openai_assistants
from support.spoiling import ODD_TEXTS, odd_value, spoiled

PLATFORMS: Mapping[str, Any] = {
    "played-assistants": openai_assistants,
    "played-agents": openai_agents,
    "played-anthropic": anthropic_agents,
}
_ID = re.compile("(?:(?:asst|agent|vs|vsfb)_|file-)[A-Za-z0-9-]+")
_STATUSES = (*(200, 201, 204, 302, 400, 401, 403, 404, 404, 409, 409, 413, 422, 429, 500, 503), 418)
_NO_JSON = (
    b"",
    b"null",
    b"0",
    b'"text"',
    b"<html><title>Sign in\x1b[2J</title></html>",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a":' * 5_000,
    b'{"data": [{}]}',
    b'{"data": [{"id": ""}], "has_more": true}',
    b'{"detail": [{"loc": ["body", "x"], "msg": "no"}]}',
    b'{"error": "plain"}',
    b'{"error": {"message": null, "code": {}}}',
    b'{"id": "x", "bytes": ' + b"9" * 5_000 + b"}",
)
_HEADERS = (
    "retry-after",
    "retry-after-ms",
    "openai-poll-after-ms",
    "content-type",
    "content-encoding",
    "location",
)
_HEADER_VALUES = (
    *(
        "",
        "-1",
        "nan",
        "inf",
        "1e99",
        "0",
        "99999999999",
        "9" * 4_000,
        "Wed, 99 Foo",
        "text/html; charset=klingon",
    ),
    *(
        "gzip",
        "Wed, 21 Oct 2099 07:28:00 GMT",
        "http://[",
        "http://127.0.0.1:1/elsewhere",
        "//",
        "Sat, 1 Jan 0 0:0 Z",
    ),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Tape(httpx2.AsyncBaseTransport):
    """What the server behind ``real`` answers, in the order it was asked, by method and kind of path."""

    real: httpx2.AsyncBaseTransport
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Ask the server, and keep what it says."""
        response = await self.real.handle_async_request(request)
        body = await response.aread()
        answer = Answer(response.status_code, dict(response.headers), body)
        self.answers.setdefault(_kind(request), []).append(answer)
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=body)


@dataclass(slots=True)
class Player(httpx2.AsyncBaseTransport):
    """Plays ``answers``; so many in a hundred, and the first of kind ``first``, have something wrong with them.

    ``count`` is how many were given so, ``asked`` what was asked for.
    """

    answers: Mapping[str, list[Answer]]
    random: Random
    percent: int
    count: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The next answer of that kind; the last one again when there are no more."""
        await request.aread()
        kind = _kind(request)
        recorded = self.answers.get(kind) or [_NOT_FOUND]
        answer = recorded[min(self.asked[kind], len(recorded) - 1)]
        self.asked[kind] += 1
        if self.random.randrange(100) < self.percent:
            self.count += 1
            answer = spoiled_answer(answer, self.random, self._others())
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def _others(self) -> tuple[Any, ...]:
        kind = self.random.choice(sorted(self.answers)) if self.answers else ""
        return tuple(json.loads(answer.body) for answer in self.answers.get(kind, ())[:1])


def spoiled_answer(answer: Answer, random: Random, others: tuple[Any, ...]) -> Answer:
    """``answer`` with something wrong: mostly in its JSON, else in its bytes, its status or its headers."""
    way = random.randrange(100)
    if way < 10:
        answer = replace(answer, body=random.choice((*_NO_JSON, answer.body[: random.randrange(200)])))
    elif way < 20:
        error = {"error": {"message": "no", "type": "x", "param": None, "code": None}}
        body = _dumped(spoiled(error, random, others)) if random.random() < 0.7 else random.choice(_NO_JSON)
        answer = Answer(random.choice(_STATUSES), {"content-type": "application/json"}, body)
    else:
        try:
            answer = replace(answer, body=_dumped(spoiled(json.loads(answer.body), random, others)))
        except ValueError:
            answer = replace(answer, body=_dumped(odd_value(random)))
    if random.random() < 0.1:
        headers = {random.choice(_HEADERS): random.choice(_HEADER_VALUES)}
        answer = replace(answer, headers={"content-type": "application/json", **headers})
    kept = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    return replace(answer, headers=kept)


def _dumped(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _kind(request: httpx2.Request) -> str:
    """What is asked for, whichever it is asked of."""
    return f"{request.method} {_ID.sub('*', request.url.path)}"


_NOT_FOUND = Answer(404, {"content-type": "application/json"}, _dumped({"error": {"message": ODD_TEXTS[7]}}))

_transports: list[httpx2.AsyncBaseTransport] = []


@contextmanager
def through(transport: httpx2.AsyncBaseTransport) -> Iterator[None]:
    """Let every request of our platforms go through ``transport``."""
    _transports.append(transport)
    try:
        yield
    finally:
        _transports.pop()


@dataclass(frozen=True, slots=True)
class _Offer:
    CAPABILITIES: Capabilities
    opened: Callable[[Connection], Platform]

    def connect(self, connection: Connection) -> Platform:
        client = httpx2.AsyncClient(transport=_transports[-1], follow_redirects=True)
        return self.opened(replace(connection, http_client=client))


assistants, agents, anthropic = (_Offer(module.CAPABILITIES, module.connect) for module in PLATFORMS.values())


@contextmanager
def offered_in(folder: Path) -> Iterator[None]:
    """While the block runs, the platforms are offered by a package that is installed in ``folder``."""
    info = folder / "played-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: played\nVersion: 1.0\n")
    lines = [f"{name} = {__name__}:{name.removeprefix('played-')}" for name in PLATFORMS]
    (info / "entry_points.txt").write_text("\n".join(["[assistctl.platforms]", *lines, ""]))
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
