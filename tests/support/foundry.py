"""A small server of a Foundry project, in memory: its agents, and OpenAI's files and vector stores beside them.

Requests and answers are held against the models of azure-ai-projects itself (``PromptAgentDefinition``,
``AgentVersionDetails``, ``AgentDetails``); what those leave open is said where it is decided.
"""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from azure.ai.projects.models import AgentDetails, AgentVersionDetails, PromptAgentDefinition
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from assistctl.local.app import create_app
from support.azure_shapes import misfits

PROJECT = "/api/projects/acme"

Object = dict[str, Any]

# The keywords of ``create_version``; ``agent_name`` is in the path.
_BODY = {"definition", "metadata", "description", "blueprint_reference", "digital_worker_type", "draft"}
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_PAIRS, _LONGEST_KEY, _LONGEST_VALUE, _MOST = 16, 64, 512, 100
# "Defaults to 1" (PromptAgentDefinition).
_DEFAULTS = {"temperature": 1, "top_p": 1}


class RefusedError(Exception):
    """What the API answers with: a status, a code, and words (``ApiErrorResponse``)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.body = {"error": {"code": code, "message": message}}
        self.status = status


@dataclass
class Foundry:
    """The versions of each agent, oldest first, by the agent's name, and its ``details`` beside them.

    ``fills_in``: answers say what was left to a default. Nobody knows of the real one whether they do. ``shelf``
    is the database of the files, which are in memory without.
    """

    agents: dict[str, list[Object]] = field(default_factory=dict)
    details: dict[str, Object] = field(default_factory=dict)
    fills_in: bool = True
    shelf: Path | None = None
    numbers: dict[str, int] = field(default_factory=dict)

    def app(self) -> Starlette:
        """The ASGI app."""
        object_path = f"{PROJECT}/agents/{{name}}"
        return Starlette(
            routes=[
                Route(f"{PROJECT}/agents", self._list, methods=["GET"]),
                Route(f"{object_path}:enable", self._switch("enabled"), methods=["POST"]),
                Route(f"{object_path}:disable", self._switch("disabled"), methods=["POST"]),
                Route(object_path, self._agent, methods=["GET", "PATCH", "DELETE"]),
                Route(f"{object_path}/versions", self._versions, methods=["GET", "POST"]),
                Route(f"{object_path}/versions/{{version}}", self._version, methods=["DELETE"]),
                Mount(f"{PROJECT}/openai", create_app(self.shelf)),
            ],
            exception_handlers={RefusedError: _refusal},
        )

    def add_version(self, name: str, sent: Object) -> Object:
        """A new version, as anybody may add one."""
        if not _NAME.fullmatch(name):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_parameters", f"agent_name {name!r} is not allowed")
        _check(sent)
        number = self.numbers[name] = self.numbers.get(name, 0) + 1
        defaults = _DEFAULTS if self.fills_in else {}
        version = {
            "object": "agent.version",
            "id": f"{name}:{number}",
            "name": name,
            "version": str(number),
            "created_at": int(time.time()),
            "status": "active",
            "metadata": {},
            **sent,
            "definition": {**defaults, **sent["definition"]},
        }
        _is(version, AgentVersionDetails)
        self.agents.setdefault(name, []).append(version)
        self.details.setdefault(name, copy.deepcopy(_NEW))
        return version

    def edit(self, name: str, **changes: Any) -> Object:
        """Change the definition of an agent as somebody else would."""
        latest = self._found(name)[-1]
        sent = {part: latest[part] for part in _BODY if part in latest}
        return self.add_version(name, {**sent, "definition": {**latest["definition"], **changes}})

    def route(self, name: str, **shares: int) -> None:
        """Send traffic to versions (``v1=90, v2=10``), as anybody may."""
        self.patch(name, {"agent_endpoint": {"version_selector": selector(**shares)}})

    def patch(self, name: str, patch: Object) -> None:
        """A merge patch (RFC 7386) of an agent's endpoint and card."""
        unknown = [*(name for name in patch.keys() - {"agent_endpoint", "agent_card"})]
        merged = _merged(self.details[name], patch)
        problems = [
            *(f"{unknown_field}: unknown field" for unknown_field in unknown),
            *misfits(self._with(name, merged), AgentDetails),
        ]
        there = {version["version"] for version in self._found(name)} | {"@latest"}
        problems += [f"there is no version {version}" for version in _routed_to(merged) if version not in there]
        if problems:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_payload", problems[0])
        self.details[name] = merged

    def latest(self, name: str) -> Object:
        """The latest version of an agent."""
        return self._found(name)[-1]

    async def _list(self, request: Request) -> JSONResponse:
        _check_request(request)
        kind = request.query_params.get("kind")
        listed = [self._details(name) for name in self.agents]
        return JSONResponse(
            _page(
                [agent for agent in listed if kind in (None, agent["versions"]["latest"]["definition"]["kind"])],
                request.query_params,
            )
        )

    async def _agent(self, request: Request) -> JSONResponse:
        _check_request(request)
        name = request.path_params["name"]
        details = self._details(name)
        if request.method == "GET":
            return JSONResponse(details)
        if request.method == "PATCH":
            if request.headers["content-type"] != "application/merge-patch+json":
                raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "invalid_payload", "It is no merge patch.")
            self.patch(name, json.loads(await request.body()))
            return JSONResponse(self._details(name))
        del self.agents[name], self.details[name]
        # Whether the numbers of a name go on from here is not said; they do.
        return JSONResponse({"object": "agent.deleted", "name": name, "deleted": True})

    def _switch(self, state: str) -> Callable[[Request], Awaitable[Response]]:
        async def switch(request: Request) -> Response:
            _check_request(request)
            name = request.path_params["name"]
            self._found(name)
            self.details[name] |= {"state": state, "configuration_state": state}
            return Response(status_code=HTTPStatus.NO_CONTENT)

        return switch

    async def _versions(self, request: Request) -> JSONResponse:
        _check_request(request)
        name = request.path_params["name"]
        if request.method == "GET":
            return JSONResponse(_page(self._found(name), request.query_params))
        return JSONResponse(self.add_version(name, json.loads(await request.body())))

    async def _version(self, request: Request) -> JSONResponse:
        _check_request(request)
        name, version = request.path_params["name"], request.path_params["version"]
        kept = [kept_version for kept_version in self._found(name) if kept_version["version"] != version]
        if kept == self._found(name):
            raise RefusedError(HTTPStatus.NOT_FOUND, "not_found", f"There is no version {version} of {name}.")
        self.agents[name] = kept
        return JSONResponse({"object": "agent.version.deleted", "name": name, "version": version, "deleted": True})

    def _found(self, name: str) -> list[Object]:
        if not self.agents.get(name):
            raise RefusedError(HTTPStatus.NOT_FOUND, "not_found", f"There is no agent {name}.")
        return self.agents[name]

    def _details(self, name: str) -> Object:
        details = self._with(name, self.details.get(name, _NEW))
        _is(details, AgentDetails)
        return details

    def _with(self, name: str, details: Object) -> Object:
        latest = self._found(name)[-1]
        return {"object": "agent", "id": name, "name": name, "versions": {"latest": latest}, **details}


