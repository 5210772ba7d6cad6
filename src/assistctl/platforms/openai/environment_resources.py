"""Declared environments as templates of the Agents API.

https://developers.openai.com/api/reference/resources/beta/subresources/agents/subresources/environments. The
templates that come with the files of assistants are none of them: see ``environments``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistctl.errors import NotFoundError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.resource import ResourceFile
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.environment_fields import from_wire, to_wire
from assistctl.platforms.openai.environment_name import read_name, template_name_of
from assistctl.platforms.openai.templates import TEMPLATES, Templates
from assistctl.platforms.openai.wire import OpenAIWire
from assistctl.platforms.translation import Object, as_object, made, observed


@dataclass(frozen=True, slots=True)
class EnvironmentTemplates:
    """``ResourcePlatform`` for the ``templates`` of a server."""

    wire: OpenAIWire
    templates: Templates

    async def list(self) -> Sequence[Observed]:
        """All that do not come with an assistant's files, the oldest first. A server without any has none."""
        self.templates.forget()
        there = [one.answer for one in (await self.templates.known()).values() if not one.is_implicit]
        return [_observed(one) for one in sorted(there, key=lambda one: str(one.get("created_at")))]

    async def find(self, object_id: str) -> Observed | None:
        """``GET`` of one."""
        try:
            return _observed(await self.wire.get(path_of(TEMPLATES, object_id)))
        except NotFoundError:
            return None

    async def create(
        self, fields: Mapping[str, Json], metadata: Mapping[str, str], _files: Sequence[ResourceFile] = ()
    ) -> Observed:
        """``POST``, once."""
        body = {name: value for name, value in to_wire(fields).items() if value is not None}
        body["name"] = template_name_of(str(fields.get("name") or ""), metadata)
        try:
            answer = await self.wire.post(TEMPLATES, body, repeatable=False)
        finally:
            self.templates.forget()
        return made(_observed, answer)

    async def update(
        self,
        object_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        _files: Sequence[ResourceFile] = (),
        *,
        revision: str | None = None,  # noqa: ARG002 - there are no versions of these
    ) -> Observed:
        """``POST`` to one, after a ``GET`` of its name where that stays: our pairs stand in it."""
        place = path_of(TEMPLATES, object_id)
        name = fields.get("name") if "name" in fields else _observed(await self.wire.get(place)).name
        body: Object = {**to_wire(fields), "name": template_name_of(str(name or ""), metadata)}
        try:
            return _observed(await self.wire.post(place, body, repeatable=True))
        finally:
            self.templates.forget()

    async def delete(self, object_id: str) -> None:
        """``DELETE`` of one."""
        await self.templates.remove(object_id)


def _observed(answer: Json) -> Observed:
    fields = as_object(answer)
    name, ours = read_name(str(fields.get("name") or ""))
    return replace(observed(answer, {"name": name, **from_wire(fields)}), metadata=ours)
