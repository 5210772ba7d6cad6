"""Environments and memory stores of a small server of Anthropic's managed agents API, in memory.

Requests and answers are held against the types of the anthropic SDK itself (``EnvironmentCreateParams``,
``BetaEnvironment`` and their like); what those leave open is said where it is decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from anthropic.types.beta.beta_environment import BetaEnvironment
from anthropic.types.beta.beta_managed_agents_memory_store import BetaManagedAgentsMemoryStore
from anthropic.types.beta.environment_create_params import EnvironmentCreateParams
from anthropic.types.beta.environment_update_params import EnvironmentUpdateParams
from anthropic.types.beta.memory_store_create_params import MemoryStoreCreateParams
from anthropic.types.beta.memory_store_update_params import MemoryStoreUpdateParams
from pydantic import BaseModel, TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from support.managed_agents import ManagedAgents, Object, RefusedError, check_headers, fields_of, valid
from support.managed_files import Files
from support.managed_skills import Skills

_PAIRS, _LONGEST_KEY, _LONGEST_VALUE, _MOST = 16, 64, 512, 100
_MANAGERS = ("apt", "cargo", "gem", "go", "npm", "pip")


@dataclass(frozen=True)
class Shape:
    """One kind of thing: its path, the beginning of its ids, and the types that its bodies have."""

    path: str
    prefix: str
    create: Any
    update: Any
    answer: type[BaseModel]
    settle: Callable[[Object, Object], Object]
    unset: Mapping[str, Any]


@dataclass
class Things:
    """The things of one kind by id, in the order they were made."""

    shape: Shape
    things: dict[str, Object] = field(default_factory=dict)
    _made: int = 0

    def routes(self) -> list[Route]:
        """The routes of the kind."""
        object_path = f"{self.shape.path}/{{id}}"
        return [
            Route(self.shape.path, self._all, methods=["GET", "POST"]),
            Route(object_path, self._one, methods=["GET", "POST", "DELETE"]),
            Route(f"{object_path}/archive", self._archive, methods=["POST"]),
        ]

    def named(self, name: str) -> Object:
        """The one with that name."""
        [found] = [thing for thing in self.things.values() if thing["name"] == name]
        return found

    def edit(self, object_id: str, **fields: Any) -> Object:
        """Change one as somebody else would."""
        return self._updated(object_id, fields)

    def add(self, **fields: Any) -> Object:
        """Create one as somebody else would."""
        return self._created(fields)

    async def _all(self, request: Request) -> JSONResponse:
        check_headers(request)
        if request.method == "GET":
            return JSONResponse(self._page(request.query_params))
        kind = self.shape.create
        return JSONResponse(self._created(valid(await request.body(), TypeAdapter(kind), fields_of(kind))))

    async def _one(self, request: Request) -> JSONResponse:
        check_headers(request)
        object_id = request.path_params["id"]
        there = self._found(object_id)
        if request.method == "GET":
            return JSONResponse(there)
        if request.method == "DELETE":
            del self.things[object_id]
            return JSONResponse({"id": object_id, "type": f"{there['type']}_deleted"})
        kind = self.shape.update
        sent = valid(await request.body(), TypeAdapter(kind), fields_of(kind))
        return JSONResponse(self._updated(object_id, sent))

    async def _archive(self, request: Request) -> JSONResponse:
        check_headers(request)
        there = self._found(request.path_params["id"])
        there["archived_at"] = dt.datetime.now(dt.UTC).isoformat()
        return JSONResponse(there)

    def _created(self, sent: Mapping[str, Any]) -> Object:
        now = dt.datetime.now(dt.UTC).isoformat()
        self._made += 1
        object_id = f"{self.shape.prefix}_{self._made:024}"
        made = {"id": object_id, "created_at": now, "archived_at": None, "metadata": {}, **self.shape.unset}
        return self._settled({**made, **sent}, {}, now)

    def _updated(self, object_id: str, sent: Mapping[str, Any]) -> Object:
        there = self._found(object_id)
        if there["archived_at"] is not None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", "It is archived.")
        changes = dict(sent)
        patched = {**there["metadata"], **(changes.pop("metadata", None) or {})}
        changes["metadata"] = {key: value for key, value in patched.items() if value}
        return self._settled({**there, **changes}, there, dt.datetime.now(dt.UTC).isoformat())

    def _settled(self, thing: Object, before: Object, now: str) -> Object:
        settled = {**self.shape.settle(thing, before), "updated_at": now}
        metadata = settled["metadata"]
        sizes = [len(key) <= _LONGEST_KEY and len(value) <= _LONGEST_VALUE for key, value in metadata.items()]
        if len(sizes) > _PAIRS or not all(sizes):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", "metadata: too much")
        self.shape.answer.model_validate(settled, strict=False)
        # What the types do not say is not answered.
        assert set(settled) <= set(self.shape.answer.model_fields), settled
        self.things[settled["id"]] = settled
        return settled

    def _found(self, object_id: str) -> Object:
        if object_id not in self.things:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not_found_error", f"There is no {object_id}.")
        return self.things[object_id]

    def _page(self, query: Mapping[str, str]) -> Object:
        limit, start = int(query.get("limit", "20")), int(query.get("page", "0"))
        if not 1 <= limit <= _MOST:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", f"limit is 1 to {_MOST}.")
        everything = query.get("include_archived") == "true"
        listed = [thing for thing in self.things.values() if everything or thing["archived_at"] is None][::-1]
        following = str(start + limit) if start + limit < len(listed) else None
        return {"data": listed[start : start + limit], "next_page": following}


def environments() -> Things:
    """The environments of a server, none yet."""
    unset = {"type": "environment", "description": None, "config": None, "scope": "organization"}
    kinds = (EnvironmentCreateParams, EnvironmentUpdateParams, BetaEnvironment)
    return Things(Shape("/v1/environments", "env", *kinds, _environment, unset))


def memory_stores() -> Things:
    """The memory stores of a server, none yet."""
    kinds = (MemoryStoreCreateParams, MemoryStoreUpdateParams, BetaManagedAgentsMemoryStore)
    unset = {"type": "memory_store", "description": ""}
    return Things(Shape("/v1/memory_stores", "memstore", *kinds, _memory_store, unset))


def whole_app() -> Starlette:
    """A server with agents, environments, memory stores, skills and files, none yet."""
    skills = Skills()
    beside = (*environments().routes(), *memory_stores().routes(), *skills.routes(), *Files().routes())
    return ManagedAgents(newest_skill=skills.newest_version).app(*beside)


def _environment(thing: Object, before: Object) -> Object:
    """The configuration with what was left out as it was, level by level ("Omit on update to preserve")."""
    config, was = dict(thing["config"] or {"type": "cloud"}), before.get("config") or {}
    if config["type"] == "self_hosted":
        return {**thing, "config": {"type": "self_hosted"}}
    networking = _merged(config.get("networking"), was.get("networking")) or {"type": "unrestricted"}
    if networking["type"] == "limited":
        closed = {"allowed_hosts": [], "allow_mcp_servers": False, "allow_package_managers": False}
        networking = {**closed, **networking}
    packages = _merged(config.get("packages"), was.get("packages")) or {}
    packages = {"type": "packages", **{name: packages.get(name) or [] for name in _MANAGERS}}
    is_closed = networking["type"] == "limited" and not networking["allow_package_managers"]
    if is_closed and any(packages[name] for name in _MANAGERS):
        message = "packages: networking.allow_package_managers must be true"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", message)
    return {**thing, "config": {"type": "cloud", "networking": networking, "packages": packages}}


def _merged(sent: Object | None, before: Object | None) -> Object | None:
    if sent is None:
        return before
    kept = before if before is not None and before.get("type") == sent.get("type", before.get("type")) else {}
    return {**kept, **{name: value for name, value in sent.items() if value is not None}}


def _memory_store(thing: Object, _before: Object) -> Object:
    if not 1 <= len(thing["name"]) <= 255 or len(thing["description"] or "") > 1024:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", "name or description: too long")
    return {**thing, "description": thing["description"] or ""}