def selector(**shares: int) -> Object:
    """A ``version_selector``: ``v1=100`` is all for version 1, ``latest=100`` all for the newest one."""
    return {
        "version_selection_rules": [
            {"type": "FixedRatio", "agent_version": _version_name(name), "traffic_percentage": share}
            for name, share in shares.items()
        ]
    }


def _version_name(name: str) -> str:
    return "@latest" if name == "latest" else name.removeprefix("v")


def _routed_to(details: Object) -> list[str]:
    rules = details["agent_endpoint"].get("version_selector", {}).get("version_selection_rules", [])
    return [rule["agent_version"] for rule in rules]


def _merged(there: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    kept = there if isinstance(there, dict) else {}
    changed = {name: _merged(kept.get(name), part) for name, part in patch.items() if part is not None}
    return {**{name: part for name, part in kept.items() if name not in patch}, **changed}


# What an agent begins with: https://learn.microsoft.com/azure/foundry/agents/how-to/configure-agent
_NEW: Object = {
    "state": "enabled",
    "configuration_state": "enabled",
    "agent_endpoint": {
        "version_selector": selector(latest=100),
        "protocol_configuration": {"responses": {}},
        "publish_approval_status": "not_published",
    },
}


def _refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return JSONResponse(error.body, status_code=error.status)


def _check_request(request: Request) -> None:
    has_key = bool(request.headers.get("api-key"))
    if not has_key and not request.headers.get("authorization", "").startswith("Bearer "):
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "PermissionDenied", "The principal lacks access.")
    if request.query_params.get("api-version") != "v1":
        raise RefusedError(HTTPStatus.BAD_REQUEST, "MissingApiVersionParameter", "api-version is required")


def _check(sent: Object) -> None:
    metadata = sent.get("metadata") or {}
    problems = [
        *(f"{name}: unknown field" for name in sent.keys() - _BODY),
        *misfits(metadata, dict[str, str], "metadata"),
        *(["metadata: at most 16 pairs"] if len(metadata) > _PAIRS else []),
        *(f"metadata: {key!r} is too long" for key in metadata if len(key) > _LONGEST_KEY),
        *(f"metadata.{key}: too long" for key, value in metadata.items() if len(str(value)) > _LONGEST_VALUE),
        *misfits(sent.get("definition"), PromptAgentDefinition, "definition"),
    ]
    if problems:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_payload", problems[0])


def _is(answer: Object, model: Any) -> None:
    """What the models do not say is not answered."""
    assert [*misfits(answer, model)] == []


def _page(items: list[Object], query: Mapping[str, str]) -> Object:
    limit, order, after = int(query.get("limit", "20")), query.get("order", "desc"), query.get("after")
    if not 1 <= limit <= _MOST:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_parameters", f"limit is 1 to {_MOST}.")
    listed = items if order == "asc" else items[::-1]
    start = next((place + 1 for place, item in enumerate(listed) if item["id"] == after), 0)
    data = listed[start : start + limit]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": start + limit < len(listed),
    }
