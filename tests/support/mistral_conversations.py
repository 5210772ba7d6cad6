"""Conversations of Mistral's agents, whose answers are written down (``live_sessions``).

Requests and events are held against the types of the mistralai SDK.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from mistralai.client.models import (
    ConversationAppendStreamRequest,
    ConversationEvents,
    ConversationStreamRequest,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.live_sessions import MADE, USAGE, Object, Session, Sessions, pieces, streamed

_NOT_THERE: Object = {"object": "error", "message": "Conversation not found.", "type": "invalid_request_error"}


@dataclass
class MistralConversations(Sessions):
    """``/v1/conversations`` and the files that were made in them."""

    def routes(self) -> list[Route]:
        """The routes."""
        object_path = "/v1/conversations/{id}"
        return [
            Route("/v1/conversations", self._start, methods=["POST"]),
            Route(object_path, self._one, methods=["GET", "POST", "DELETE"]),
            Route("/v1/files/{id}/content", self._content),
        ]

    async def _start(self, request: Request) -> Response:
        body = await request.json()
        ConversationStreamRequest.model_validate(body)
        assert body["stream"] is True
        return self._answered(self.new("conv", body), body)

    async def _one(self, request: Request) -> Response:
        session = self.found(request)
        if session is None:
            return JSONResponse(_NOT_THERE, 404)
        if request.method == "DELETE":
            del self.sessions[session.id]
            return Response(status_code=204)
        if request.method == "GET":
            return JSONResponse({"id": session.id, "object": "conversation", "agent_id": session.body["agent_id"]})
        body = await request.json()
        ConversationAppendStreamRequest.model_validate(body)
        return self._answered(session, body)

    async def _content(self, request: Request) -> Response:
        assert request.path_params["id"] == "file_1"
        return Response(MADE)

    def _answered(self, session: Session, body: Object) -> Response:
        self.inputs += body["inputs"]
        for sent in body["inputs"]:
            if sent["type"] == "message.input":
                content = sent["content"]
                self.script(session, content if isinstance(content, str) else content[-1]["text"])
        said = session.said.pop(0)
        events = [*_told(session.id, {"text": said} if isinstance(said, str) else said)]
        for event in events:
            ConversationEvents.model_validate({"event": event["type"], "data": event})
        return streamed(_stream(events))


def _told(conversation: str, said: Object) -> Iterator[Object]:
    yield {"type": "conversation.response.started", "conversation_id": conversation}
    message = {"type": "message.output.delta", "id": "msg_1", "role": "assistant", "output_index": 0}
    # What the model thinks is not the answer.
    yield {**message, "content": {"type": "thinking", "thinking": [{"type": "text", "text": "psst"}]}}
    for number, piece in enumerate(pieces(said.get("text", ""))):
        yield {**message, "content": piece if number % 2 else {"type": "text", "text": piece}}
    if "cites" in said:
        cited = {"type": "tool_reference", "tool": "document_library", "title": said["cites"]}
        yield {**message, "content": cited}
    if "makes" in said:
        name = said["makes"].rpartition("/")[2]
        made = {"type": "tool_file", "tool": "code_interpreter", "file_id": "file_1", "file_name": name}
        yield {**message, "content": {**made, "file_type": name.rpartition(".")[2]}}
    yield {"type": "somebody.invented.this", "id": "x"}
    for name, arguments in said.get("calls", {}).items():
        call = {"type": "function.call.delta", "id": "fc_1", "name": name, "tool_call_id": f"call_{name}"}
        for piece in pieces(json.dumps(arguments)):
            yield {**call, "arguments": piece}
    if "fails" in said:
        yield {"type": "conversation.response.error", "message": said["fails"], "code": 503}
    elif not said.get("waits"):
        usage = {"prompt_tokens": USAGE[0], "completion_tokens": USAGE[1], "total_tokens": sum(USAGE)}
        yield {"type": "conversation.response.done", "usage": usage}


async def _stream(events: Sequence[Object]) -> AsyncIterator[str]:
    for event in events:
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
