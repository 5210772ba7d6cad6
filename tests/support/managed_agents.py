"""A small server of Anthropic's managed agents API, in memory.

Requests and answers are held against the types of the anthropic SDK itself (``AgentCreateParams``,
``AgentUpdateParams``, ``BetaManagedAgentsAgent``); what those leave open is said where it is decided.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from anthropic.types.beta.agent_create_params import AgentCreateParams
from anthropic.types.beta.agent_update_params import AgentUpdateParams
from anthropic.types.beta.beta_managed_agents_agent import BetaManagedAgentsAgent
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from support.agent_rosters import UnresolvedError, resolved

BETA = "managed-agents-2026-04-01"

Object = dict[str, Any]

_HEADERS = {"betas", "workspace_id"}
_CREATE: TypeAdapter[Any] = TypeAdapter(AgentCreateParams)
_UPDATE: TypeAdapter[Any] = TypeAdapter(AgentUpdateParams)


def fields_of(kind: Any) -> set[str]:
    """The fields of a body's type; the rest of it are headers."""
    return set(kind.__annotations__) - _HEADERS


_CREATE_FIELDS, _UPDATE_FIELDS = fields_of(AgentCreateParams), fields_of(AgentUpdateParams)
_UNSET: Object = {
    "description": None,
    "execution_identity": {"type": "service_account"},
    "mcp_servers": [],
    "metadata": {},
    "multiagent": None,
    "skills": [],
    "system": None,
    "tools": [],
}
# The types say that an effort is resolved to the model's default, and not to which.
_DEFAULT_EFFORT = "high"
_POLICIES = {"agent_toolset_20260401": "always_allow", "mcp_toolset": "always_ask"}
_PAIRS, _LONGEST_KEY, _LONGEST_VALUE, _TOOLS, _SERVERS = 16, 64, 512, 256, 20
_MOST = 100


