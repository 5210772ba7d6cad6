"""Declared environments as templates of the Agents API.

https://developers.openai.com/api/reference/resources/beta/subresources/agents/subresources/environments. The
templates that come with the files of assistants are none of them: see ``environments``.

A template has no metadata (``TemplateCreateParams`` of openai 3.57.0): whose it is, and what was applied to it,
stand in its name, behind the one that people gave it, short enough for its 256 characters::

    Analysis [assistctl acme/prod/analysis! 1u:pM3vA9yXcK1dQx…]

The exclamation mark says that it is protected. Names of another form are those of ``environment_template``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.resource import ResourceFile
from assistctl.ownership.mark import BASELINE, MARK, Mark, read_mark
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.resource_fields import from_wire, to_wire
from assistctl.platforms.openai.templates import TEMPLATES, Templates
from assistctl.platforms.openai.wire import OpenAIWire
from assistctl.platforms.translation import Object, as_object, made, observed

_LONGEST = 256
"""How many characters the name of a template has at most."""

_OURS = re.compile(
    r"(?P<name>.*) \[assistctl (?P<project>[^\s/\]]+)/(?P<target>[^\s/\]]+)/(?P<key>[^\s/\]!]+)(?P<protected>!?)"
    r"(?: (?P<baseline>[^\s\]]+))?\]",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class EnvironmentTemplates:
    """``ResourcePlatform`` for the ``templates`` of a server."""

    wire: OpenAIWire
    templates: Templates

    async def list(self) -> Sequence[Observed]:
        """All that do not come with an assistant's files, the oldest first.

        ``NotListed`` from a server without any such thing.
        """
        self.templates.forget()
        active = [
            template.answer for template in (await self.templates.known()).values() if not template.is_implicit
        ]
        if self.templates.not_listed is not None:
            return self.templates.not_listed
        return [_observed(answer) for answer in sorted(active, key=lambda answer: str(answer.get("created_at")))]

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
        body["name"] = _template_name_of(str(fields.get("name") or ""), metadata)
        answer = await self.wire.post(TEMPLATES, body, repeatable=False)
        created = made(_observed, answer)
        self.templates.note(answer)
        return created

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
        # Asked for now, though it was looked at before: what others call it by then is sent back as it is.
        name = fields.get("name") if "name" in fields else _observed(await self.wire.get(place)).name
        body: Object = {**to_wire(fields), "name": _template_name_of(str(name or ""), metadata)}
        try:
            answer = await self.wire.post(place, body, repeatable=True)
            self.templates.note(answer)
        except PlatformError:
            # It may have been changed all the same.
            self.templates.forget()
            raise
        return _observed(answer)

    async def delete(self, object_id: str) -> None:
        """``DELETE`` of one."""
        await self.templates.remove(object_id)


def _template_name_of(name: str, metadata: Mapping[str, str]) -> str:
    """The name of a template that is called ``name`` and has our pairs in ``metadata``.

    Raises ``PlatformError`` where that is too long, and for pairs that have no place in it.
    """
    if others := sorted(metadata.keys() - {MARK, BASELINE}):
        raise PlatformError(f"an environment template has no metadata: {', '.join(others)}", "Nothing was sent.")
    mark = read_mark(metadata)
    if mark is None:
        return name
    protected = "!" if mark.prevent_destroy else ""
    words = [f"assistctl {mark.project}/{mark.target}/{mark.key}{protected}", metadata.get(BASELINE, "")]
    ours = " ".join(filter(None, words))
    whole = f"{name} [{ours}]"
    if len(whole) > _LONGEST:
        raise PlatformError(
            f"the name of the environment {mark.key} is {len(whole) - _LONGEST} characters too long",
            f"A template's name has {_LONGEST} at most, its owner included: shorten `name`, or the key.",
        )
    return whole


def _read_name(text: str) -> tuple[str, dict[str, str]]:
    """The name of a template, and our pairs in it: empty where it has no owner."""
    found = _OURS.fullmatch(text)
    if found is None:
        return text, {}
    mark = Mark(found["project"], found["target"], found["key"], bool(found["protected"]))
    pairs = {MARK: str(mark), BASELINE: found["baseline"]}
    return found["name"], {pair: value for pair, value in pairs.items() if value}


def _observed(answer: Json) -> Observed:
    fields = as_object(answer)
    name, ours = _read_name(str(fields.get("name") or ""))
    return replace(observed(answer, {"name": name, **from_wire(fields)}), metadata=ours)
