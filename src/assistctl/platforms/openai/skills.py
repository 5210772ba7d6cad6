"""Skills of OpenAI's API, which environments of agents name.

Names and shapes of the wire: ``types/skill.py``, ``skill_create_params.py``, ``skills/skill_version.py`` and
``skills/version_create_params.py`` of openai 3.57.0. A skill has no label and no metadata, so that the file in it
alone says whose it is; its versions are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistctl.errors import NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.platforms.base import NotListed
from assistctl.platforms.http.pager import listed, none_if_absent
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.wire import OpenAIWire
from assistctl.platforms.skill_store import ListedSkill
from assistctl.platforms.skill_upload import SkillUpload
from assistctl.platforms.translation import as_object, as_text, made

_PATH = "/skills"


@dataclass(frozen=True, slots=True)
class OpenAISkills:
    """The requests about skills over ``wire`` (``SkillsApi``)."""

    wire: OpenAIWire
    longest_label: int | None = None

    async def listed(self) -> Sequence[ListedSkill]:
        """All of the project, the oldest first; ``NotListed`` from a server without any such thing."""
        listing = self.wire.listing(_PATH)
        items = await none_if_absent(listed(self.wire.get, _PATH, listing=listing), listing)
        return items if isinstance(items, NotListed) else [_listed(item) for item in items]

    async def one(self, skill_id: str) -> ListedSkill | None:
        """``GET`` of one."""
        try:
            return _listed(await self.wire.get(path_of(_PATH, skill_id)))
        except NotFoundError:
            return None

    async def versions(self, skill_id: str) -> Sequence[str]:
        """The numbers of its versions, the newest first."""
        place = path_of(_PATH, skill_id, "versions")
        items = await listed(self.wire.get, place, listing=self.wire.listing(place))
        numbers = [as_text(item.get("version")) for item in items]
        return sorted(numbers, key=lambda number: int(number) if number.isdecimal() else 0, reverse=True)

    async def archive(self, skill_id: str, version: str) -> bytes:
        """``GET`` of the content of a version."""
        return await self.wire.get_content(path_of(_PATH, skill_id, "versions", version, "content"))

    async def create(self, upload: SkillUpload, label: str) -> ListedSkill:  # noqa: ARG002 - there is none
        """``POST``, once."""
        answer = await self.wire.post_files(_PATH, {}, upload.opened)
        return made(_listed, answer)

    async def add_version(self, skill_id: str, upload: SkillUpload) -> str:
        """``POST`` of a version, once; it is the default from then on."""
        place = path_of(_PATH, skill_id, "versions")
        answer = as_object(await self.wire.post_files(place, {"default": "true"}, upload.opened))
        version = as_text(answer.get("version"))
        if not version:
            raise OutcomeUnknownError(f"the platform answered the new version of {skill_id} without a number")
        return version

    async def delete(self, skill_id: str) -> None:
        """``DELETE`` of one."""
        await self.wire.remove(path_of(_PATH, skill_id), skill_id)


def _listed(answer: Json) -> ListedSkill:
    """A skill as listed. Raises ``PlatformError`` for anything else."""
    item = as_object(answer)
    skill_id, newest = as_text(item.get("id")), as_text(item.get("latest_version"))
    if not skill_id or not newest:
        raise PlatformError("the platform answered with a skill that has no id, or no version")
    return ListedSkill(skill_id, as_text(item.get("name")), newest)
