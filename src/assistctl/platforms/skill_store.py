"""The skills of a platform whose skills have no metadata, and whose versions never change once they are made.

What is the same for each vendor: the mark (``skill_mark``), and that a change is a new version. What their APIs
are asked is a ``SkillsApi``. A version is downloaded once: what is in it is what is compared, so that an upload by
somebody else is seen. Once more where its files are wanted, for all there are need not fit into memory. Earlier
versions are kept: agents may pin them, and a rollback goes back to their contents.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Protocol

from assistctl.errors import ConflictError, LeftBehindError, NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.resource import CONTENT, ResourceFile
from assistctl.platforms.base import NotListed
from assistctl.platforms.skill_archive import SkillContents, UnreadableArchiveError, unpacked_skill
from assistctl.platforms.skill_mark import MARK_FILE, Label, SkillMark, read_label, read_skill_mark
from assistctl.platforms.skill_upload import SkillUpload

# An archive is held in memory while it is read.
_DOWNLOADS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class ListedSkill:
    """A skill as it is listed: its label, and its newest version. ``may_be_ours``: what is in it may say so."""

    id: str
    label: str
    newest: str
    may_be_ours: bool = True


class SkillsApi(Protocol):
    """The requests of one vendor's API of skills; they raise ``PlatformError`` and nothing else on failure."""

    @property
    def longest_label(self) -> int | None:
        """The longest label, in characters; ``None`` where skills have no label of their own choice."""

    async def listed(self) -> Sequence[ListedSkill]:
        """Those that users made, the oldest first; ``NotListed`` from a server without any such thing."""

    async def one(self, skill_id: str) -> ListedSkill | None:
        """One of them; ``None`` when it is not there."""

    async def versions(self, skill_id: str) -> Sequence[str]:
        """The versions of one, the newest first."""

    async def archive(self, skill_id: str, version: str) -> bytes:
        """A version as a ZIP archive."""

    async def create(self, upload: SkillUpload, label: str) -> ListedSkill:
        """Create one, in one request."""

    async def add_version(self, skill_id: str, upload: SkillUpload) -> str:
        """Make another version, which is the newest one then."""

    async def delete(self, skill_id: str) -> None:
        """Delete one with all its versions."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A version: the digest of its files, and what our file in it says."""

    content: str
    mark: SkillMark | None


