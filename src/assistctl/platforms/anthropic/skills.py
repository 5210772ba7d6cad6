"""Skills of Anthropic's API.

Names and shapes of the wire: ``skill_create_params.py``, ``beta_skill.py``, ``skills/beta_skill_version.py`` and
the ``download`` of ``resources/beta/skills/versions.py`` of anthropic 2.14.0. Without the header of their own
beta, versions have ids, ``display_name`` is set at creation alone, and a version can be downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from assistctl.errors import NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.platforms.anthropic.wire import AnthropicWire
from assistctl.platforms.base import NotListed
from assistctl.platforms.http.pager import PAGE_SIZE, Listing, all_items_by_token, none_if_absent
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.skill_store import ListedSkill
from assistctl.platforms.skill_upload import SkillUpload
from assistctl.platforms.translation import Object, as_object, as_text, made

_PATH = "/v1/skills"
_CUSTOM = "custom"
_HAS_VERSIONS = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}


@dataclass(frozen=True, slots=True)
class AnthropicSkills:
    """The requests about skills over ``wire`` (``SkillsApi``)."""

    wire: AnthropicWire
    longest_label: int | None = 255

    async def listed(self) -> Sequence[ListedSkill]:
        """Those that users made; ``NotListed`` from a server without any such thing."""
        listing = self.wire.listing(_PATH)
        items = await none_if_absent(self._all(_PATH, listing, source=_CUSTOM), listing)
        if isinstance(items, NotListed):
            return items
        ours = [item for item in items if _is_custom(item)]
        return [_listed(item) for item in sorted(ours, key=lambda item: str(item.get("created_at")))]

    async def one(self, skill_id: str) -> ListedSkill | None:
        """``GET`` of one."""
        try:
            item = as_object(await self.wire.get(path_of(_PATH, skill_id)))
        except NotFoundError:
            return None
        return _listed(item) if _is_custom(item) else None

    async def versions(self, skill_id: str) -> Sequence[str]:
        """The ids of its versions, the newest first."""
        place = path_of(_PATH, skill_id, "versions")
        items = await self._all(place, self.wire.listing(place))
        items.sort(key=lambda item: str(item.get("created_at")), reverse=True)
        return [as_text(item.get("id")) for item in items]

    async def archive(self, skill_id: str, version: str) -> bytes:
        """``GET`` of the content of a version."""
        return await self.wire.get_content(path_of(_PATH, skill_id, "versions", version, "content"))

    async def create(self, upload: SkillUpload, label: str) -> ListedSkill:
        """``POST``, once."""
        answer = await self.wire.post_files(_PATH, {"display_name": label}, upload.opened)
        return made(_listed, answer)

    async def add_version(self, skill_id: str, upload: SkillUpload) -> str:
        """``POST`` of a version, once."""
        answer = as_object(await self.wire.post_files(path_of(_PATH, skill_id, "versions"), {}, upload.opened))
        version = as_text(answer.get("id"))
        if not version:
            raise OutcomeUnknownError(f"the platform answered the new version of {skill_id} without an id")
        return version

    async def delete(self, skill_id: str) -> None:
        """``DELETE`` of one, of its versions first where the server insists on that."""
        place = path_of(_PATH, skill_id)
        try:
            await self.wire.remove(place)
        except PlatformError as error:
            if error.status not in _HAS_VERSIONS:
                raise
            for version in await self.versions(skill_id):
                await self.wire.remove(path_of(_PATH, skill_id, "versions", version))
            await self.wire.remove(place)

    async def _all(self, path: str, listing: Listing, **params: str) -> list[Object]:
        async def page(token: str | None) -> Json:
            more = {} if token is None else {"page": token}
            return await self.wire.get(path, {"limit": PAGE_SIZE, **params, **more})

        return await all_items_by_token(page, listing=listing)


def _is_custom(item: Object) -> bool:
    source = item.get("source")
    return (source if isinstance(source, str) else as_object(source).get("type")) == _CUSTOM


def _listed(answer: Json) -> ListedSkill:
    """A skill as listed. Raises ``PlatformError`` for anything else."""
    item = as_object(answer)
    skill_id, newest = as_text(item.get("id")), as_text(item.get("latest_version_id"))
    if not skill_id or not newest:
        raise PlatformError("the platform answered with a skill that has no id, or no version")
    # What was never changed was never taken over: only the first version of ours has no other before it.
    was_changed = item.get("updated_at") != item.get("created_at")
    return ListedSkill(skill_id, as_text(item.get("display_name")), newest, was_changed)
