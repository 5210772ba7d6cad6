"""A scripted model: an OpenAI-compatible Chat Completions server that says what a test told it to.

It is no model and does not pretend to be: what it answers is a rule's text, chosen by what was asked. Tests of
assistants run against it offline, over real HTTP on the loopback address::

    with ScriptedModel() as model:
        model.on("weather", ToolCall("get_weather", {"city": "Paris"}), "It is sunny in Paris.")
        model.on(None, "Hello!")
        client = OpenAI(base_url=model.url, api_key="any")

A rule's turns follow each other as a conversation calls tools: the first answers the user's message, the second
the first results of tools, and so on; the last one is repeated. ``ScriptedModel.app`` is the same server as an
ASGI application, for use in process.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from assistctl.testing.scripted_completions import Failure, Reply, ToolCall, completion, events

__all__ = ["Failure", "ModelRequest", "Reply", "ScriptedModel", "ToolCall"]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request: its JSON ``body``, and its ``headers`` with names in lower case."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that were sent."""
        messages: list[dict[str, Any]] = self.body.get("messages", [])
        return messages

    @property
    def last_user_text(self) -> str:
        """The text of the last user message, without its pictures; empty when there is none."""
        said = [message for message in self.messages if message["role"] == "user"]
        return _text_of(said[-1]["content"]) if said else ""

    @property
    def tool_results(self) -> list[str]:
        """The results of tools since the last message of a user."""
        return [_text_of(message["content"]) for message in self._since_user() if message["role"] == "tool"]

    @property
    def turn(self) -> int:
        """The number of tool calls since the last message of a user."""
        return sum(bool(message.get("tool_calls")) for message in self._since_user())

    def _since_user(self) -> list[dict[str, Any]]:
        last = max((index for index, message in enumerate(self.messages) if message["role"] == "user"), default=-1)
        return self.messages[last + 1 :]


When: TypeAlias = str | re.Pattern[str] | Callable[[ModelRequest], bool] | None
Turn: TypeAlias = str | ToolCall | Sequence[ToolCall] | Reply | Failure | Callable[[ModelRequest], "Turn"]


@dataclass(slots=True)
class _Rule:
    when: When
    turns: tuple[Turn, ...]
    left: int | None

    def fits(self, request: ModelRequest) -> bool:
        if self.left == 0:
            return False
        if isinstance(self.when, str):
            return self.when in request.last_user_text
        if isinstance(self.when, re.Pattern):
            return self.when.search(request.last_user_text) is not None
        return self.when is None or self.when(request)


class ScriptedModel:
    """The server; entering it as a context starts it on a free port. Rules may be added at any time.

    ``sleep`` is what a delay waits with, in seconds: a test may hand in a clock of its own. ``requests`` are all
    that came, in order, those that failed too.
    """

    def __init__(self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.requests: list[ModelRequest] = []
        self._rules: list[_Rule] = []
        self._sleep = sleep
        self._mutex = threading.Lock()
        self._running: _Running | None = None
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
                Route("/v1/models", _models),
            ]
        )

    @property
    def url(self) -> str:
        """The base URL for an SDK while it runs: ``http://127.0.0.1:PORT/v1``."""
        if self._running is None:
            raise RuntimeError("the scripted model was not started: use it in a with statement")
        return self._running.url

    def on(self, when: When, *turns: Turn, times: int | None = None) -> Self:
        """Add a rule; the first that fits and is not used up is the one that answers.

        ``when`` is a text or pattern in the user's last message, a predicate of the request, or ``None`` for any.
        A turn is a text, a call of a tool or several, a ``Reply``, a ``Failure``, or a function of the request
        that returns one of these. With ``times`` the rule answers that many requests.
        """
        if not turns:
            raise ValueError("a rule needs at least one turn")
        with self._mutex:
            self._rules.append(_Rule(when, turns, times))
        return self

    def __enter__(self) -> Self:
        self._running = _Running(self.app)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None

    async def _complete(self, request: Request) -> Response:
        asked = ModelRequest(await request.json(), dict(request.headers))
        turn = self._turn(asked)
        while callable(turn):
            turn = turn(asked)
        if isinstance(turn, Failure):
            return turn.response()
        reply = _reply(turn)
        if reply.delay:
            await self._sleep(reply.delay)
        if asked.body.get("stream"):
            return StreamingResponse(events(reply, asked.body, self._sleep), media_type="text/event-stream")
        return JSONResponse(completion(reply, asked.body))

    def _turn(self, asked: ModelRequest) -> Turn:
        with self._mutex:
            self.requests.append(asked)
            rule = next((rule for rule in self._rules if rule.fits(asked)), None)
            if rule is None:
                return Failure(400, f"No rule of the scripted model fits {asked.last_user_text[:200]!r}.")
            if rule.left is not None:
                rule.left -= 1
            return rule.turns[min(asked.turn, len(rule.turns) - 1)]


class _Running:
    """The server in a thread of its own."""

    def __init__(self, app: Starlette) -> None:
        import uvicorn

        from assistctl.testing.prompt_server import PromptServer

        # Named as TCP, its connections do not hold small pieces back (asyncio sets TCP_NODELAY for such only).
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(1024)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        # A cut stream is an error in an application; it is what the test wanted.
        config = uvicorn.Config(
            app, log_config=None, log_level="critical", access_log=False, lifespan="off", ws="none", http="h11"
        )
        config.timeout_graceful_shutdown = 1
        self._server = PromptServer(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; connections that are open are closed after a second."""
        self._server.up.wait(10)
        self._server.stop()
        self._thread.join(10)
        self._socket.close()


def _models(_: Request) -> JSONResponse:
    model = {"id": "scripted", "object": "model", "created": 0, "owned_by": "assistctl"}
    return JSONResponse({"object": "list", "data": [model]})


def _reply(turn: str | ToolCall | Sequence[ToolCall] | Reply) -> Reply:
    if isinstance(turn, Reply):
        return turn
    if isinstance(turn, str):
        return Reply(turn)
    return Reply(tool_calls=(turn,) if isinstance(turn, ToolCall) else tuple(turn))


def _text_of(content: Any) -> str:  # noqa: ANN401  # a string or parts, as Chat Completions takes either
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])
