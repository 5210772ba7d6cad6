"""Sessions and conversations of other platforms, whose answers are written down and whose streams stay open.

Requests and events are held against the types of the vendors' SDKs. Each class is the routes of one platform, to
go with a server that has the agents.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from anthropic.types.beta import SessionCreateParams as AnthropicSession
from anthropic.types.beta.environment_create_params import EnvironmentCreateParams
from anthropic.types.beta.sessions import BetaManagedAgentsStreamSessionEvents
from anthropic.types.beta.sessions.event_send_params import EventSendParams
from openai.types.beta.agent_session_event import AgentSessionEvent
from openai.types.beta.agents.session_create_params import SessionCreateParamsStreaming
from openai.types.beta.agents.sessions.event_create_params import EventCreateParams
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

Object: TypeAlias = dict[str, Any]
Said: TypeAlias = "str | Object"
"""A text; or ``calls`` (arguments by name), ``fails`` (a message), ``makes`` or ``cites`` (a file), ``waits``."""

USAGE = (100, 20)
MADE = b"what was made"


@dataclass
class Session:
    """One session: what it will say, and who listens."""

    id: str
    body: Object
    said: list[Said] = field(default_factory=list)
    listeners: list[asyncio.Queue[Object]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    turn: int = 0

    def tell(self, *events: Object) -> None:
        """Send events to all who listen."""
        for listener in self.listeners:
            for event in events:
                listener.put_nowait(event)

    async def listen(self, *before: Object) -> AsyncIterator[str]:
        """Events without end, each as a server sends it."""
        queue: asyncio.Queue[Object] = asyncio.Queue()
        self.listeners.append(queue)
        try:
            for event in before:
                queue.put_nowait(event)
            yield ": open\n\n"
            while True:
                event = await queue.get()
                yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
        finally:
            self.listeners.remove(queue)


@dataclass
class Sessions:
    """``answers`` are by a part of the question, in their order; ``inputs`` are all that was sent."""

    answers: dict[str, Sequence[Said]] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    inputs: list[Object] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    made: int = 0
    others: set[str] = field(default_factory=set)

    def new(self, prefix: str, body: Object) -> Session:
        """One more session."""
        self.made += 1
        session = self.sessions[f"{prefix}_{self.made}"] = Session(f"{prefix}_{self.made}", body)
        return session

    def script(self, session: Session, question: str) -> None:
        """What the session says to a question."""
        said = next((said for part, said in self.answers.items() if part in question), ["Hello."])
        session.said = [*said]

    def found(self, request: Request) -> Session | None:
        """The session that a request is about."""
        return self.sessions.get(request.path_params["id"])


def with_routes(routes: Sequence[Route], otherwise: ASGIApp) -> ASGIApp:
    """An app with ``routes`` in front of ``otherwise``."""
    from starlette.applications import Starlette

    app = Starlette(routes=routes)

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        matches = any(route.matches(scope)[0].value for route in routes)
        await (app if matches else otherwise)(scope, receive, send)

    return choose


def streamed(events: AsyncIterator[str]) -> StreamingResponse:
    """A stream of events as an answer."""
    return StreamingResponse(events, media_type="text/event-stream")


def pieces(text: str) -> list[str]:
    """A text in small pieces."""
    return [text[start : start + 7] for start in range(0, len(text), 7)]


_CREATE_SESSION: TypeAdapter[Any] = TypeAdapter(SessionCreateParamsStreaming)
_SEND: TypeAdapter[Any] = TypeAdapter(EventCreateParams)
_OPENAI_EVENT: TypeAdapter[Any] = TypeAdapter(AgentSessionEvent)


@dataclass
class OpenAISessions(Sessions):
    """``/v1/agents/sessions``."""

    def routes(self) -> list[Route]:
        """The routes."""
        object_path = "/v1/agents/sessions/{id}"
        return [
            Route("/v1/agents/sessions", self._create, methods=["POST"]),
            Route(object_path, self._one, methods=["GET", "DELETE"]),
            Route(f"{object_path}/events", self._events, methods=["GET", "POST"]),
            Route(f"{object_path}/artifacts", self._artifacts),
            Route(f"{object_path}/artifacts/{{artifact}}/content", self._content),
        ]

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        _materialized(_CREATE_SESSION.validate_python(body))
        assert body["stream"] is True
        session = self.new("sess", body)
        self.script(session, body["input"])
        created = {"type": "agent.session.created", "event_id": "ev_0", "session": self._session(session, "idle")}
        events = session.listen(created)

        async def whole() -> AsyncIterator[str]:
            yield await anext(events)
            self._go_on(session)
            async for event in events:
                yield event

        return streamed(whole())

    async def _one(self, request: Request) -> Response:
        session = self.found(request)
        if session is None:
            return JSONResponse({"error": {"message": "There is no such session."}}, 404)
        if request.method == "DELETE":
            del self.sessions[session.id]
            return JSONResponse({"id": session.id, "deleted": True})
        return JSONResponse(self._session(session, "idle"))

    async def _events(self, request: Request) -> Response:
        session = self.found(request)
        if session is None:
            return JSONResponse({"error": {"message": "There is no such session."}}, 404)
        if request.method == "GET":
            return streamed(session.listen())
        body = await request.json()
        _materialized(_SEND.validate_python(body))
        self.inputs += body["events"]
        for sent in body["events"]:
            if sent["type"] == "agent.session.input.cancel":
                self.cancelled.append(session.id)
                return JSONResponse({})
            if sent["type"] == "agent.session.input.message":
                self.script(session, sent["input"][0]["content"][0]["text"])
        self._go_on(session)
        return JSONResponse({})

    async def _artifacts(self, request: Request) -> Response:
        session = self.found(request)
        assert session is not None
        artifact = {
            "id": "artifact_1",
            "object": "agent.session.artifact",
            "created_at": 1,
            "environment_id": "env_1",
            "path": "/workspace/out/../chart.png",
            "session_id": session.id,
            "size_bytes": len(MADE),
            "turn_id": f"turn_{session.turn}",
        }
        earlier = {**artifact, "id": "artifact_0", "turn_id": "turn_0"}
        return JSONResponse({"data": [artifact, earlier], "has_more": False})

    async def _content(self, request: Request) -> Response:
        assert request.path_params["artifact"] == "artifact_1"
        return Response(MADE)

    def _go_on(self, session: Session) -> None:
        said = session.said.pop(0)
        for event in self._told(session, {"text": said} if isinstance(said, str) else said):
            _OPENAI_EVENT.validate_python(event)
            session.tell(event)

    def _told(self, session: Session, said: Object) -> Iterator[Object]:
        if not session.calls:
            session.turn += 1
        session.calls = []
        turn_id = f"turn_{session.turn}"
        head = {"event_id": "ev", "session_id": session.id, "turn_id": turn_id}
        # A subagent thinks aloud, which is not the answer.
        other = {**head, "turn_id": "turn_other"}
        turn = self._turn(session, "turn_other", "in_progress", subagent_id="sub_1")
        yield {**other, "type": "agent.session.turn.created", "turn": turn}
        for who, text in ((other, "psst"), *((head, piece) for piece in pieces(said.get("text", "")))):
            place = {"item_id": "item_1", "content_index": 0, "output_index": 0}
            yield {**who, **place, "type": "agent.session.turn.output_text.delta", "delta": text}
        if said.get("waits"):
            return
        if "calls" in said:
            session.calls = [f"call_{name}" for name in said["calls"]]
            actions = [
                {
                    "type": "function_call",
                    "call_id": f"call_{name}",
                    "name": name,
                    "arguments": arguments,
                    "turn_id": turn_id,
                }
                for name, arguments in said["calls"].items()
            ]
            waiting = {**self._session(session, "requires_action"), "required_actions": actions}
            yield {"type": "agent.session.requires_action", "event_id": "ev", "session": waiting}
        elif "fails" in said:
            error = {"code": "server_error", "message": said["fails"]}
            turn = self._turn(session, turn_id, "failed", error=error)
            yield {**head, "type": "agent.session.turn.failed", "turn": turn}
        else:
            turn = self._turn(session, turn_id, "completed")
            yield {**head, "type": "agent.session.turn.completed", "turn": turn, "usage": turn["usage"]}

    def _turn(self, session: Session, turn_id: str, status: str, **more: Any) -> Object:
        usage = {
            "input_tokens": USAGE[0],
            "output_tokens": USAGE[1],
            "total_tokens": sum(USAGE),
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        }
        return {
            "id": turn_id,
            "agent_id": "agent_1",
            "created_at": 1,
            "object": "agent.session.turn",
            "session_id": session.id,
            "status": status,
            "usage": usage,
            "error": None,
            "subagent_id": None,
            **more,
        }

    def _session(self, session: Session, status: str) -> Object:
        hosted = session.body["environment"]["type"] != "none"
        agent = {
            "id": session.body["agent_id"],
            "model": "gpt-5",
            "multi_agent": {"enabled": False},
            "reasoning": {"effort": "medium"},
            "service_tier": "auto",
            "text": {"format": {"type": "text"}, "verbosity": "medium"},
            "tools": [],
        }
        return {
            "id": session.id,
            "object": "agent.session",
            "agent": agent,
            "created_at": 1,
            "last_active_at": 1,
            "environment": {"type": "openai_hosted", "id": "env_1"} if hosted else {"type": "none"},
            "metadata": {},
            "required_actions": [],
            "status": status,
            "vault_ids": [],
            "error": None,
        }


_CREATE_ANTHROPIC: TypeAdapter[Any] = TypeAdapter(AnthropicSession)
_ENVIRONMENT: TypeAdapter[Any] = TypeAdapter(EnvironmentCreateParams)
_SEND_ANTHROPIC: TypeAdapter[Any] = TypeAdapter(EventSendParams)
_ANTHROPIC_EVENT: TypeAdapter[Any] = TypeAdapter(BetaManagedAgentsStreamSessionEvents)
_NOW = "2026-11-26T12:00:00Z"


@dataclass
class AnthropicSessions(Sessions):
    """``/v1/sessions``, ``/v1/environments`` and the files of a session. ``loses``: a piece of text gets lost.

    ``older_files`` are listed before the one that is made.
    """

    loses: bool = False
    older_files: int = 0

    def routes(self) -> list[Route]:
        """The routes."""
        object_path = "/v1/sessions/{id}"
        return [
            Route("/v1/environments", self._environment, methods=["POST"]),
            Route("/v1/environments/{id}", self._remove_environment, methods=["DELETE"]),
            Route("/v1/sessions", self._create, methods=["POST"]),
            Route(object_path, self._one, methods=["GET", "DELETE"]),
            Route(f"{object_path}/events", self._send, methods=["POST"]),
            Route(f"{object_path}/events/stream", self._listen),
            Route("/v1/files", self._files),
            Route("/v1/files/{id}/content", self._content),
        ]

    async def _environment(self, request: Request) -> Response:
        _ENVIRONMENT.validate_python(await request.json())
        self.others.add("env_1")
        return JSONResponse({"id": "env_1", "type": "environment"})

    async def _remove_environment(self, request: Request) -> Response:
        self.others.discard(request.path_params["id"])
        return JSONResponse({"id": request.path_params["id"], "type": "environment_deleted"})

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        _materialized(_CREATE_ANTHROPIC.validate_python(body))
        session = self.new("sesn", body)
        return JSONResponse({"id": session.id, "type": "session", "status": "idle"})

    async def _one(self, request: Request) -> Response:
        session = self.found(request)
        if session is None:
            return _anthropic_error(404, "not_found_error", "There is no such session.")
        if request.method == "DELETE":
            del self.sessions[session.id]
        return JSONResponse({"id": session.id, "type": "session"})

    async def _listen(self, request: Request) -> Response:
        session = self.found(request)
        assert session is not None
        assert request.query_params.multi_items() == [("event_deltas[]", "agent.message")]
        return streamed(session.listen(self._event("session.status_idle", stop_reason={"type": "end_turn"})))

    async def _send(self, request: Request) -> Response:
        session = self.found(request)
        if session is None:
            return _anthropic_error(404, "not_found_error", "There is no such session.")
        body = await request.json()
        _materialized(_SEND_ANTHROPIC.validate_python(body))
        self.inputs += body["events"]
        for sent in body["events"]:
            if sent["type"] == "user.interrupt":
                self.cancelled.append(session.id)
                return JSONResponse({"data": []})
            if sent["type"] == "user.message":
                self.script(session, sent["content"][-1]["text"])
        said = session.said.pop(0)
        for event in self._told({"text": said} if isinstance(said, str) else said):
            _ANTHROPIC_EVENT.validate_python(event)
            session.tell(event)
        return JSONResponse({"data": []})

    async def _files(self, request: Request) -> Response:
        if "scope_id" not in request.query_params:
            return JSONResponse({"data": [], "next_page": None})
        assert request.query_params["scope_id"] in self.sessions
        made: Object = {"type": "file", "created_at": _NOW, "downloadable": True, "size_bytes": len(MADE)}
        named = [f"{number}.txt" for number in range(self.older_files)] + ["chart.png"]
        files = [
            {**made, "id": f"file_{len(named) - number}", "filename": name, "mime_type": f"image/{name[-3:]}"}
            for number, name in enumerate(named)
        ]
        begin = int(request.query_params.get("page", "page_0").removeprefix("page_"))
        end = begin + int(request.query_params["limit"])
        return JSONResponse({"data": files[begin:end], "next_page": f"page_{end}" if end < len(files) else None})

    async def _content(self, request: Request) -> Response:
        assert request.path_params["id"] == "file_1"
        return Response(MADE)

    def _told(self, said: Object) -> Iterator[Object]:
        yield self._event("session.status_running")
        text = said.get("text", "")
        if text:
            yield {"type": "event_start", "event": {"type": "agent.message", "id": "ev_1"}}
            sent = pieces(text)[1:] if self.loses else pieces(text)[:-1]
            for piece in sent:
                content = {"type": "content_delta", "index": 0, "content": {"type": "text", "text": piece}}
                yield {"type": "event_delta", "event_id": "ev_1", "delta": content}
            yield self._event("agent.message", id="ev_1", content=[{"type": "text", "text": text}])
        if said.get("waits"):
            return
        if "makes" in said:
            yield self._event("agent.tool_use", name="bash", input={}, evaluated_permission="allow")
        if "calls" in said:
            ids = [f"call_{name}" for name in said["calls"]]
            for name, arguments in said["calls"].items():
                yield self._event("agent.custom_tool_use", id=f"call_{name}", name=name, input=arguments)
            yield self._event("session.status_idle", stop_reason={"type": "requires_action", "event_ids": ids})
            return
        usage = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 60}
        usage |= {"input_tokens": USAGE[0] - 60, "output_tokens": USAGE[1]}
        yield self._event("span.model_request_end", model_request_start_id="ev", model_usage=usage, is_error=False)
        if "fails" in said:
            for status in ("retrying", "exhausted"):
                error = {"type": "model_overloaded_error", "message": said["fails"]}
                yield self._event("session.error", error={**error, "retry_status": {"type": status}})
        reason = "retries_exhausted" if "fails" in said else "end_turn"
        yield self._event("session.status_idle", stop_reason={"type": reason})

    def _event(self, kind: str, **more: Any) -> Object:
        return {"id": "ev", "type": kind, "processed_at": _NOW, **more}


_RESPONSE_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


@dataclass
class FoundryConversations(Sessions):
    """``/conversations`` and ``/responses`` below ``prefix``; ``versions`` are those that were asked for."""

    prefix: str = ""
    versions: list[str] = field(default_factory=list)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(f"{self.prefix}/conversations", self._create, methods=["POST"]),
            Route(f"{self.prefix}/conversations/{{id}}", self._one, methods=["GET", "DELETE"]),
            Route(f"{self.prefix}/responses", self._respond, methods=["POST"]),
            Route(f"{self.prefix}/responses/{{id}}/cancel", self._cancel, methods=["POST"]),
            Route(f"{self.prefix}/containers/{{id}}/files/{{file}}/content", self._content),
        ]

    async def _create(self, request: Request) -> Response:
        session = self.new("conv", await request.json())
        return JSONResponse({"id": session.id, "object": "conversation", "created_at": 1, "metadata": {}})

    async def _one(self, request: Request) -> Response:
        session = self.found(request)
        if session is None:
            return JSONResponse({"error": {"code": "not_found", "message": "There is no such conversation."}}, 404)
        if request.method == "DELETE":
            del self.sessions[session.id]
            return JSONResponse({"id": session.id, "object": "conversation.deleted", "deleted": True})
        return JSONResponse({"id": session.id, "object": "conversation"})

    async def _cancel(self, request: Request) -> Response:
        self.cancelled.append(request.path_params["id"])
        return JSONResponse({"error": {"message": "Only a background response can be cancelled."}}, 400)

    async def _content(self, request: Request) -> Response:
        assert (request.path_params["id"], request.path_params["file"]) == ("cntr_1", "cfile_1")
        return Response(MADE)

    async def _respond(self, request: Request) -> Response:
        body = await request.json()
        assert body["agent_reference"]["type"] == "agent_reference"
        session = self.sessions[body["conversation"]]
        session.body |= {"agent": body["agent_reference"]["name"]}
        self.versions.append(body["agent_reference"]["version"])
        self.inputs += body["input"]
        for sent in body["input"]:
            if sent["type"] == "message":
                self.script(session, sent["content"][-1]["text"])
        said = session.said.pop(0)
        events = [*self._told({"text": said} if isinstance(said, str) else said)]
        for event in events:
            _RESPONSE_EVENT.validate_python(event)
        return streamed(_foundry_stream(events))

    def _told(self, said: Object) -> Iterator[Object]:
        yield {"type": "response.created", "sequence_number": 0, "response": _response("in_progress")}
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "sequence_number": 1}
        for piece in pieces(said.get("text", "")):
            yield {**place, "type": "response.output_text.delta", "delta": piece, "logprobs": []}
        if "cites" in said:
            cited = {"type": "file_citation", "file_id": said["cites"], "filename": "returns.md", "index": 3}
            yield {
                **place,
                "type": "response.output_text.annotation.added",
                "annotation": cited,
                "annotation_index": 0,
            }
        if "makes" in said:
            made: Object = {"type": "container_file_citation", "container_id": "cntr_1", "file_id": "cfile_1"}
            made |= {"filename": said["makes"], "start_index": 0, "end_index": 1}
            part = {"type": "output_text", "text": said.get("text", ""), "annotations": [made]}
            item = {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
            yield {"type": "response.output_item.done", "sequence_number": 2, "output_index": 0, "item": item}
        if said.get("waits"):
            yield {"type": "response.in_progress", "sequence_number": 3, "response": _response("in_progress")}
            return
        for name, arguments in said.get("calls", {}).items():
            call: Object = {"type": "function_call", "id": "fc_1", "call_id": f"call_{name}", "name": name}
            call |= {"arguments": json.dumps(arguments), "status": "completed"}
            yield {"type": "response.output_item.done", "sequence_number": 2, "output_index": 1, "item": call}
        if "fails" in said:
            failed = _response("failed", error={"code": "server_error", "message": said["fails"]})
            yield {"type": "response.failed", "sequence_number": 4, "response": failed}
        else:
            yield {"type": "response.completed", "sequence_number": 4, "response": _response("completed")}


async def _foundry_stream(events: Sequence[Object]) -> AsyncIterator[str]:
    for event in events:
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
    if events[-1]["type"] == "response.in_progress":
        await asyncio.Event().wait()


def _response(status: str, **more: Any) -> Object:
    usage: Object = {"input_tokens": USAGE[0], "output_tokens": USAGE[1], "total_tokens": sum(USAGE)}
    usage |= {"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}}
    usage |= {"output_tokens_details": {"reasoning_tokens": 0}}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": time.time(),
        "model": "gpt-5",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "status": status,
        "usage": usage,
        **more,
    }


def _anthropic_error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"type": "error", "error": {"type": kind, "message": message}}, status)


def _materialized(value: Any) -> Any:
    """``value`` with the lists that the types leave to be checked one by one checked."""
    if isinstance(value, Mapping):
        return {name: _materialized(inner) for name, inner in value.items()}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return [_materialized(inner) for inner in value]
