"""``/agents`` and ``/agents/environments/templates``: create, list, retrieve, update and delete."""

from __future__ import annotations

from assistctl.local.agents import fields, record, template_fields, template_record
from assistctl.local.agents.resource import Resource
from assistctl.local.database.collection import Collection

_AGENTS = Resource(
    "/v1/agents",
    Collection("agent"),
    "agent_",
    create=fields.CREATE,
    update=fields.UPDATE,
    created=record.created,
    updated=record.updated,
    view=record.view,
)
_TEMPLATES = Resource(
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
