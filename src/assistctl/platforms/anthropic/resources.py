"""Environments, memory stores and skills of Anthropic's managed agents, over one wire.

https://platform.claude.com/docs/en/managed-agents/environments and .../memory. An update is a patch that has to
name the pairs of metadata that go, and nothing of it has a version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistctl.errors import NotFoundError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.resource import ResourceFile
from assistctl.platforms.anthropic import environments, memory_stores
from assistctl.platforms.anthropic.skills import AnthropicSkills
from assistctl.platforms.anthropic.wire import AnthropicWire
from assistctl.platforms.base import NotListed
from assistctl.platforms.http.pager import PAGE_SIZE, all_items_by_token, none_if_absent
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.resource_platform import ResourcePlatform
from assistctl.platforms.skill_store import SkillStore
from assistctl.platforms.translation import Object, as_object, made, observed


def resources_over(wire: AnthropicWire) -> dict[Kind, ResourcePlatform]:
    """The kinds of things that the server keeps beside its agents."""
    return {
        Kind.SKILL: SkillStore(AnthropicSkills(wire)),
        Kind.MEMORY_STORE: AnthropicResources(
            wire, "/v1/memory_stores", memory_stores.to_wire, memory_stores.from_wire
        ),
        Kind.ENVIRONMENT: AnthropicResources(
            wire, "/v1/environments", environments.to_wire, environments.from_wire
        ),
    }


@dataclass(frozen=True, slots=True)
class AnthropicResources:
    """The things at one path of the API, translated by ``to_wire`` and ``from_wire``."""

    wire: AnthropicWire
    path: str
    to_wire: Callable[[Mapping[str, Json], Object], Object]
    from_wire: Callable[[Object], Object]

    async def list(self) -> Sequence[Observed]:
        """All that are not archived, the oldest first; ``NotListed`` from a server without any such thing."""
        listing = self.wire.listing(self.path)
        items = await none_if_absent(all_items_by_token(self._page, listing=listing), listing)
        if isinstance(items, NotListed):
            return items
        active = [item for item in items if item.get("archived_at") is None]
        return [self._observed(item) for item in sorted(active, key=lambda item: str(item.get("created_at")))]

    async def find(self, object_id: str) -> Observed | None:
        """``GET`` of one."""
        try:
            answer = as_object(await self.wire.get(path_of(self.path, object_id)))
        except NotFoundError:
            return None
        return None if answer.get("archived_at") is not None else self._observed(answer)

    async def create(
        self,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        files: Sequence[ResourceFile] = (),  # noqa: ARG002 - these are not made of files
    ) -> Observed:
        """``POST``, once."""
        body = {name: value for name, value in self.to_wire(fields, {}).items() if value is not None}
        answer = await self.wire.post(self.path, {**body, "metadata": {**metadata}}, repeatable=False)
        return made(self._observed, answer)

    async def update(
        self,
        object_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        files: Sequence[ResourceFile] = (),  # noqa: ARG002
        *,
        revision: str | None = None,  # noqa: ARG002 - there are no versions of these
    ) -> Observed:
        """``POST`` to one, after a ``GET`` that tells what goes."""
        place = path_of(self.path, object_id)
        # Now, though it was looked at before: what others changed by then is sent back as it is.
        now = as_object(await self.wire.get(place))
        gone = sorted(self._observed(now).metadata.keys() - metadata.keys())
        body: Object = {**self.to_wire(fields, now), "metadata": {**dict.fromkeys(gone), **metadata}}
        return self._observed(await self.wire.post(place, body, repeatable=True))

    async def delete(self, object_id: str) -> None:
        """``DELETE`` of one."""
        await self.wire.remove(path_of(self.path, object_id))

    async def _page(self, token: str | None) -> Json:
        params: dict[str, object] = {"limit": PAGE_SIZE}
        if token is not None:
            params["page"] = token
        return await self.wire.get(self.path, params)

    def _observed(self, answer: Json) -> Observed:
        return observed(answer, self.from_wire(as_object(answer)))
