"""The environment templates of the Agents API, and which agent has which.

https://developers.openai.com/api/reference/resources/beta/subresources/agents/subresources/environments. An agent
gets a new template before it lets go of the old one, and that stays until the uploads are gone that nothing else
has: as long as it is there, they can be told from other people's. One that an interrupted apply left behind is
used if it bears the mark of this very agent and is just what is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import pairwise

from assistctl.errors import LeftBehindError, OutcomeUnknownError, PlatformError
from assistctl.model.knowledge import ObservedEnvironment
from assistctl.model.plan import Json
from assistctl.ownership.file_marks import FILES
from assistctl.ownership.mark import MARK
from assistctl.platforms.http.pager import listed
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.agent_link import Link, interpreter_ids, runs_code
from assistctl.platforms.openai.agent_uploads import AgentUploads
from assistctl.platforms.openai.environment_template import (
    WORKSPACE,
    Files,
    Template,
    content_digest,
    in_order,
    read_template,
    same_scope,
    template_body,
    template_name,
)
from assistctl.platforms.openai.knowledge_answers import made
from assistctl.platforms.openai.wire import OpenAIWire

_PATH = "/agents/environments/templates"
_NO_SUCH_ROUTE = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


@dataclass(frozen=True, slots=True)
class Bound:
    """An agent's link, the template it leads to (if that is there), and the agent's mark."""

    link: Link = field(default_factory=Link)
    template: Template | None = None
    mark: str = ""


@dataclass(slots=True)
class Environments:
    """The templates as far as they are known: listed once, then kept in step with what is done here.

    Those that are to go wait for the uploads that no other template has.
    """

    wire: OpenAIWire
    uploads: AgentUploads
    _known: dict[str, Template] | None = None
    _waiting: dict[str, set[str]] = field(default_factory=dict)
    _listing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def known(self) -> dict[str, Template]:
        """All templates on the account by their ids. A server without any such thing has none."""
        async with self._listing:
            if self._known is None:
                self._known = await self._listed()
            return self._known

    def forget(self) -> None:
        """They are to be listed again when they are next asked for."""
        self._known = None

    async def bound(self, link: Link, mark: str) -> Bound:
        """What an agent with that link and mark has."""
        if link.template_id is None:
            return Bound(link, None, mark)
        return Bound(link, (await self.known()).get(link.template_id), mark)

    async def provided(self, fields: Mapping[str, Json], metadata: Mapping[str, str], before: Bound) -> Link:
        """The link of an agent that is given ``fields`` and ``metadata``; its template is there by then."""
        if not {"tools", "tool_resources"} & fields.keys():
            return before.link
        runs = runs_code(fields["tools"]) if "tools" in fields else before.link.runs_code
        there = before.template.file_ids if before.template else ()
        file_ids = interpreter_ids(fields["tool_resources"]) if "tool_resources" in fields else there
        if not file_ids:
            return Link(runs_code=runs)
        files = await self._placed(file_ids, before)
        if before.template is not None and before.template.has_just(files):
            return Link(before.template.id, content_digest(files), runs)
        name = template_name(metadata.get(MARK, ""), files, uploaded=FILES in metadata)
        marked = MARK in metadata
        template = (await self._left_behind(name, files) if marked else None) or await self._made(
            name, files, marked=marked
        )
        self._wait_no_longer(template.file_ids)
        return Link(template.id, content_digest(files), runs)

    async def let_go(self, agent_id: str, before: Bound, after: Link, *, named: bool = False) -> None:
        """Have the template go that an agent had, if it is the project's and the agent has another now.

        It stays where another agent has it, too (``named``). Raises ``LeftBehindError`` when one that nothing
        waits for stays.
        """
        old = before.template
        replaced = old is not None and old.id != after.template_id
        if old is not None and replaced and not named and old.owner and same_scope(old.owner, before.mark):
            self._waiting[old.id] = await self._only_in(old) if old.has_only_uploads_of_its_owner else set()
        try:
            await self._sweep()
        except PlatformError as error:
            raise LeftBehindError(agent_id, error.summary, error.hint, status=error.status) from error

    async def upload_deleted(self, file_id: str) -> None:
        """Delete the templates that waited for nothing but that. Raises ``PlatformError`` when one stays."""
        self._wait_no_longer({file_id})
        await self._sweep()

    async def remove(self, template_id: str) -> None:
        """``DELETE /agents/environments/templates/{id}``; one that is gone already is no error."""
        await self.wire.remove(path_of(_PATH, template_id), template_id)
        if self._known is not None:
            self._known.pop(template_id, None)

    async def observed(self, links: Iterable[Link]) -> list[ObservedEnvironment]:
        """All templates, whoever owns them; ``links`` are those of all agents."""
        used = {link.template_id for link in links}
        self.forget()
        return [
            ObservedEnvironment(
                one.id,
                one.name,
                {MARK: one.owner} if one.owner else {},
                in_use=one.id in used,
                file_ids=frozenset(one.file_ids),
                uploaded=one.has_only_uploads_of_its_owner,
            )
            for one in (await self.known()).values()
        ]

    async def _only_in(self, template: Template) -> set[str]:
        """The uploads that no other template has."""
        others = [one for one in (await self.known()).values() if one.id not in {template.id, *self._waiting}]
        return {*template.file_ids}.difference(*(one.file_ids for one in others))

    def _wait_no_longer(self, file_ids: Iterable[str]) -> None:
        gone = {*file_ids}
        for uploads in self._waiting.values():
            uploads.difference_update(gone)

    async def _sweep(self) -> None:
        """Delete what waits for nothing any more, each once."""
        for template_id in [one for one, uploads in self._waiting.items() if not uploads]:
            if self._waiting.pop(template_id, None) is None:
                continue
            try:
                await self.remove(template_id)
            except PlatformError as error:
                raise PlatformError(
                    f"the old environment template {template_id} could not be deleted: {error.summary}",
                    "`assistctl gc` deletes it.",
                    status=error.status,
                ) from error

    async def _placed(self, file_ids: Iterable[str], before: Bound) -> Files:
        """Where each upload goes: where it is, unless somebody else put it there, else under its name."""
        template = before.template
        is_as_made = template is not None and content_digest(template.files) == before.link.content
        there = {file_id: path for path, file_id in template.files} if template and is_as_made else {}
        files = in_order(
            [(there.get(one) or f"{WORKSPACE}/{await self.uploads.name_of(one)}", one) for one in file_ids]
        )
        for (path, one), (other_path, other) in pairwise(files):
            if path == other_path:
                raise PlatformError(
                    f"the uploads {one} and {other} would both be {path}", "Rename one of the two."
                )
        return files

    async def _made(self, name: str, files: Files, *, marked: bool) -> Template:
        there = {*await self.known()}
        try:
            answer = await self.wire.post(_PATH, template_body(name, files), repeatable=False)
            template = made(read_template, answer)
        except OutcomeUnknownError as error:
            self.forget()
            # Without a mark in its name it may be anybody's.
            found = await self._left_behind(name, files, there) if marked else None
            if found is None:
                # The agent itself was surely not touched, so that its own outcome is known.
                raise PlatformError(
                    f"whether its environment template was made is not known: {error.summary}",
                    "The next apply looks for it first.",
                    status=error.status,
                ) from error
            return found
        if template.id in there:
            raise PlatformError(
                f"the platform answered with the environment template {template.id}, which was there before",
                "It may be somebody else's, so it is not used and was left alone.",
            )
        (await self.known())[template.id] = template
        return template

    async def _left_behind(self, name: str, files: Files, but: Collection[str] = ()) -> Template | None:
        """A template that bears the mark in ``name``, was made for just this, and is not among ``but``."""
        there = (one for one in (await self.known()).values() if one.id not in but)
        return next((one for one in there if one.name == name and one.has_just(files)), None)

    async def _listed(self) -> dict[str, Template]:
        try:
            items = await listed(self.wire.get, _PATH, listing=self.wire.listing(_PATH))
        except PlatformError as error:
            if error.status in _NO_SUCH_ROUTE:
                return {}
            raise
        return {one.id: one for one in map(read_template, items)}
