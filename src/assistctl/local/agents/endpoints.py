"""``/agents`` and ``/agents/environments/templates``: create, list, retrieve, update and delete, alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.json_value import Json
from assistctl.local.agents import fields, record, template_fields, template_record
from assistctl.local.database.collection import Collection, Stored, new_id
from assistctl.local.http.access import require_agents_v1
from assistctl.local.http.body import read_object
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.http.shapes import Record
from assistctl.local.state import database_of

Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class _Resource:
    """One kind of object: where it is, what it may be sent, and what becomes of that."""

    path: str
    collection: Collection
    prefix: str
    create: Record
    update: Record
    created: Callable[[Fields], Fields]
    updated: Callable[[Stored, Fields], Fields]
    view: Callable[[Stored], Fields]

    def routes(self) -> list[Route]:
        """The routes: all of them, and one."""
        own: Mapping[str, object] = {"resource": self}
        return [
            Route(self.path, type("Everything", (_Everything,), dict(own))),
            Route(f"{self.path}/{{object_id}}", type("One", (_One,), dict(own))),
        ]


class _Endpoint(HTTPEndpoint):
    resource: _Resource

    async def dispatch(self) -> None:
        require_agents_v1(Headers(scope=self.scope))
        await super().dispatch()


class _Everything(_Endpoint):
    def get(self, request: Request) -> JSONResponse:
        """One page of them."""
        query = page_query(request.query_params)
        with database_of(request).reading() as connection:
            page = self.resource.collection.page(connection, query)
        found = [self.resource.view(stored) for stored in page.objects]
        return JSONResponse(page_body(found, has_more=page.has_more))

    async def post(self, request: Request) -> JSONResponse:
        """Create one."""
        sent = await read_object(request)
        self.resource.create.check(sent)
        return JSONResponse(self.resource.view(await run_in_threadpool(self._create, request, sent)))

    def _create(self, request: Request, sent: Fields) -> Stored:
        body = self.resource.created(sent)
        with database_of(request).writing(create=True) as connection:
            return self.resource.collection.insert(connection, new_id(self.resource.prefix), body)


class _One(_Endpoint):
    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        with database_of(request).reading() as connection:
            stored = self.resource.collection.get(connection, _id(request))
        return JSONResponse(self.resource.view(stored))

    async def post(self, request: Request) -> JSONResponse:
        """Update it."""
        sent = await read_object(request)
        self.resource.update.check(sent)
        return JSONResponse(self.resource.view(await run_in_threadpool(self._update, request, sent)))

    def delete(self, request: Request) -> JSONResponse:
        """Delete it."""
        with database_of(request).writing() as connection:
            stored = self.resource.collection.get(connection, _id(request))
            self.resource.collection.delete(connection, stored.id)
        kind = self.resource.view(stored)["object"]
        return JSONResponse({"id": stored.id, "object": f"{kind}.deleted", "deleted": True})

    def _update(self, request: Request, sent: Fields) -> Stored:
        with database_of(request).writing() as connection:
            old = self.resource.collection.get(connection, _id(request))
            new = Stored(old.id, old.created_at, self.resource.updated(old, sent))
            self.resource.collection.replace(connection, new)
        return new


def _id(request: Request) -> str:
    return str(request.path_params["object_id"])


_AGENTS = _Resource(
    "/v1/agents",
    Collection("agent"),
    "agent_",
    create=fields.CREATE,
    update=fields.UPDATE,
    created=record.created,
    updated=record.updated,
    view=record.view,
)
_TEMPLATES = _Resource(
    "/v1/agents/environments/templates",
    Collection("environment template"),
    "envtmpl_",
    create=template_fields.TEMPLATE,
    update=template_fields.TEMPLATE,
    created=template_record.created,
    updated=template_record.updated,
    view=template_record.view,
)
ROUTES = (*_TEMPLATES.routes(), *_AGENTS.routes())