@dataclass(slots=True)
class SkillStore:
    """The skills behind ``api``, as things that are kept beside assistants (``ResourcePlatform``)."""

    api: SkillsApi
    _versions: dict[tuple[str, str], _Seen] = field(default_factory=dict)
    _refused: PlatformError | None = None
    _downloads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_DOWNLOADS_AT_ONCE))

    async def list(self) -> Sequence[Observed]:
        """All that users made, the oldest first.

        ``NotListed`` also for a key that may not see them. That need not stop who has none, and is told when
        one is to be created.
        """
        try:
            listed = await self.api.listed()
        except PlatformError as error:
            if error.status != HTTPStatus.FORBIDDEN:
                raise
            self._refused = error
            return NotListed(error)
        if isinstance(listed, NotListed):
            return listed
        found = await asyncio.gather(*(self._observed(skill) for skill in listed))
        return [observed for observed in found if observed is not None]

    async def find(self, object_id: str) -> Observed | None:
        """One as it is at this moment."""
        skill = await self.api.one(object_id)
        return None if skill is None else await self._observed(skill)

    async def _read_back(self, skill: ListedSkill) -> Observed:
        """One that was just written. Raises ``LeftBehindError`` where what is in it cannot be read."""
        found = await self._observed(skill)
        if found is None or found.unread:
            why = "it is gone" if found is None else found.unread
            raise LeftBehindError(
                skill.id,
                f"{skill.id}, version {skill.newest}, was made and cannot be read back: {why}",
                "Plan again; if it stays like that, delete it on the platform, and apply.",
            )
        return found

    async def create(
        self, fields: Mapping[str, Json], metadata: Mapping[str, str], files: Sequence[ResourceFile] = ()
    ) -> Observed:
        """Upload the first version, with the mark in its label and in it."""
        if self._refused is not None:
            raise self._refused
        if not files:
            raise PlatformError("a skill cannot be created without its files", "Put its folder back, and apply.")
        name = str(fields.get("name") or "skill")
        longest, label = self.api.longest_label, str(Label(name, metadata))
        if longest is not None and len(label) > longest:
            raise PlatformError(
                f"a skill's label has at most {longest} characters, and this has {len(label)}: {label}",
                "It is the name with the mark behind it: give it a shorter name.",
            )
        upload = SkillUpload(files, {MARK_FILE: bytes(SkillMark(name, metadata))})
        try:
            made = await self.api.create(upload, label)
        except PlatformError as error:
            raise upload.explained(error) from error
        try:
            return await self._read_back(made)
        except LeftBehindError:
            raise
        except PlatformError as error:
            # It said yes: it is there, and only what is in it could not be read back.
            raise OutcomeUnknownError(error.summary, error.hint, status=error.status) from error

    async def update(
        self,
        object_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        files: Sequence[ResourceFile] = (),
        *,
        revision: str | None = None,
    ) -> Observed:
        """Upload another version, of the same files where they do not change. No version is replaced."""
        now = await self._newest(object_id, revision)
        before = await self._observed(now)
        name = str(fields.get("name") or (before.name if before is not None else ""))
        kept = {} if files else await self._files_of(now, fields.get(CONTENT))
        mark = bytes(SkillMark(name, metadata, object_id))
        upload = SkillUpload(files, {**kept, MARK_FILE: mark})
        try:
            version = await self.api.add_version(object_id, upload)
        except PlatformError as error:
            raise upload.explained(error) from error
        after = await self._newest(object_id, None)
        if not (read_label(after.label).metadata or after.may_be_ours):
            raise PlatformError(
                f"{object_id} has a new version, and the platform lists it as if it had not",
                "So a later plan would not know it: create a skill of this project, without `import`.",
            )
        return await self._read_back(replace(after, newest=version))

    async def delete(self, object_id: str) -> None:
        """Delete one with all its versions."""
        await self.api.delete(object_id)

    async def contents(self, object_id: str) -> Mapping[str, bytes]:
        """The files of the newest version by their paths. Raises ``PlatformError``."""
        skill = await self._newest(object_id, None)
        return await self._files_of(skill, None)

    async def _newest(self, skill_id: str, revision: str | None) -> ListedSkill:
        now = await self.api.one(skill_id)
        if now is None:
            raise NotFoundError(f"there is no skill {skill_id}", status=HTTPStatus.NOT_FOUND)
        if revision is not None and now.newest != revision:
            summary = f"{skill_id} is at version {now.newest}, and version {revision} was looked at"
            raise ConflictError(summary, "Plan again.", status=HTTPStatus.CONFLICT)
        return now

    async def _observed(self, skill: ListedSkill) -> Observed | None:
        """A skill that was listed; ``None`` where it is gone meanwhile."""
        label = read_label(skill.label)
        if not (label.metadata or skill.may_be_ours):
            return Observed(skill.id, {"name": label.name}, {}, skill.newest)
        try:
            newest = await self._seen_at_last(skill)
        except (NotFoundError, UnreadableArchiveError) as error:
            return await self._unread(skill, label, error)
        mark = self._valid(skill, newest.mark)
        if mark is None and label.metadata:
            mark = await self._earlier_mark(skill)
        name, metadata = (mark.name, mark.metadata) if mark is not None else (label.name, label.metadata)
        return Observed(skill.id, {"name": name, CONTENT: newest.content}, dict(metadata), skill.newest)

    async def _seen_at_last(self, skill: ListedSkill) -> _Seen:
        """The newest version, asked for again where it cannot be read: an answer may come spoiled once."""
        try:
            return await self._seen(skill.id, skill.newest)
        except (NotFoundError, UnreadableArchiveError):
            return await self._seen(skill.id, skill.newest)

    async def _unread(self, skill: ListedSkill, label: Label, error: PlatformError) -> Observed | None:
        """A skill whose newest version cannot be read, for ``error``; an earlier one may say whose it is."""
        try:
            mark = await self._earlier_mark(skill, but=skill.newest)
        except NotFoundError:
            return None
        name, metadata = (mark.name, mark.metadata) if mark is not None else (label.name, label.metadata)
        return Observed(skill.id, {"name": name}, dict(metadata), skill.newest, unread=error.summary)

    async def _earlier_mark(self, skill: ListedSkill, but: str | None = None) -> SkillMark | None:
        """The mark of the newest version that has one, leaving out that one and what cannot be read beside it."""
        for version in await self.api.versions(skill.id):
            if version == but:
                continue
            try:
                mark = self._valid(skill, (await self._seen(skill.id, version)).mark)
            except (NotFoundError, UnreadableArchiveError):
                if but is None:
                    raise
                continue
            if mark is not None:
                return mark
        return None

    def _valid(self, skill: ListedSkill, mark: SkillMark | None) -> SkillMark | None:
        """``mark``, unless it is a copy of another skill's."""
        if mark is None or mark.skill == skill.id:
            return mark
        is_first = mark.skill is None and (
            self.api.longest_label is None or bool(read_label(skill.label).metadata)
        )
        return mark if is_first else None

    async def _seen(self, skill_id: str, version: str) -> _Seen:
        known = self._versions.get((skill_id, version))
        if known is None:
            await self._downloaded(skill_id, version)
            known = self._versions[skill_id, version]
        return known

    async def _files_of(self, skill: ListedSkill, content: Json) -> dict[str, bytes]:
        """The files of the newest version, or of the newest that has this ``content``."""
        if content is None:
            contents = await self._downloaded(skill.id, skill.newest)
        else:
            contents = await self._with_content(skill, content)
        return {path: data for path, data in contents.files.items() if path != MARK_FILE}

    async def _with_content(self, skill: ListedSkill, content: Json) -> SkillContents:
        """The newest version that has this ``content``. Raises ``PlatformError``."""
        for version in await self.api.versions(skill.id):
            known = self._versions.get((skill.id, version))
            if known is None or known.content == content:
                contents = await self._downloaded(skill.id, version)
                if contents.digest({MARK_FILE}) == content:
                    return contents
        raise PlatformError(
            f"no version of {skill.id} has the files that it had then", "Take them from git, and apply."
        )

    async def _downloaded(self, skill_id: str, version: str) -> SkillContents:
        async with self._downloads:
            archive = await self.api.archive(skill_id, version)
            contents = await asyncio.to_thread(unpacked_skill, archive, f"{skill_id}, version {version},")
        mark = read_skill_mark(contents.files.get(MARK_FILE))
        self._versions[skill_id, version] = _Seen(contents.digest({MARK_FILE}), mark)
        return contents