class RefusedError(Exception):
    """What the API answers with: a status, an error type, and words."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_test"}
        self.status = status


@dataclass
class ManagedAgents:
    """The agents by id, in the order they were made. ``newest_skill`` gives the newest version of a skill."""

    agents: dict[str, Object] = field(default_factory=dict)
    newest_skill: Callable[[str], str | None] = lambda _: None

    def app(self, *others: Route) -> Starlette:
        """The ASGI app, with the routes of what is kept beside agents."""
        return Starlette(
            routes=[
                *others,
                Route("/v1/agents", self._all, methods=["GET", "POST"]),
                Route("/v1/agents/{id}", self._one, methods=["GET", "POST"]),
                Route("/v1/agents/{id}/archive", self._archive, methods=["POST"]),
            ],
            exception_handlers={RefusedError: _refusal},
        )

    def edit(self, agent_id: str, **fields: Any) -> Object:
        """Change an agent as somebody else would: on top of whatever version there is."""
        return self._update(agent_id, fields)

    def add(self, agent_id: str, **fields: Any) -> Object:
        """Create an agent as somebody else would."""
        return self._created(agent_id, {"name": agent_id, "model": "claude-opus-5-5", **fields})

    async def _all(self, request: Request) -> JSONResponse:
        check_headers(request)
        if request.method == "GET":
            return JSONResponse(self._page(request.query_params))
        sent = valid(await request.body(), _CREATE, _CREATE_FIELDS)
        return JSONResponse(self._created(f"agent_{len(self.agents) + 1:024}", sent))

    async def _one(self, request: Request) -> JSONResponse:
        check_headers(request)
        agent_id = request.path_params["id"]
        if request.method == "GET":
            return JSONResponse(self._found(agent_id))
        return JSONResponse(self._update(agent_id, valid(await request.body(), _UPDATE, _UPDATE_FIELDS)))

    async def _archive(self, request: Request) -> JSONResponse:
        check_headers(request)
        agent = self._found(request.path_params["id"])
        if agent["archived_at"] is not None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", "The agent is archived.")
        agent["archived_at"] = dt.datetime.now(dt.UTC).isoformat()
        return JSONResponse(agent)

    def _created(self, agent_id: str, sent: Mapping[str, Any]) -> Object:
        now = dt.datetime.now(dt.UTC).isoformat()
        made = {"id": agent_id, "type": "agent", "archived_at": None, "created_at": now, "version": 1}
        multiagent = _merged(sent.get("multiagent"), None)
        settled = _settled(self._resolved({**made, **_UNSET, **sent, "multiagent": multiagent}), now)
        self.agents[agent_id] = settled
        return settled

    def _update(self, agent_id: str, sent: Mapping[str, Any]) -> Object:
        agent = self._found(agent_id)
        if agent["archived_at"] is not None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", "The agent is archived.")
        changes = dict(sent)
        if changes.pop("version", agent["version"]) != agent["version"]:
            raise RefusedError(
                HTTPStatus.CONFLICT, "invalid_request_error", f"The agent is at version {agent['version']}."
            )
        patched = {**agent["metadata"], **(changes.pop("metadata", None) or {})}
        metadata = {key: value for key, value in patched.items() if value is not None}
        if "multiagent" in changes:
            changes["multiagent"] = _merged(changes["multiagent"], agent["multiagent"])
        nulls = {name: _UNSET[name] for name, value in changes.items() if value is None and name in _UNSET}
        now = dt.datetime.now(dt.UTC).isoformat()
        changed = {**agent, **changes, **nulls, "metadata": metadata}
        changed["model"] = _model(changes.get("model"), agent["model"])
        settled = _settled(self._resolved({**changed, "version": agent["version"] + 1}), now)
        self.agents[agent_id] = settled
        return settled

    def _resolved(self, agent: Object) -> Object:
        try:
            multiagent = resolved(agent["multiagent"], self.agents, agent["id"], agent["version"])
        except UnresolvedError as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", str(error)) from error
        return {**agent, "multiagent": multiagent, "skills": [*map(self._skill, agent["skills"])]}

    def _skill(self, entry: Object) -> Object:
        newest = self.newest_skill(entry["skill_id"]) or "1"
        return {**entry, "version": entry.get("version") or newest}

    def _found(self, agent_id: str) -> Object:
        if agent_id not in self.agents:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not_found_error", f"There is no agent {agent_id}.")
        return self.agents[agent_id]

    def _page(self, query: Mapping[str, str]) -> Object:
        limit, start = int(query.get("limit", "20")), int(query.get("page", "0"))
        if not 1 <= limit <= _MOST:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", f"limit is 1 to {_MOST}.")
        everything = query.get("include_archived") == "true"
        listed = [agent for agent in self.agents.values() if everything or agent["archived_at"] is None][::-1]
        following = start + limit if start + limit < len(listed) else None
        return {
            "data": listed[start : start + limit],
            "next_page": None if following is None else str(following),
        }


def _refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return JSONResponse(error.body, status_code=error.status)


def check_headers(request: Request) -> None:
    """Refuse a request without a token, and without the beta."""
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "authentication_error", "a bearer token is required")
    if BETA not in request.headers.get("anthropic-beta", "").split(","):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", f"This needs the beta {BETA}.")


def valid(body: bytes, adapter: TypeAdapter[Any], known: set[str]) -> Object:
    """What was sent, if it has the fields that are ``known``, with the types of the SDK."""
    sent: Object = json.loads(body)
    unknown = sorted(set(sent) - known)
    if unknown:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", f"{unknown[0]}: unknown field")
    try:
        _forced(adapter.validate_python(sent))
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(str(step) for step in found["loc"])
        message = f"{where}: {found['msg']}"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", message) from error
    if "name" in sent and not sent["name"]:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", "name: must not be empty")
    return sent


def _forced(value: Any) -> Any:
    """``value`` with the lists that the types leave to be checked one by one checked."""
    if isinstance(value, Mapping):
        return {name: _forced(inner) for name, inner in value.items()}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return [_forced(inner) for inner in value]


def _settled(agent: Object, now: str) -> Object:
    agent = {**agent, "model": _model(agent["model"], None), "updated_at": now}
    agent["tools"] = [_tool(tool) for tool in agent["tools"]]
    agent["execution_identity"] = agent["execution_identity"] or {"type": "service_account"}
    _check_limits(agent)
    # What the types do not say is not answered.
    BetaManagedAgentsAgent.model_validate(agent, strict=False)
    assert set(agent) <= set(BetaManagedAgentsAgent.model_fields), agent
    return agent


_MERGED = "multiagent_20261001"
_ENABLED: Object = {"type": "enabled"}
_PARTS: Object = {"inline_agents": _ENABLED, "predefined_agents": []}
_DEFAULTS: Object = {
    "advisor": {"type": "disabled"},
    "subagents": {**_ENABLED, **_PARTS},
    "workflows": {**_ENABLED, **_PARTS},
}


def _merged(sent: Any, before: Any) -> Any:
    """``multiagent`` merged level by level, as ``BetaManagedAgentsMultiagent20261001Params`` says."""
    if sent is None or sent["type"] != _MERGED:
        return sent
    stored = before if before is not None and before["type"] == _MERGED else {"type": _MERGED, **_DEFAULTS}
    merged = dict(stored)
    for name, part in sent.items():
        if name != "type":
            merged[name] = _DEFAULTS[name] if part is None else _merged_part(name, part, stored[name])
    return merged


def _merged_part(name: str, sent: Object, stored: Object) -> Object:
    parts = _PARTS if name != "advisor" and sent["type"] == "enabled" else {}
    kept = stored if stored["type"] == sent["type"] else {**parts, "type": sent["type"]}
    return {**kept, **{key: parts.get(key) if value is None else value for key, value in sent.items()}}


def _model(sent: Any, before: Object | None) -> Object:
    if sent is None and before is not None:
        return before
    config = {"id": sent} if isinstance(sent, str) else dict(sent)
    # "On update, omitting it leaves the stored value unchanged"; null is taken for the model's default.
    kept = before["effort"] if before is not None and "effort" not in config else None
    effort = config.get("effort") or kept or _DEFAULT_EFFORT
    return {
        "id": config["id"],
        "effort": {"type": effort} if isinstance(effort, str) else effort,
        "speed": config.get("speed") or "standard",
        "inference_geo": config.get("inference_geo"),
    }


def _tool(tool: Object) -> Object:
    if tool["type"] not in _POLICIES:
        return tool
    default = {"enabled": True, "permission_policy": {"type": _POLICIES[tool["type"]]}}
    default |= tool.get("default_config") or {}
    configs = [{**default, **config} for config in tool.get("configs") or []]
    if tool["type"] == "agent_toolset_20260401":
        configs = [{**config, "type": config["name"]} for config in configs]
    return {**tool, "configs": configs, "default_config": default}


def _check_limits(agent: Object) -> None:
    metadata, servers = agent["metadata"], agent["mcp_servers"]
    used = {tool.get("mcp_server_name") for tool in agent["tools"]}
    problems = (
        (len(metadata) > _PAIRS, "metadata: at most 16 pairs"),
        (any(len(key) > _LONGEST_KEY for key in metadata), "metadata: keys of at most 64 characters"),
        (any(len(value) > _LONGEST_VALUE for value in metadata.values()), "metadata: values of at most 512"),
        (len(agent["tools"]) > _TOOLS, "tools: at most 256"),
        (len(servers) > _SERVERS, "mcp_servers: at most 20"),
        (len({server["name"] for server in servers}) < len(servers), "mcp_servers: names must be unique"),
        (any(server["name"] not in used for server in servers), "mcp_servers: every server must be used"),
    )
    for is_wrong, message in problems:
        if is_wrong:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", message)
