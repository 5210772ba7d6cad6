"""The environment templates of a server: listed once, then kept in step with what is done here."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from assistctl.errors import OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.platforms.base import NotListed
from assistctl.platforms.http.pager import listed, none_if_absent
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.environment_template import (
    Files,
    Template,
    read_template,
    renewed_body,
    template_body,
)
from assistctl.platforms.openai.wire import OpenAIWire
from assistctl.platforms.translation import made

TEMPLATES = "/agents/environments/templates"


@dataclass(slots=True)
class Templates:
    """The templates of one server, as far as they are known; the requests about those that come with files.

    ``not_listed`` stands in the place of their list where the server says that it has none.
    """

    wire: OpenAIWire
    not_listed: NotListed | None = None
    _known: dict[str, Template] | None = None
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

    def note(self, answer: Json) -> None:
        """Know of the template that ``answer`` describes, if all are known. Raises ``PlatformError``."""
        template = read_template(answer)
        if self._known is not None:
            self._known[template.id] = template

    async def found(self, template_id: str) -> Template | None:
        """One template. It may have been made after the rest was listed, so one that is missing is asked for."""
        known = await self.known()
        if template_id not in known:
            try:
                known[template_id] = read_template(await self.wire.get(path_of(TEMPLATES, template_id)))
            except PlatformError as error:
                if not error.is_about_route:
                    raise
        return known.get(template_id)

    async def remove(self, template_id: str) -> None:
        """``DELETE /agents/environments/templates/{id}``; one that is gone already is no error."""
        await self.wire.remove(path_of(TEMPLATES, template_id), template_id)
        if self._known is not None:
            self._known.pop(template_id, None)

    async def keeper_of(self, template: Template) -> Template:
        """Another template that is just as one of ours is now: one that was left behind, or a new one."""
        found = await self.left_behind(template.name, template.files, {template.id})
        return found or await self.make(template.name, template.files, marked=True, but={template.id})

    async def renew(self, template_id: str, name: str, files: Files) -> None:
        """``POST /agents/environments/templates/{id}``; it replaces everything, so repeating it does no harm."""
        body = renewed_body(name, files)
        self.note(await self.wire.post(path_of(TEMPLATES, template_id), body, repeatable=True))

    async def make(self, name: str, files: Files, *, marked: bool, but: Collection[str] = ()) -> Template:
        """A new one. ``marked``: its name says whose it is. Those whose ids are in ``but`` are others for sure.

        Raises ``PlatformError`` also where it may have been made.
        """
        known_ids = {*await self.known(), *but}
        try:
            answer = await self.wire.post(TEMPLATES, template_body(name, files), repeatable=False)
            template = made(read_template, answer)
        except OutcomeUnknownError as error:
            self.forget()
            # Without a mark in its name it may be anybody's.
            found = await self.left_behind(name, files, known_ids) if marked else None
            if found is None:
                # The agent itself was surely not touched, so that its own outcome is known.
                raise PlatformError(
                    f"whether its environment template was made is not known: {error.summary}",
                    "The next apply looks for it first.",
                    status=error.status,
                ) from error
            return found
        if template.id in known_ids:
            raise PlatformError(
                f"the platform answered with the environment template {template.id}, which was there before",
                "It may be somebody else's, so it is not used and was left alone.",
            )
        self.note(answer)
        return template

    async def left_behind(self, name: str, files: Files, but: Collection[str] = ()) -> Template | None:
        """A template that bears the mark in ``name``, was made for just this, and is not among ``but``."""
        others = (template for template in (await self.known()).values() if template.id not in but)
        return next((template for template in others if template.name == name and template.has_just(files)), None)

    async def _listed(self) -> dict[str, Template]:
        listing = self.wire.listing(TEMPLATES)
        items = await none_if_absent(listed(self.wire.get, TEMPLATES, listing=listing), listing)
        self.not_listed = items if isinstance(items, NotListed) else None
        return {template.id: template for template in map(read_template, items)}
