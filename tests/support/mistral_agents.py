"""A small server of Mistral's agents API, in memory.

Requests and answers are held against the types of the mistralai SDK itself (``CreateAgentRequest``,
``UpdateAgentRequest``, ``Agent``); what those leave open is said where it is decided.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from mistralai.client.models import (
    Agent,
    AgentAliasResponse,
    CompletionArgs,
    CreateAgentRequest,
    ModelList,
    UpdateAgentRequest,
    WhoamiResponse,
)
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Object = dict[str, Any]

ORGANIZATION, WORKSPACE = "org-ours", "ws-ours"
_MOST = 1000
_NULLS: Object = dict.fromkeys(("instructions", "guardrails", "description", "handoffs", "metadata"))


class RefusedError(Exception):
    """An answer that refuses: a status and a body."""

    def __init__(self, status: int, body: Object) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


@dataclass
class MistralAgents:
    """The versions of each agent by its id, in the order they were made, and which of them is the current one.

    ``fills_in``: answers have null for what is not set, and what a function has by default. ``merges``: an update
    merges metadata and completion arguments. Nobody knows of the real one whether it does either.
    ``knows_everybody``: handoffs may name agents that are not there.
    """

    agents: dict[str, list[Object]] = field(default_factory=dict)
    current: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, dict[str, Object]] = field(default_factory=dict)
    models: list[Object] = field(default_factory=list)
    fills_in: bool = True
    merges: bool = False
    knows_everybody: bool = False
    made: int = 0

    def app(self) -> Starlette:
        """The ASGI app."""
        object_path = "/v1/agents/{id}"
        return Starlette(
            routes=[
                Route("/v1/whoami", self._whoami),
                Route("/v1/models", self._models),
                Route("/v1/agents", self._create, methods=["POST"]),
                Route("/v1/agents/pages", self._pages),
                Route(object_path, self._one, methods=["GET", "PATCH", "DELETE"]),
                Route(f"{object_path}/version", self._switch, methods=["PATCH"]),
                Route(f"{object_path}/aliases", self._alias, methods=["GET", "PUT", "DELETE"]),
            ],
            exception_handlers={RefusedError: _refusal},
        )

    def latest(self, agent_id: str) -> Object:
        """An agent in its current version, as it is answered."""
        number = self.current[agent_id]
        (found,) = (agent for agent in self.agents[agent_id] if agent["version"] == number)
        return self._answered(found)

    def all(self) -> list[Object]:
        """All agents in their current versions."""
        return [self.latest(agent_id) for agent_id in self.agents]

    def add(self, **fields: Any) -> Object:
        """Create an agent as somebody else would."""
        return self._made({"model": "mistral-medium-latest", "name": "Theirs", **fields})

    def edit(self, agent_id: str, **fields: Any) -> Object:
        """Change an agent as somebody else would."""
        return self._updated(agent_id, fields)

    def point(self, agent_id: str, alias: str, version: int) -> None:
        """Let an alias stand for a version, as somebody else would."""
        now = _now()
        made = {"alias": alias, "version": version, "created_at": now, "updated_at": now}
        AgentAliasResponse.model_validate(made)
        self.aliases.setdefault(agent_id, {})[alias] = made

    async def _whoami(self, request: Request) -> JSONResponse:
        _check_key(request)
        answer = {
            "principal": {"principal_type": "service_account", "service_account_id": "sa-1"},
            "organization": {"id": ORGANIZATION, "name": "Acme"},
            "workspace": {"id": WORKSPACE, "name": "Default"},
        }
        WhoamiResponse.model_validate(answer)
        return JSONResponse(answer)

    async def _models(self, request: Request) -> JSONResponse:
        _check_key(request)
        if not self.models:
            raise _not_found("There is no list of models here.")
        answer = {"object": "list", "data": self.models}
        ModelList.model_validate(answer)
        return JSONResponse(answer)

    async def _create(self, request: Request) -> JSONResponse:
        _check_key(request)
        return JSONResponse(self._made(_valid(await request.body(), CreateAgentRequest)))

    async def _pages(self, request: Request) -> JSONResponse:
        _check_key(request)
        query = request.query_params
        size, start = int(query.get("page_size", "20")), int(query.get("page_token", "0"))
        if not 1 <= size <= _MOST:
            raise _invalid("query.page_size", f"1 to {_MOST}")
        listed = self.all()[::-1]
        following = {"next_page_token": str(start + size)} if start + size < len(listed) else {}
        return JSONResponse({"object": "list", "data": listed[start : start + size], **following})

    async def _one(self, request: Request) -> Response:
        _check_key(request)
        agent_id = self._known(request)
        if request.method == "GET":
            return JSONResponse(self.latest(agent_id))
        if request.method == "DELETE":
            del self.agents[agent_id], self.current[agent_id]
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return JSONResponse(self._updated(agent_id, _valid(await request.body(), UpdateAgentRequest)))

    async def _switch(self, request: Request) -> JSONResponse:
        _check_key(request)
        agent_id = self._known(request)
        version = int(request.query_params["version"])
        if version not in [agent["version"] for agent in self.agents[agent_id]]:
            raise _not_found(f"There is no version {version}.")
        self.current[agent_id] = version
        return JSONResponse(self.latest(agent_id))

    async def _alias(self, request: Request) -> Response:
        _check_key(request)
        agent_id, query = self._known(request), request.query_params
        there = self.aliases.setdefault(agent_id, {})
        if request.method == "GET":
            return JSONResponse([*there.values()])
        if request.method == "DELETE":
            if there.pop(query["alias"], None) is None:
                raise _not_found(f"There is no alias {query['alias']}.")
            return Response(status_code=HTTPStatus.NO_CONTENT)
        if int(query["version"]) not in [agent["version"] for agent in self.agents[agent_id]]:
            raise _not_found("There is no such version.")
        self.point(agent_id, query["alias"], int(query["version"]))
        return JSONResponse(there[query["alias"]])

    def _known(self, request: Request) -> str:
        agent_id: str = request.path_params["id"]
        if agent_id not in self.agents:
            raise _not_found(f"Agent {agent_id} not found.")
        return agent_id

    def _made(self, sent: Object) -> Object:
        self.made += 1
        agent_id = f"ag_{self.made:024}"
        stored = {"id": agent_id, "version": 0, "created_at": _now(), **_settled(sent)}
        self.agents[agent_id], self.current[agent_id] = [stored], 0
        self._check_handoffs(stored)
        return self.latest(agent_id)

    def _updated(self, agent_id: str, sent: Mapping[str, Any]) -> Object:
        number = self.current[agent_id]
        (before,) = (agent for agent in self.agents[agent_id] if agent["version"] == number)
        changes = dict(sent)
        for name in ("metadata", "completion_args") if self.merges else ():
            if isinstance(changes.get(name), dict):
                changes[name] = {**(before.get(name) or {}), **changes[name]}
        following = max(agent["version"] for agent in self.agents[agent_id]) + 1
        stored = {**before, **_settled({**before, **changes}), "version": following}
        self._check_handoffs(stored)
        self.agents[agent_id].append(stored)
        self.current[agent_id] = following
        return self.latest(agent_id)

    def _check_handoffs(self, agent: Object) -> None:
        for other in agent.get("handoffs") or ():
            if other not in self.agents and not self.knows_everybody:
                raise _not_found(f"Agent {other} not found.")

    def _answered(self, stored: Object) -> Object:
        answer = {name: value for name, value in stored.items() if value is not None}
        if self.fills_in:
            arguments = {**dict.fromkeys(CompletionArgs.model_fields), **(stored.get("completion_args") or {})}
            arguments["tool_choice"] = arguments["tool_choice"] or "auto"
            answer = {**_NULLS, **answer, "completion_args": arguments}
            answer["tools"] = [_filled_in(tool) for tool in stored.get("tools") or ()]
        answer |= {
            "object": "agent",
            "versions": [agent["version"] for agent in self.agents[stored["id"]]],
            "updated_at": _now(),
            "deployment_chat": False,
            "source": "api",
        }
        # What the types do not say is not answered.
        Agent.model_validate(answer)
        assert set(answer) <= set(Agent.model_fields), answer
        return answer


def _refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return JSONResponse(error.body, status_code=error.status)


def _not_found(message: str) -> RefusedError:
    kind = {"object": "error", "message": message, "type": "invalid_request_error", "param": None, "code": "3000"}
    return RefusedError(HTTPStatus.NOT_FOUND, kind)


def _invalid(where: str, message: str) -> RefusedError:
    problem = {"type": "value_error", "loc": where.split("."), "msg": message}
    return RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, {"detail": [problem]})


def _check_key(request: Request) -> None:
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise RefusedError(HTTPStatus.UNAUTHORIZED, {"detail": "Unauthorized"})


def _valid(body: bytes, kind: type[BaseModel]) -> Object:
    """The body as it was sent, if it is all of ``kind`` and nothing besides, at any depth."""
    sent: Object = json.loads(body)
    try:
        made = kind.model_validate(sent, strict=True)
    except ValidationError as error:
        found = error.errors()[0]
        raise _invalid("body." + ".".join(map(str, found["loc"])), found["msg"]) from error
    known = json.loads(json.dumps(made.model_dump(mode="json", by_alias=True)))
    unknown = _missing(sent, known, "body")
    if unknown:
        raise _invalid(unknown, "unknown field")
    if "name" in sent and not sent["name"]:
        raise _invalid("body.name", "must not be empty")
    return sent


def _missing(sent: Any, known: Any, where: str) -> str:
    """The first place in ``sent`` that ``known`` does not have; empty if it has all."""
    if isinstance(sent, dict) and isinstance(known, dict):
        for name, value in sent.items():
            if value is not None and name not in known:
                return f"{where}.{name}"
            if value is not None and (found := _missing(value, known[name], f"{where}.{name}")):
                return found
    if isinstance(sent, list) and isinstance(known, list):
        for place, (sent_item, known_item) in enumerate(zip(sent, known, strict=True)):
            if found := _missing(sent_item, known_item, f"{where}.{place}"):
                return found
    return ""


def _settled(sent: Object) -> Object:
    return {name: value for name, value in sent.items() if name not in {"id", "version", "created_at"}}


def _filled_in(tool: Object) -> Object:
    if tool["type"] != "function":
        return {"tool_configuration": None, **tool}
    return {**tool, "function": {"description": "", "strict": False, **tool["function"]}}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()
