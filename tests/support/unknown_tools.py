"""A server whose assistants have tools that its own types do not know: what a platform may answer some day."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class WithUnknownTools:
    """``app``, which never sees the tools that were ``put``: they are added to answers, and taken out of requests.

    A request that replaces an assistant's tools without such a tool has deleted it.
    """

    app: ASGIApp
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, assistant_id: str, tool: Any) -> None:
        """Add a tool to the assistant (or agent) with that id, or of that name."""
        self.tools[assistant_id] = tool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.tools:
            await self.app(scope, receive, send)
            return
        body = await _whole(receive)
        handed_on = self._without(scope["path"], body) if body.startswith(b"{") else body
        length = (b"content-length", str(len(handed_on)).encode())
        headers = [header for header in scope["headers"] if header[0] != b"content-length"]
        answer = _Answer()
        await self.app({**scope, "headers": [*headers, length]}, _once(handed_on), answer.take)
        await answer.hand_on(send, self._added)

    def _without(self, path: str, body: bytes) -> bytes:
        """A request as the app knows it."""
        sent = json.loads(body)
        holder = sent.get("definition", sent)
        for name, tool in [*self.tools.items()]:
            if f"/{name}" not in path or not isinstance(holder.get("tools"), list):
                continue
            if tool not in holder["tools"]:
                del self.tools[name]
            holder["tools"] = [candidate for candidate in holder["tools"] if candidate != tool]
        return json.dumps(sent).encode()

    def _added(self, value: Any) -> Any:
        """An answer with the tools that the app does not know."""
        if isinstance(value, list):
            return [self._added(item) for item in value]
        if not isinstance(value, dict):
            return value
        found = {name: self._added(part) for name, part in value.items()}
        tool = next(
            (self.tools[name] for name in (found.get("id"), found.get("name")) if name in self.tools), None
        )
        holder = found.get("definition", found)
        if tool is not None and isinstance(holder, dict) and ("definition" in found or "tools" in found):
            holder["tools"] = [*(holder.get("tools") or []), tool]
        return found


@dataclass
class _Answer:
    """What an app answers, held back until it is whole."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    async def hand_on(self, send: Send, change: Any) -> None:
        body = json.dumps(change(json.loads(self.body))).encode() if self.body.startswith(b"{") else self.body
        headers = [header for header in self.start["headers"] if header[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({**self.start, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _once(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
