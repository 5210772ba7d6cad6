"""The environment templates of the Agents API, and which agent has which.

https://developers.openai.com/api/reference/resources/beta/subresources/agents/subresources/environments. An agent
keeps its template when its files change, so that whoever starts sessions in it goes on doing so. Before that a
second template is made with the old files, the keeper: as long as the agent does not say that it has the new ones,
it counts as having those, in a template that was edited; and the keeper stays until the uploads are gone that
nothing else has, so that they can be told from other people's. What an interrupted apply left behind is used if it
bears the mark of this very agent and is just what is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from assistctl.errors import LeftBehindError, PlatformError
from assistctl.json_value import Json
from assistctl.model.knowledge import ObservedEnvironment
from assistctl.ownership.file_marks import FILES
from assistctl.ownership.mark import MARK
from assistctl.platforms.openai.agent_link import Link, interpreter_ids, runs_code
from assistctl.platforms.openai.agent_uploads import AgentUploads
from assistctl.platforms.openai.environment_template import (
    WORKSPACE,
    Files,
    Template,
    content_digest,
    in_order,
    same_scope,
    template_name,
)
from assistctl.platforms.openai.templates import Templates


@dataclass(frozen=True, slots=True)
class Bound:
    """An agent's link, the template it leads to (if that is there), and the agent's mark."""

    link: Link = field(default_factory=Link)
    template: Template | None = None
    mark: str = ""


@dataclass(slots=True)
class Environments:
    """The templates that agents have, get and had.

    Those that are to go wait for the uploads that no other template has. ``_keepers`` are the keepers of those
    that were changed, by the ids of these.
    """

    templates: Templates
    uploads: AgentUploads
    _waiting: dict[str, set[str]] = field(default_factory=dict)
    _keepers: dict[str, Template] = field(default_factory=dict)

    async def bound(self, link: Link, mark: str) -> Bound:
        """The template and files of an agent with that link and mark."""
        if link.template_id is None:
            return Bound(link, None, mark)
        template = await self.templates.found(link.template_id)
        if template is not None and _is_half_changed(template, link):
            template = template.with_files_of(await self._kept_for(link, template))
        return Bound(link, template, mark)

    async def provided(
        self, fields: Mapping[str, Json], metadata: Mapping[str, str], before: Bound, *, named: bool = False
    ) -> Link:
        """The link of an agent that is given ``fields`` and ``metadata``; its template is there by then.

        It is the one that the agent has, if that is the project's and no other agent has it too (``named``).
        """
        if not {"tools", "tool_resources"} & fields.keys():
            return before.link
        runs = runs_code(fields["tools"]) if "tools" in fields else before.link.runs_code
        present_ids = before.template.file_ids if before.template else ()
        file_ids = interpreter_ids(fields["tool_resources"]) if "tool_resources" in fields else present_ids
        if not file_ids:
            return Link(runs_code=runs)
        files = await self._placed(file_ids, before)
        if before.template is not None and before.template.has_just(files):
            return Link(before.template.id, content_digest(files), runs)
        name = template_name(metadata.get(MARK, ""), files, uploaded=FILES in metadata)
        template_id = await self._template_for(name, files, before, marked=MARK in metadata, named=named)
        self._wait_no_longer(file_id for _, file_id in files)
        return Link(template_id, content_digest(files), runs)

    async def _template_for(self, name: str, files: Files, before: Bound, *, marked: bool, named: bool) -> str:
        """The id of the template with ``files``: the agent's own, one that was left behind, or a new one."""
        old = before.template
        if marked and old is not None and not named and old.owner and same_scope(old.owner, before.mark):
            await self._change(old, name, files)
            return old.id
        found = await self.templates.left_behind(name, files) if marked else None
        return (found or await self.templates.make(name, files, marked=marked)).id

    async def let_go(self, agent_id: str, before: Bound, after: Link, *, named: bool = False) -> None:
        """Have the template go that an agent had, if it is the project's and the agent has another now.

        It stays where another agent has it, too (``named``). Raises ``LeftBehindError`` when one that nothing
        waits for stays.
        """
        old = before.template
        replaced = old is not None and old.id != after.template_id
        if old is not None and replaced and not named and old.owner and same_scope(old.owner, before.mark):
            await self._let_wait(old)
        if old is not None and (keeper := self._keepers.pop(old.id, None)) is not None:
            await self._let_wait(keeper)
        try:
            await self._sweep()
        except PlatformError as error:
            raise LeftBehindError(agent_id, error.summary, error.hint, status=error.status) from error

    async def put_back(self, before: Bound) -> None:
        """Have an agent's template be as it was, where its agent was refused. Raises ``PlatformError``."""
        old = before.template
        keeper = self._keepers.pop(old.id, None) if old is not None else None
        if old is not None and keeper is not None:
            await self.templates.renew(old.id, keeper.name, keeper.files)
            await self.templates.remove(keeper.id)

    async def upload_deleted(self, file_id: str) -> None:
        """Delete the templates that waited for nothing but that. Raises ``PlatformError`` when one stays."""
        self._wait_no_longer({file_id})
        await self._sweep()

    async def observed(self, links: Mapping[str, Link]) -> list[ObservedEnvironment]:
        """All templates of all owners; ``links`` are those of all agents, by their ids."""
        known = await self.templates.known()
        used_by: dict[str, set[str]] = {}
        for agent_id, link in links.items():
            used_by.setdefault(link.template_id or "", set()).add(agent_id)
        keepers = {kept.id for link in links.values() if (kept := await self._keeper_of(link)) is not None}
        return [
            ObservedEnvironment(
                template.id,
                template.name,
                {MARK: template.owner} if template.owner else {},
                in_use=template.id in used_by or template.id in keepers,
                file_ids=frozenset(template.file_ids),
                uploaded=template.has_only_uploads_of_its_owner,
                used_by=frozenset(used_by.get(template.id, ())),
            )
            for template in known.values()
        ]

    async def _keeper_of(self, link: Link) -> Template | None:
        """The keeper of the files that an agent counts as having, where its template has others already."""
        template = (await self.templates.known()).get(link.template_id or "")
        if template is None or not _is_half_changed(template, link):
            return None
        return await self._kept_for(link, template)

    async def _kept_for(self, link: Link, template: Template) -> Template | None:
        """The one that keeps the files which the link is about, and which ``template`` had."""
        others = (other for other in (await self.templates.known()).values() if other.id != template.id)
        found = (other for other in others if other.owner == template.owner and other.has_files_as_made)
        return next((other for other in found if content_digest(other.files) == link.content), None)

    async def _change(self, old: Template, name: str, files: Files) -> None:
        """Put other files into a template, and have one that keeps those that the agent counts as having.

        What an interrupted apply put there instead is kept as well: nothing else may name those uploads.
        """
        current = (await self.templates.known()).get(old.id, old)
        if current.has_files_as_made and current.files not in {old.files, files}:
            await self.templates.keeper_of(current)
        if old.has_files_as_made:
            keeper = await self.templates.left_behind(old.name, old.files, {old.id})
            if keeper is None and old.files != files:
                keeper = await self.templates.keeper_of(old)
            if keeper is not None:
                self._keepers[old.id] = keeper
        await self.templates.renew(old.id, name, files)

    async def _let_wait(self, template: Template) -> None:
        uploads = await self._only_in(template) if template.has_only_uploads_of_its_owner else set[str]()
        self._waiting[template.id] = uploads

    async def _only_in(self, template: Template) -> set[str]:
        """The uploads that no other template has."""
        others = [
            other
            for other in (await self.templates.known()).values()
            if other.id not in {template.id, *self._waiting}
        ]
        return {*template.file_ids}.difference(*(other.file_ids for other in others))

    def _wait_no_longer(self, file_ids: Iterable[str]) -> None:
        gone = {*file_ids}
        for uploads in self._waiting.values():
            uploads.difference_update(gone)

    async def _sweep(self) -> None:
        """Delete what waits for nothing any more, each once."""
        for template_id in [waiting for waiting, uploads in self._waiting.items() if not uploads]:
            if self._waiting.pop(template_id, None) is None:
                continue
            try:
                await self.templates.remove(template_id)
            except PlatformError as error:
                raise PlatformError(
                    f"the old environment template {template_id} could not be deleted: {error.summary}",
                    "`assistctl gc` deletes it.",
                    status=error.status,
                ) from error

    async def _placed(self, file_ids: Iterable[str], before: Bound) -> Files:
        """The path of each upload: its present one, unless somebody else put it there, else its name."""
        template = before.template
        is_as_made = template is not None and content_digest(template.files) == before.link.content
        places = {file_id: path for path, file_id in template.files} if template and is_as_made else {}
        files = in_order(
            [
                (places.get(file_id) or f"{WORKSPACE}/{await self.uploads.name_of(file_id)}", file_id)
                for file_id in file_ids
            ]
        )
        for (path, file_id), (other_path, other) in pairwise(files):
            if path == other_path:
                raise PlatformError(
                    f"the uploads {file_id} and {other} would both be {path}", "Rename one of the two."
                )
        return files


def _is_half_changed(template: Template, link: Link) -> bool:
    """Whether other files were put into an agent's template and the agent does not say so yet."""
    return template.has_files_as_made and content_digest(template.files) != link.content
